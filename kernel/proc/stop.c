/*
 * Stopping and going on, and what parents are told: see signal.h.
 *
 * A process stops when one of its tasks takes a stop signal for which there is no handler. That task sets
 * process->stop_signal and sends the others here (ATTENTION_STOP); each waits in process->going_on. When the last one
 * does, the process is stopped, and its parent is told. SIGCONT ends the stop as soon as it is sent, and SIGKILL does,
 * wherever the sender may be; so it is the first task to run again that tells the parent of it.
 *
 * Who waits for children may hear of the stop only together with the signal that tells of it: until then
 * process->stop_reported is true.
 *
 * Between taking a stop signal and acting by it a task looks whether its group is orphaned, for which it needs
 * processes_lock. A SIGCONT that comes just then takes back process->stop_wanted.
 *
 * Locks: signal_lock guards stop_signal, stop_wanted, stops, tasks_stopped, continued, stop_reported; who only looks at
 * one of them may do without. processes_lock for the parent.
 *
 * Source: POSIX.1-2017, 2.4.3 and 2.4.4; wait(2); sigaction(2), SA_NOCLDSTOP and SA_NOCLDWAIT.
 */
#include "proc/jobs.h"
#include "proc/numbers.h"
#include "proc/signal_internal.h"
#include "time/clock.h"

#define TICKS_PER_SECOND 100

/* ------------------------------------------------------------------------------------------------------------------
 * Telling the parent. processes_lock is held.
 */

static void fill(struct siginfo *info, const struct process *process, uint32_t uid, int code, int status)
{
    *info = (struct siginfo){.signal = SIGCHLD,
        .code = code,
        .child = {.pid = number_in(process->identity, process->parent->identity->space),
            .uid = uid,
            .status = status,
            .user_time = (int64_t)(process->used.user_ns / (NS_PER_SECOND / TICKS_PER_SECOND)),
            .system_time = (int64_t)(process->used.system_ns / (NS_PER_SECOND / TICKS_PER_SECOND))}};
}

bool signal_tell_end(struct process *process)
{
    struct process *parent = process->parent;
    const struct signal_action *action = &parent->actions[SIGCHLD - 1];
    int status = process->exit_status, signal = process->exit_signal;
    bool ignored = action->handler == SIG_IGN, vanishes = ignored || action->flags & SA_NOCLDWAIT;
    struct siginfo info;
    if (status & 0x7f)
        fill(&info, process, process->credentials->uid, CLD_KILLED, status & 0x7f);
    else
        fill(&info, process, process->credentials->uid, CLD_EXITED, status >> 8);
    if (signal > 0 && signal <= SIGNALS && !(signal == SIGCHLD && ignored))
        signal_send_process(parent, signal, &info);
    wait_queue_wake_all(&parent->child_event);
    return vanishes && signal == SIGCHLD;
}

/* PROCESS, which is UID's, has stopped, by its stop number STOP, or goes on. */
static void tell_change_locked(struct process *process, uint32_t uid, int code, int status, uint32_t stop)
{
    struct siginfo info;
    struct process *parent = process->parent;
    spin_lock(&process->signal_lock);
    if (code == CLD_STOPPED && process->stop_signal && process->stops == stop)
        process->stop_reported = false;
    spin_unlock(&process->signal_lock);
    if (parent) {
        const struct signal_action *action = &parent->actions[SIGCHLD - 1];
        fill(&info, process, uid, code, status);
        if (action->handler != SIG_IGN && !(action->flags & SA_NOCLDSTOP))
            signal_send_process(parent, SIGCHLD, &info);
        wait_queue_wake_all(&parent->child_event);
    }
}

static void tell_change(int code, int status, uint32_t stop)
{
    struct task *self = task_current();
    spin_lock(&processes_lock);
    tell_change_locked(self->process, self->credentials->uid, code, status, stop);
    spin_unlock(&processes_lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Stopping
 */

static bool is_orphaned(const struct process *process)
{
    spin_lock(&processes_lock);
    bool orphaned = group_is_orphaned(process->group, NULL);
    spin_unlock(&processes_lock);
    return orphaned;
}

/* The task has come to a stop. Returns which it is; *last: with it the process has. */
static uint32_t arrive(struct process *process, bool *last)
{
    spin_lock(&process->signal_lock);
    uint32_t stop = process->stops;
    *last = process->stop_signal && ++process->tasks_stopped == process->task_count;
    spin_unlock(&process->signal_lock);
    return stop;
}

static bool goes_on(const struct task *task, uint32_t stop)
{
    const struct process *process = task->process;
    return __atomic_load_n(&process->stop_signal, __ATOMIC_ACQUIRE) == 0 ||
           __atomic_load_n(&process->stops, __ATOMIC_RELAXED) != stop || task_has_to_end(task);
}

/* Only one that had not stopped itself can be the one that the others have waited for. */
void process_stop_loses_task_locked(struct process *process, const struct task *task)
{
    spin_lock(&process->signal_lock);
    int signal = process->exiting ? 0 : process->stop_signal;
    uint32_t stop = process->stops;
    bool stopped = signal && process->task_count > 0 && process->tasks_stopped == process->task_count;
    spin_unlock(&process->signal_lock);
    if (stopped)
        tell_change_locked(process, task->credentials->uid, CLD_STOPPED, signal, stop);
}

/* It goes on with all others, or, while these are stopped, to its end. */
static void leave_stop(struct process *process, uint32_t stop)
{
    spin_lock(&process->signal_lock);
    if (process->stop_signal && process->stops == stop && process->tasks_stopped)
        process->tasks_stopped--;
    spin_unlock(&process->signal_lock);
}

void task_stop(struct task *task)
{
    struct process *process = task->process;
    bool last;
    uint32_t stop = arrive(process, &last);
    int signal = process->stop_signal;
    if (last && signal)
        tell_change(CLD_STOPPED, signal, stop);
    wait_event(&process->going_on, goes_on(task, stop));
    leave_stop(process, stop);
    if (__atomic_exchange_n(&process->tells_continued, false, __ATOMIC_ACQ_REL))
        tell_change(CLD_CONTINUED, SIGCONT, stop);
}

void process_go_on_locked(struct process *process, bool continued)
{
    process->stop_wanted = 0;
    if (process->stop_signal == 0)
        return;
    __atomic_store_n(&process->stop_signal, 0, __ATOMIC_RELEASE);
    process->continued = process->tells_continued = continued;
    wait_queue_wake_all(&process->going_on);
}

void process_stop(struct task *task, int signal)
{
    struct process *process = task->process;
    bool refuses = signal != SIGSTOP && is_orphaned(process);
    spin_lock(&process->signal_lock);
    bool stops = process->stop_wanted && !refuses;
    if (stops) {
        __atomic_store_n(&process->stop_signal, signal, __ATOMIC_RELEASE);
        process->stops++;
        process->tasks_stopped = 0;
        process->stop_reported = true; /* until the parent is told */
        process->continued = process->tells_continued = false;
        list_for_each(struct task, other, &process->tasks, in_process)
        {
            if (other != task)
                thread_interrupt(other->thread, ATTENTION_STOP);
        }
    }
    process->stop_wanted = 0;
    spin_unlock(&process->signal_lock);
    if (stops)
        task_stop(task);
}
