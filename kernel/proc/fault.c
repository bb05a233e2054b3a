/*
 * What becomes of a program that faults: for now the signal's default action, the end of its process, with a line in
 * the log that tells why.
 *
 * Source: signal(7); Intel SDM volume 3A, 6.15 (exceptions).
 */
#include "lib/errno.h"
#include "log.h"
#include "proc/proc.h"

#define LOG_NAME "process"

static const uint8_t signals[TRAP_EXCEPTIONS] = {
    [TRAP_DIVIDE] = SIGFPE,
    [TRAP_DEBUG] = SIGTRAP,
    [TRAP_BREAKPOINT] = SIGTRAP,
    [TRAP_OVERFLOW] = SIGSEGV,
    [TRAP_BOUND] = SIGSEGV,
    [TRAP_INVALID_OPCODE] = SIGILL,
    [TRAP_NO_FPU] = SIGSEGV,
    [TRAP_NO_SEGMENT] = SIGBUS,
    [TRAP_STACK] = SIGBUS,
    [TRAP_PROTECTION] = SIGSEGV,
    [TRAP_X87] = SIGFPE,
    [TRAP_ALIGNMENT] = SIGBUS,
    [TRAP_SIMD] = SIGFPE,
    [TRAP_CONTROL] = SIGSEGV,
};

static bool exception(struct trap_frame *frame)
{
    const struct task *task = task_current();
    int signal = frame->vector < TRAP_EXCEPTIONS ? signals[frame->vector] : 0;
    if (task == NULL || signal == 0)
        return false;
    log_notice("%s (%d) ended by signal %d: %s at %#lx, RSP %#lx", task->process->name, task->process->number, signal,
        trap_name(frame->vector), frame->rip, frame->rsp);
    task_exit(status_of_signal(signal));
}

static bool page_fault(struct trap_frame *frame, vaddr_t address, int result, bool mapped)
{
    const struct task *task = task_current();
    if (task == NULL)
        return false;
    int signal = result == -ENOMEM ? SIGKILL : result == -EIO ? SIGBUS : SIGSEGV;
    log_notice("%s (%d) ended by signal %d: %s of %#lx%s at %#lx, RSP %#lx", task->process->name, task->process->number,
        signal,
        frame->error & FAULT_WRITE   ? "write"
        : frame->error & FAULT_FETCH ? "fetch"
                                     : "read",
        address,
        result == -ENOMEM ? " finds no memory"
        : mapped          ? ", which is forbidden,"
                          : ", where nothing is,",
        frame->rip, frame->rsp);
    task_exit(status_of_signal(signal));
}

void program_faults_init(void)
{
    trap_set_program_handler(exception);
    vm_set_program_fault(page_fault);
}
