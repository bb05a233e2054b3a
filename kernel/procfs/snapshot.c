/*
 * Copying what a process is at one moment: see snapshot.h. processes_lock is held throughout, and the process's
 * signal_lock below it.
 */
#include "procfs/snapshot.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "proc/accounts.h"
#include "proc/numbers.h"
#include "tty/tty.h"

/* What the mount calls somebody of whom the kernel's number is known; 0: nothing. */
static int32_t shown(const struct number_space *space, int32_t value)
{
    const struct number *number = space->level ? number_find_locked(value) : NULL;
    return space->level == 0 ? value : number ? number_in(number, space) : 0;
}

static void copy_levels(const struct process *process, const struct task *task, struct snapshot *snapshot)
{
    const struct number *number = task ? task->identity : process->identity;
    const struct number_space *at = number->space;
    const struct session *session = process->group ? process->group->session : NULL;
    snapshot->levels = at->level + 1;
    for (; at; at = at->parent) {
        snapshot->numbers[at->level].process = number_in(process->identity, at);
        snapshot->numbers[at->level].task = number_in(number, at);
        snapshot->numbers[at->level].group = process->group ? shown(at, process->group->number) : 0;
        snapshot->numbers[at->level].session = session ? shown(at, session->number) : 0;
    }
}

static void copy_relations(const struct number_space *space, const struct process *process, struct snapshot *snapshot)
{
    const struct session *session = process->group ? process->group->session : NULL;
    snapshot->process = number_in(process->identity, space);
    snapshot->parent = process->parent ? number_in(process->parent->identity, space) : 0;
    snapshot->group = process->group ? shown(space, process->group->number) : 0;
    snapshot->session = session ? shown(space, session->number) : 0;
    snapshot->foreground = -1;
    if (session && session->tty) {
        snapshot->terminal = session->tty->device;
        snapshot->foreground = shown(space, __atomic_load_n(&session->tty->foreground, __ATOMIC_RELAXED));
    }
}

static void copy_signals(struct process *process, const struct task *task, struct snapshot *snapshot)
{
    spin_lock(&process->signal_lock);
    snapshot->shared_pending = process->signals.pending;
    snapshot->signals_queued = task && task->account ? task->account->signals : 0;
    snapshot->pending = task ? task->signals.pending : 0;
    snapshot->blocked = task ? task->signal_mask : 0;
    for (int signal = 1; signal <= SIGNALS; signal++) {
        uint64_t handler = process->actions[signal - 1].handler;
        if (handler == SIG_IGN)
            snapshot->ignored |= signal_bit(signal);
        else if (handler != SIG_DFL)
            snapshot->caught |= signal_bit(signal);
    }
    spin_unlock(&process->signal_lock);
}

static char state_of(const struct process *process, const struct thread *thread)
{
    if (process->stop_signal)
        return 'T';
    if (__atomic_load_n(&thread->state, __ATOMIC_RELAXED) == THREAD_RUNNABLE)
        return 'R';
    return __atomic_load_n(&thread->interruptible, __ATOMIC_RELAXED) ? 'S' : 'D';
}

/* Of one task: its own. Of a process: what all have used that it has and has had. */
static void copy_usage(struct process *process, struct task *task, bool whole, struct snapshot *snapshot)
{
    snapshot->started = process->started;
    snapshot->children_used = process->children_used;
    if (whole)
        process_usage(process, &snapshot->used);
    else
        task_usage(task, &snapshot->used);
}

static void copy_task(
    const struct number_space *space, const struct process *process, struct task *task, struct snapshot *snapshot)
{
    const struct thread *thread = task->thread;
    snapshot->task = number_in(task->identity, space);
    snapshot->state = state_of(process, thread);
    snapshot->nice = thread->nice;
    snapshot->policy = task->policy;
    snapshot->cpu = thread->cpu;
    snapshot->allowed = thread->allowed;
    if (task->number != process->number)
        memcpy(snapshot->name, thread->name, sizeof snapshot->name);
    spin_lock(&task->parts_lock);
    if (task->paths) {
        snapshot->umask = task->paths->umask;
        snapshot->has_umask = true;
    }
    spin_unlock(&task->parts_lock);
}

static void copy(const struct pseudo_node *node, struct process *process, struct task *task, struct snapshot *snapshot)
{
    const struct number_space *space = subject_numbers(node);
    copy_relations(space, process, snapshot);
    copy_levels(process, task, snapshot);
    snapshot->first_level = space->level;
    copy_signals(process, task, snapshot);
    copy_usage(process, task, node->parts[SUBJECT_TASK] == 0, snapshot);
    memcpy(snapshot->name, process->name, sizeof snapshot->name);
    memcpy(snapshot->limits, process->limits, sizeof snapshot->limits);
    snapshot->tasks = process->task_count;
    snapshot->exiting = process->exiting || process->ended;
    snapshot->has_executed = process->has_executed || process->thread; /* or the kernel has started it */
    snapshot->exit_status = process->exit_status;
    snapshot->exit_signal = process->exit_signal;
    snapshot->task = snapshot->process;
    snapshot->state = 'Z';
    if (task)
        copy_task(space, process, task, snapshot);
}

int snapshot_take(const struct pseudo_node *node, struct snapshot *snapshot)
{
    *snapshot = (struct snapshot){.cpu = 0};
    spin_lock(&processes_lock);
    struct process *process = subject_process_locked(node);
    struct task *task = process ? subject_task_locked(node) : NULL;
    bool there = process && (task || node->parts[SUBJECT_TASK] == 0);
    if (there)
        copy(node, process, task, snapshot);
    spin_unlock(&processes_lock);
    return there ? 0 : -ESRCH;
}
