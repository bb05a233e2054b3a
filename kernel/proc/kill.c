/*
 * Signals from one process to others, by number: who is meant, and who may.
 *
 * Source: kill(2), tgkill(2), rt_sigqueueinfo(2); POSIX.1-2017, kill.
 */
#include "lib/errno.h"
#include "proc/proc.h"

static void fill(struct siginfo *info, int signal, int code)
{
    const struct task *task = task_current();
    *info = (struct siginfo){
        .signal = signal, .code = code, .sender = {.pid = task->process->number, .uid = task->credentials->uid}};
}

/* ------------------------------------------------------------------------------------------------------------------
 * Permission. processes_lock is held.
 */

/* By users, or as CAP_KILL lets one. */
static bool has_rights(struct process *process)
{
    const struct credentials *self = task_current()->credentials, *held = NULL, *other = process->credentials;
    if (!process->ended)
        other = held = task_credentials(container_of(process->tasks.head.next, struct task, in_process));
    bool may = other == NULL || self->euid == other->suid || self->euid == other->uid || self->uid == other->suid ||
               self->uid == other->uid || credentials_capable(self, CAP_KILL);
    if (held)
        credentials_put(held);
    return may;
}

static int check(struct process *process, int signal)
{
    const struct process *self = task_current()->process;
    if (signal < 0 || signal > SIGNALS)
        return -EINVAL;
    if (process == self || (signal == SIGCONT && process->group->session == self->group->session))
        return 0;
    return has_rights(process) ? 0 : -EPERM;
}

static int send(struct process *process, int signal, const struct siginfo *info)
{
    int error = check(process, signal);
    return error || signal == 0 || process->ended ? error : signal_send_process(process, signal, info);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Who is meant. processes_lock is held.
 */

static long send_to_group(struct process_group *group, int signal, const struct siginfo *info)
{
    long result = -ESRCH;
    if (group == NULL)
        return -ESRCH;
    group->sent++;
    list_for_each(struct process, process, &group->members, in_group)
    {
        int error = send(process, signal, info);
        result = result ? error : 0;
    }
    return result;
}

static long send_to_all(int signal, const struct siginfo *info)
{
    long result = 0;
    bool any = false;
    struct process *process;
    for (int32_t number = 2; (process = process_next_locked(number)) != NULL; number = process->number + 1) {
        if (process == task_current()->process)
            continue;
        process->group->sent++; /* no fork that is under way gets by */
        int error = send(process, signal, info);
        any = true;
        if (error != -EPERM)
            result = error;
    }
    return any ? result : -ESRCH;
}

static long send_to_one(int32_t pid, int signal, const struct siginfo *info)
{
    struct process *process = process_find_locked(pid);
    if (process == NULL) {
        const struct task *task = task_find_locked(pid); /* a thread's number will do */
        process = task ? task->process : NULL;
    }
    return process ? send(process, signal, info) : -ESRCH;
}

static long send_to(int32_t pid, int signal, const struct siginfo *info)
{
    if (pid > 0)
        return send_to_one(pid, signal, info);
    if (pid == -1)
        return send_to_all(signal, info);
    if (pid == 0)
        return send_to_group(task_current()->process->group, signal, info);
    return pid == INT32_MIN ? -ESRCH : send_to_group(process_group_find_locked(-pid), signal, info);
}

/* ------------------------------------------------------------------------------------------------------------------
 * System calls
 */

long signal_kill(int32_t pid, int signal)
{
    struct siginfo info;
    fill(&info, signal, SI_USER);
    spin_lock(&processes_lock);
    long result = send_to(pid, signal, &info);
    spin_unlock(&processes_lock);
    return result;
}

long signal_queue_process(int32_t pid, int signal, const struct siginfo *info)
{
    if ((info->code >= 0 || info->code == SI_TKILL) && pid != task_current()->number)
        return -EPERM;
    spin_lock(&processes_lock);
    long result = pid > 0 ? send_to_one(pid, signal, info) : -ESRCH;
    spin_unlock(&processes_lock);
    return result;
}

/* Has somebody waited for it? Its number may be another's then. */
static long send_to_known(struct process *process, int signal, const struct siginfo *info)
{
    spin_lock(&processes_lock);
    bool there = process_find_locked(process->number) == process;
    long result = there ? send(process, signal, info) : -ESRCH;
    spin_unlock(&processes_lock);
    return result;
}

long signal_kill_process(struct process *process, int signal)
{
    struct siginfo info;
    fill(&info, signal, SI_USER);
    return send_to_known(process, signal, &info);
}

long signal_queue_known(struct process *process, int signal, const struct siginfo *info)
{
    return send_to_known(process, signal, info);
}

static long send_to_task(int32_t group, int32_t number, int signal, const struct siginfo *info)
{
    spin_lock(&processes_lock);
    struct task *task = task_find_locked(number);
    long result = task && (group == 0 || task->process->number == group) ? check(task->process, signal) : -ESRCH;
    if (result == 0 && signal)
        result = signal_send_task(task, signal, info);
    spin_unlock(&processes_lock);
    return result;
}

long signal_kill_task(int32_t group, int32_t task, int signal)
{
    struct siginfo info;
    fill(&info, signal, SI_TKILL);
    return send_to_task(group, task, signal, &info);
}

long signal_queue_task(int32_t group, int32_t task, int signal, const struct siginfo *info)
{
    if ((info->code >= 0 || info->code == SI_TKILL) && task != task_current()->number)
        return -EPERM;
    return send_to_task(group, task, signal, info);
}
