/*
 * Panics. They trust nothing: not the console's lock, whose holder may be what failed; not the stack, which is walked
 * only while it makes sense; not per-CPU data; and not themselves.
 *
 * The first CPU to panic is the one that reports (`reporter`); any other that panics meanwhile stops at once. When
 * something fails in the midst of the report, that is another panic, on the same CPU: it says so in one line, and goes
 * on with the part after the one that failed. Each part is therefore entered once at most, and the end is reached.
 */
#include "panic.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/machine.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "tty/console.h"

#include <stdarg.h>

#define BACKTRACE_MAX 32
#define FRAME_SIZE_MAX 0x4000 /* bytes; a caller further up the stack than this is no caller */
#define NESTED_MAX 12         /* panics within a panic; beyond, even the console is to be suspected */

static uint32_t reporter; /* identity of the CPU that reports, plus one; 0: there is no panic */

/* Everything below is the reporter's alone. */
static unsigned nested;          /* panics within the panic */
static const char *first_format; /* the first panic's, in case that it cannot be formatted */
static bool printing;            /* what panics now is the printing, not a part of the report */
static bool said;                /* the first reason has been printed */
static char message[512];
static char nested_message[256];
static struct panic_info info;
static unsigned next_part; /* of the report */

static const struct panic_operations *operations;

/* A number that is this CPU's alone, whatever the state of GS: the APIC ID (Intel SDM volume 2, CPUID, leaves 1 and
 * 0Bh). */
static uint32_t cpu_identity(void)
{
    if (cpu_id(0, 0).eax >= 0xb && cpu_id(0xb, 0).ebx != 0)
        return cpu_id(0xb, 0).edx;
    return cpu_id(1, 0).ebx >> 24;
}

/* The callers, as numbers. A frame is what `push rbp; mov rbp, rsp` leaves (System V ABI, AMD64 supplement, 3.2.2). */
static void print_callers(const struct panic_info *panic)
{
    const uintptr_t *frame = panic->frame;
    for (unsigned depth = 0; frame != NULL && depth < BACKTRACE_MAX; depth++) {
        if (frame[1] == 0)
            break; /* the loader's doing: there the kernel began */
        console_printf("  from %#018lx\n", (unsigned long)frame[1]);
        uintptr_t here = (uintptr_t)frame, next = frame[0];
        if (next <= here || next - here > FRAME_SIZE_MAX || next % sizeof(uintptr_t) != 0)
            break;
        frame = (const uintptr_t *)next;
    }
}

static void say_reason(const char *text)
{
    printing = true;
    console_break_lock();
    console_set_color(CONSOLE_WHITE, CONSOLE_RED);
    console_printf("panic: %s\n", text);
    console_set_color(CONSOLE_LIGHT_GREY, CONSOLE_BLACK);
    printing = false;
    said = true;
}

/* The rest of the report, from the first part that has not been entered yet. */
static _Noreturn void report(void)
{
    static void (*const plain[])(const struct panic_info *) = {print_callers, NULL};
    void (*const *parts)(const struct panic_info *) =
        operations != NULL && operations->report != NULL ? operations->report : plain;
    while (parts[next_part] != NULL)
        parts[next_part++](&info);

    static bool ending;
    if (!ending && operations != NULL && operations->end != NULL) {
        ending = true;
        operations->end(&info);
    }
    machine_exit(BOOT_EXIT_PANIC);
}

static _Noreturn void begin(const struct panic_info *what, const char *format, va_list arguments)
{
    info = *what;
    info.reason = message;
    first_format = format;
    vsnprintf(message, sizeof message, format, arguments);
    if (operations != NULL && operations->stop_others != NULL)
        operations->stop_others();
    say_reason(message);
    report();
}

static _Noreturn void go_on(const char *format, va_list arguments)
{
    if (nested++ >= NESTED_MAX)
        machine_exit(BOOT_EXIT_PANIC);
    vsnprintf(nested_message, sizeof nested_message, format, arguments);
    if (printing)
        console_break_screen(); /* which is likely what fails; the serial line is left */
    if (!said)
        say_reason(message[0] != '\0' ? message : first_format);
    printing = true;
    console_printf("panic in the panic: %s\n", nested_message);
    printing = false;
    report();
}

static _Noreturn void panic_with(const struct panic_info *what, const char *format, va_list arguments)
{
    cpu_interrupts_disable();
    uint32_t nobody = 0, me = cpu_identity() + 1;
    if (__atomic_compare_exchange_n(&reporter, &nobody, me, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        begin(what, format, arguments);
    else if (nobody == me)
        go_on(format, arguments);
    machine_halt();
}

_Noreturn void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    panic_with(&(struct panic_info){.frame = __builtin_frame_address(0)}, format, arguments);
}

_Noreturn void panic_at(const struct trap_frame *trap, uintptr_t address, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    panic_with(&(struct panic_info){.trap = trap, .address = address}, format, arguments);
}

_Noreturn void panic_assert(const char *condition, const char *file, int line)
{
    panic("%s:%d: not so: %s", file, line, condition);
}

void panic_set_operations(const struct panic_operations *new_operations)
{
    operations = new_operations;
}

bool panic_is_under_way(void)
{
    return __atomic_load_n(&reporter, __ATOMIC_RELAXED) != 0;
}

/* The lowest byte is zero: no string operation that overruns can write it and go on. */
uintptr_t __stack_chk_guard = 0x9d4ea31c57b62f00;

_Noreturn void __stack_chk_fail(void)
{
    panic("a function wrote beyond its part of the stack");
}

__attribute__((no_stack_protector)) void stack_guard_init(const struct boot_info *boot)
{
    uintptr_t random;
    memcpy(&random, boot->seed, sizeof random);
    __stack_chk_guard ^= random & ~(uintptr_t)0xff;
}
