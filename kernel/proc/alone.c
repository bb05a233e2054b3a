/*
 * One task that becomes its process: a program that executes another has but one task then, which has the process's
 * number, whichever it was before. The others are sent to their end, and waited for.
 *
 * Locks: signal_lock guards process->executor; processes_lock the numbers.
 *
 * Source: execve(2), "Effect on process attributes".
 */
#include "lib/errno.h"
#include "proc/numbers.h"
#include "proc/process_internal.h"

/* Tells the others to go. -ERESTARTNOINTR: the task itself has to, for somebody else was first. */
static int dismiss_others(struct task *self)
{
    struct process *process = self->process;
    int error = -ERESTARTNOINTR;
    spin_lock(&process->signal_lock);
    if (!process->exiting && process->executor == NULL) {
        process->executor = self;
        list_for_each(struct task, task, &process->tasks, in_process)
        {
            if (task != self)
                thread_interrupt(task->thread, ATTENTION_EXIT);
        }
        wait_queue_wake_all(&process->going_on);
        error = 0;
    }
    spin_unlock(&process->signal_lock);
    return error;
}

static bool is_alone(const struct process *process)
{
    return __atomic_load_n(&process->task_count, __ATOMIC_ACQUIRE) == 1;
}

/* Until the others have gone, or the task is to go as well. */
static int wait_for_others(struct process *process)
{
    struct waiter waiter;
    int error = 0;
    while (error == 0 && !is_alone(process)) {
        wait_prepare(&process->child_event, &waiter, false);
        if (!is_alone(process))
            error = thread_block_attentive(ATTENTION_EXIT, THREAD_FOREVER);
        wait_finish(&process->child_event, &waiter);
    }
    return is_alone(process) ? 0 : -ERESTARTNOINTR;
}

/* The first task has gone, but for its number. */
static void take_first_number(struct task *self)
{
    struct process *process = self->process;
    struct number *before = self->identity;
    spin_lock(&processes_lock);
    before->task = NULL;
    number_release_locked(before);
    self->identity = process->identity;
    self->number = process->number;
    self->own_number = process->own_number;
    process->identity->task = self;
    spin_unlock(&processes_lock);
}

int task_become_alone(void)
{
    struct task *self = task_current();
    struct process *process = self->process;
    if (is_alone(process) && self->identity == process->identity)
        return 0;
    int error = dismiss_others(self);
    if (error)
        return error;
    error = wait_for_others(process);
    spin_lock(&process->signal_lock);
    process->executor = NULL;
    spin_unlock(&process->signal_lock);
    if (!error && self->identity != process->identity)
        take_first_number(self);
    return error;
}
