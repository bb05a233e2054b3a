/*
 * The dispatcher: see syscall.h. Its way for a call that is there is a bound, a load, a call and two tests.
 */
#include "syscall/syscall.h"

#include "arch/x86_64/cpu.h"
#include "debug/counter.h"
#include "lib/bitmap.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "log.h"
#include "proc/proc.h"
#include "syscall/entry.h"
#include "syscall/handlers.h"
#include "syscall/trace.h"

#define LOG_NAME "syscall"

COUNTER(system_calls, "system calls");

PER_CPU(vaddr_t, syscall_stack);
static bool tracing;

#define HANDLER_WHOLE(name) sys_##name
#define HANDLER_PARTIAL(name) sys_##name
#define HANDLER_REFUSED(name) sys_##name
#define HANDLER_ABSENT(name) NULL
#define SYSCALL_ROW(number, call_name, call_kinds, how, remark)                                                        \
    [number] = {.name = #call_name,                                                                                    \
        .kinds = call_kinds,                                                                                           \
        .handler = HANDLER_##how(call_name),                                                                           \
        .state = SYSCALL_##how,                                                                                        \
        .note = remark},

const struct syscall syscalls[SYSCALL_COUNT] = {SYSCALLS(SYSCALL_ROW)};

/* Says once for each call that a program wanted it. */
static long missing(uint64_t number)
{
    static DECLARE_BITMAP(said, SYSCALL_COUNT);
    static struct log_ratelimit limit;
    const char *name = task_current()->process->name;
    if (number >= SYSCALL_COUNT || syscalls[number].name == NULL) {
        if (log_ratelimit(&limit))
            log_info("%s wants system call %lu, which nobody has", name, number);
        return -ENOSYS;
    }
    uint64_t bit = 1ull << number % 64;
    if (!(__atomic_fetch_or(&said[number / 64], bit, __ATOMIC_RELAXED) & bit))
        log_info("%s wants system call %lu (%s), which is not there yet", name, number, syscalls[number].name);
    return -ENOSYS;
}

static long call(syscall_handler *handler, uint64_t number, const uint64_t arguments[6])
{
    return __builtin_expect(handler != NULL, 1) ? handler(arguments) : missing(number);
}

/* The same, with what was asked and answered in the log. */
__attribute__((noinline)) static long call_traced(
    syscall_handler *handler, uint64_t number, const struct trap_frame *frame)
{
    struct syscall_trace trace;
    syscall_trace_begin(&trace, number, frame->arguments);
    long result = call(handler, number, frame->arguments);
    syscall_trace_end(&trace, result);
    return result;
}

bool syscall_dispatch(struct trap_frame *frame)
{
    uint64_t number = frame->error;
    syscall_handler *handler = number < SYSCALL_COUNT ? syscalls[number].handler : NULL;
    struct thread *self = thread_current();
    struct task *task = self->task;
    if (task == NULL) { /* a test's thread: nobody to serve */
        frame->rax = (uint64_t)-ENOSYS;
        cpu_interrupts_off();
        return false;
    }
    counter_add(system_calls, 1);
    task->frame = frame;
    long result =
        __builtin_expect(tracing, 0) ? call_traced(handler, number, frame) : call(handler, number, frame->arguments);
    frame->rax = (uint64_t)result;
    cpu_interrupts_off();
    if (__builtin_expect(self->attention == 0, 1))
        return true;
    task_attend(frame);
    return false; /* the frame may be any */
}

/* Selectors of FS and GS that IRETQ would find to be the kernel's, and take away together with the bases. */
static void drop_selectors(void)
{
    bool interrupts = cpu_interrupts_disable();
    uint64_t gs_base = cpu_read_msr(MSR_GS_BASE);
    __asm__ volatile("mov %0, %%fs\n"
                     "mov %0, %%gs" ::"r"(0)
        : "memory");
    cpu_write_msr(MSR_GS_BASE, gs_base);
    if (interrupts)
        cpu_interrupts_enable();
}

void syscall_init_cpu(void)
{
    drop_selectors();
    /* SYSRET adds 16 for the code of 64-bit programs and 8 for the data. */
    cpu_write_msr(MSR_STAR, (uint64_t)SELECTOR_USER_CODE32 << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
    cpu_write_msr(MSR_LSTAR, (uint64_t)syscall_entry);
    cpu_write_msr(MSR_SFMASK, RFLAGS_IF | RFLAGS_TF | RFLAGS_DF | RFLAGS_NT | RFLAGS_AC);
    cpu_write_msr(MSR_EFER, cpu_read_msr(MSR_EFER) | EFER_SCE);
}

void syscall_init(void)
{
    char what[16];
    bool wanted = cmdline_get("trace", what, sizeof what) >= 0;
    tracing = wanted && strcmp(what, "syscall") == 0;
    if (wanted && !tracing)
        log_warning("trace=%s is not syscall", what);
}
