/*
 * On the way back to a program: see task_attend in proc.h. Whatever may ask for attention sets its bit after it has
 * made something to attend to; here the bits are cleared first and then everything is looked at, until none is set
 * while interrupts are off.
 *
 * Handlers. Each signal that is taken adds a frame to the program's stack, so that of several the last one's handler
 * runs first, and returns into the next one's.
 *
 * Restarts. A system call that was interrupted has left an -ERESTART code in RAX. To make it again is to put RAX and
 * RIP back to where they were before SYSCALL, which is two bytes long. That is decided once: what comes after a
 * decision finds no such code.
 *
 * Source: signal(7), "Interruption of system calls"; restart_syscall(2).
 */
#include "arch/x86_64/cpu.h"
#include "lib/errno.h"
#include "log.h"
#include "proc/signal_internal.h"

#define LOG_NAME "process"

#define SYSCALL_LENGTH 2
#define SYSCALL_RESTART 219 /* restart_syscall */

/* ------------------------------------------------------------------------------------------------------------------
 * Restarts
 */

static bool is_restartable(const struct trap_frame *frame)
{
    return frame->vector == TRAP_SYSCALL && frame->rax + ERESTART_RESTARTBLOCK <= ERESTART_RESTARTBLOCK - ERESTARTSYS;
}

static void call_again(struct trap_frame *frame, uint64_t number)
{
    frame->rax = number;
    frame->rip -= SYSCALL_LENGTH;
}

/* A handler is about to run: ACTION. */
static void restart_after_handler(struct trap_frame *frame, const struct signal_action *action)
{
    int error = (int)-frame->rax;
    if (error == ERESTARTNOINTR || (error == ERESTARTSYS && action->flags & SA_RESTART))
        call_again(frame, frame->error);
    else
        frame->rax = (uint64_t)-EINTR;
}

/* None has run. */
static void restart(struct trap_frame *frame)
{
    call_again(frame, frame->rax == (uint64_t)-ERESTART_RESTARTBLOCK ? SYSCALL_RESTART : frame->error);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Signals
 */

/* One that is taken: the program has a handler for it, or the default is not to ignore it. */
struct taken {
    int signal;
    struct siginfo info;
    struct signal_action action;
};

/* Has the program, or the default, nothing to do with it? */
static bool is_nothing(const struct process *process, const struct taken *taken)
{
    if (taken->action.handler == SIG_IGN)
        return true;
    return taken->action.handler == SIG_DFL &&
           (process->unkillable || signal_default(taken->signal) == SIGNAL_IS_IGNORED);
}

static bool take(struct task *task, struct taken *taken)
{
    struct process *process = task->process;
    spin_lock(&process->signal_lock);
    do {
        taken->signal = signal_take_locked(task, ~task->signal_mask, &taken->info);
        if (taken->signal == 0)
            break;
        taken->action = process->actions[taken->signal - 1];
    } while (is_nothing(process, taken));
    if (taken->signal && taken->action.handler == SIG_DFL) {
        if (signal_default(taken->signal) == SIGNAL_STOPS)
            process->stop_wanted = taken->signal;
    } else if (taken->signal && taken->action.flags & SA_RESETHAND) {
        process->actions[taken->signal - 1].handler = SIG_DFL;
    }
    spin_unlock(&process->signal_lock);
    return taken->signal != 0;
}

static void deliver(struct task *task, struct trap_frame *frame, const struct taken *taken)
{
    if (taken->action.handler == SIG_DFL && signal_default(taken->signal) == SIGNAL_STOPS) {
        process_stop(task, taken->signal);
        return;
    }
    if (taken->action.handler == SIG_DFL)
        process_exit(status_of_signal(taken->signal));
    if (is_restartable(frame))
        restart_after_handler(frame, &taken->action);
    if (signal_frame_make(frame, taken->signal, &taken->info, &taken->action) == 0)
        return;
    if ((taken->signal == SIGSEGV || signal_is_deadly(SIGSEGV)) && program_end_may_be_told())
        log_notice("%s (%d) ended by signal %d: its handler of signal %d at %#lx cannot be called, RSP %#lx",
            task->process->name, task->process->number, SIGSEGV, taken->signal, taken->action.handler, frame->rsp);
    if (taken->signal == SIGSEGV) /* nothing is left to try */
        process_exit(status_of_signal(SIGSEGV));
    signal_force(SIGSEGV, NULL);
}

/* A call has set a mask for the time that it waited. */
static void restore_mask(struct task *task)
{
    task->restores_mask = false;
    signal_set_mask(task->saved_mask);
}

/* Everything once; BITS ask for it. */
static void attend(struct task *task, struct trap_frame *frame, uint32_t bits)
{
    struct taken taken;
    if (bits & ATTENTION_EXIT && task_has_to_end(task))
        task_exit(task->process->exit_status);
    if (bits & ATTENTION_STOP)
        task_stop(task);
    if (task->restores_mask && !is_restartable(frame) && frame->rax != (uint64_t)-EINTR)
        restore_mask(task); /* it was no signal that has ended the wait */
    while (signals_deliverable(task) && take(task, &taken))
        deliver(task, frame, &taken);
    if (is_restartable(frame))
        restart(frame);
    if (task->restores_mask)
        restore_mask(task);
}

void task_attend(struct trap_frame *frame)
{
    struct thread *self = thread_current();
    do {
        uint32_t bits = __atomic_exchange_n(&self->attention, 0, __ATOMIC_SEQ_CST);
        if (bits == ATTENTION_FRAME)
            continue;
        cpu_interrupts_enable();
        attend(self->task, frame, bits);
        cpu_interrupts_disable();
    } while (__atomic_load_n(&self->attention, __ATOMIC_SEQ_CST) != 0);
}
