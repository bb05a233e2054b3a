/*
 * Panics. They trust nothing: not the console's lock, whose holder may be what failed; not the stack, which is walked
 * only while it makes sense; and not themselves, so a panic within a panic stops at once.
 */
#include "panic.h"
#include "arch/x86_64/machine.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "tty/console.h"

#include <stdarg.h>
#include <stdbool.h>

/* What `push rbp; mov rbp, rsp` leaves at RBP (System V ABI, AMD64 supplement, 3.2.2). */
struct frame {
    const struct frame *caller;
    uintptr_t return_address;
};

#define BACKTRACE_MAX 32
#define FRAME_SIZE_MAX 0x4000 /* bytes; a caller further up the stack than this is no caller */

static void print_backtrace(const struct frame *frame)
{
    for (unsigned depth = 0; depth < BACKTRACE_MAX; depth++) {
        if (frame->return_address == 0)
            break; /* the loader's doing: there the kernel began */
        console_printf("  from %#018lx\n", (unsigned long)frame->return_address);
        uintptr_t here = (uintptr_t)frame, next = (uintptr_t)frame->caller;
        if (next <= here || next - here > FRAME_SIZE_MAX || next % sizeof(uintptr_t) != 0)
            break;
        frame = frame->caller;
    }
}

_Noreturn void panic(const char *format, ...)
{
    static bool panicking;
    if (__atomic_exchange_n(&panicking, true, __ATOMIC_RELAXED))
        machine_exit(BOOT_EXIT_PANIC);

    static char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);

    console_break_lock();
    console_set_color(CONSOLE_WHITE, CONSOLE_RED);
    console_printf("panic: %s\n", message);
    print_backtrace(__builtin_frame_address(0));
    machine_exit(BOOT_EXIT_PANIC);
}

/* The lowest byte is zero: no string operation that overruns can write it and go on. */
uintptr_t __stack_chk_guard = 0x9d4ea31c57b62f00;

_Noreturn void __stack_chk_fail(void)
{
    panic("a function wrote beyond its part of the stack");
}

__attribute__((no_stack_protector)) void stack_guard_init(const struct boot_info *info)
{
    uintptr_t random;
    memcpy(&random, info->seed, sizeof random);
    __stack_chk_guard ^= random & ~(uintptr_t)0xff;
}
