/*
 * What becomes of a program that faults: a signal to the task, with what a handler can know about the fault; and when
 * there is no handler a line in the log that tells why the process ends.
 *
 * What the signals say is Linux's choice: a page fault tells the address that was touched, an instruction that failed
 * its own, and those whose cause the processor does not tell (general protection, int3) say only that the kernel has
 * sent them.
 *
 * Source: sigaction(2), si_code; Intel SDM volume 3A, 6.15 (exceptions), 17.2.3 (DR6).
 */
#include "arch/x86_64/cpu.h"
#include "lib/errno.h"
#include "log.h"
#include "proc/signal_internal.h"

#define LOG_NAME "process"

static const struct {
    uint8_t signal;
    uint8_t code;   /* 0: SI_KERNEL, without an address */
    bool addressed; /* with that of the instruction */
} exceptions[TRAP_EXCEPTIONS] = {
    [TRAP_DIVIDE] = {SIGFPE, FPE_INTDIV, true},
    [TRAP_DEBUG] = {SIGTRAP, TRAP_TRACE, true},
    [TRAP_BREAKPOINT] = {.signal = SIGTRAP},
    [TRAP_OVERFLOW] = {.signal = SIGSEGV},
    [TRAP_BOUND] = {.signal = SIGSEGV},
    [TRAP_INVALID_OPCODE] = {SIGILL, ILL_ILLOPN, true},
    [TRAP_NO_FPU] = {.signal = SIGSEGV},
    [TRAP_NO_SEGMENT] = {.signal = SIGBUS},
    [TRAP_STACK] = {.signal = SIGBUS},
    [TRAP_PROTECTION] = {.signal = SIGSEGV},
    [TRAP_X87] = {SIGFPE, FPE_FLTINV, true},
    [TRAP_ALIGNMENT] = {SIGBUS, BUS_ADRALN, false},
    [TRAP_SIMD] = {SIGFPE, FPE_FLTINV, true},
    [TRAP_CONTROL] = {.signal = SIGSEGV},
};

bool program_end_may_be_told(void)
{
    static struct log_ratelimit limit;
    return log_ratelimit(&limit);
}

/* The context of a handler tells of the last fault. */
static void remember(const struct trap_frame *frame)
{
    struct task *task = task_current();
    task->fault.vector = frame->vector;
    task->fault.error = frame->error;
}

/* Which of the exceptions that may be pending together; 0: none is. */
static int float_code(bool x87)
{
    unsigned happened = fpu_exceptions(x87);
    return happened & FPU_INVALID                      ? FPE_FLTINV
           : happened & FPU_DIVISION                   ? FPE_FLTDIV
           : happened & FPU_OVERFLOW                   ? FPE_FLTOVF
           : happened & (FPU_DENORMAL | FPU_UNDERFLOW) ? FPE_FLTUND
           : happened & FPU_PRECISION                  ? FPE_FLTRES
                                                       : 0;
}

static bool exception(struct trap_frame *frame)
{
    const struct task *task = task_current();
    uint64_t vector = frame->vector;
    int signal = vector < TRAP_EXCEPTIONS ? exceptions[vector].signal : 0;
    if (task == NULL || signal == 0)
        return false;
    struct siginfo info = {.signal = signal, .code = exceptions[vector].code};
    if (info.code == 0)
        info.code = SI_KERNEL;
    if (exceptions[vector].addressed)
        info.fault.address = frame->rip;
    if (vector == TRAP_X87 || vector == TRAP_SIMD) {
        info.code = float_code(vector == TRAP_X87);
        if (info.code == 0)
            return true; /* it has gone by */
    }
    remember(frame);
    if (signal_is_deadly(signal) && program_end_may_be_told())
        log_notice("%s (%d) ended by signal %d: %s at %#lx, RSP %#lx", task->process->name, task->process->number,
            signal, trap_name(vector), frame->rip, frame->rsp);
    signal_force(signal, &info);
    return true;
}

static void tell_page_fault(const struct trap_frame *frame, vaddr_t address, int signal, int result, bool mapped)
{
    const struct process *process = task_current()->process;
    log_notice("%s (%d) ended by signal %d: %s of %#lx%s at %#lx, RSP %#lx", process->name, process->number, signal,
        frame->error & FAULT_WRITE   ? "write"
        : frame->error & FAULT_FETCH ? "fetch"
                                     : "read",
        address,
        result == -ENOMEM ? " finds no memory"
        : mapped          ? ", which is forbidden,"
                          : ", where nothing is,",
        frame->rip, frame->rsp);
}

static bool page_fault(struct trap_frame *frame, vaddr_t address, int result, bool mapped)
{
    struct task *task = task_current();
    if (task == NULL)
        return false;
    int signal = result == -ENOMEM ? SIGKILL : result == -EIO ? SIGBUS : SIGSEGV;
    const struct siginfo info = {.signal = signal,
        .code = signal == SIGBUS ? BUS_ADRERR
                : mapped         ? SEGV_ACCERR
                                 : SEGV_MAPERR,
        .fault = {.address = address}};
    remember(frame);
    task->fault.address = address;
    if (address >= USER_END)
        task->fault.error |= FAULT_PRESENT; /* whether anything is there is not the program's business */
    if (signal_is_deadly(signal) && program_end_may_be_told())
        tell_page_fault(frame, address, signal, result, mapped);
    signal_force(signal, &info);
    return true;
}

void program_faults_init(void)
{
    trap_set_program_handler(exception);
    vm_set_program_fault(page_fault);
}
