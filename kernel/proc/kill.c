/*
 * Signals from one process to others, by number: who is meant, and who may.
 *
 * Source: kill(2), tgkill(2), rt_sigqueueinfo(2); POSIX.1-2017, kill.
 */
#include "lib/errno.h"
#include "proc/numbers.h"
#include "proc/process_internal.h"

static void fill(struct siginfo *info, int signal, int code)
{
    const struct task *task = task_current();
    *info = (struct siginfo){
        .signal = signal, .code = code, .sender = {.pid = task->process->own_number, .uid = task->credentials->uid}};
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

/* One of a namespace above, who is nobody there, kills process 1 like any other. True: it is done. */
static bool kill_from_above(struct process *process, int32_t pid, int signal)
{
    bool kills = pid == 0 && signal == SIGKILL && process->unkillable;
    if (kills)
        process_kill(process, signal);
    return kills;
}

/* From a process of NUMBER: as the receiver knows it. */
static int deliver(struct process *process, const struct number *number, int signal, const struct siginfo *info)
{
    if (process->identity->space == number->space)
        return signal_send_process(process, signal, info);
    struct siginfo translated = *info;
    int32_t pid = number_in(number, process->identity->space);
    if (kill_from_above(process, pid, signal))
        return 0;
    if (pid == 0 || info->code == SI_USER || info->code == SI_TKILL)
        translated.sender.pid = pid;
    return signal_send_process(process, signal, &translated);
}

int signal_send_from(struct process *process, const struct process *sender, uint32_t uid, int signal)
{
    const struct siginfo info = {.code = SI_USER, .sender = {.pid = sender->own_number, .uid = uid}};
    return deliver(process, sender->identity, signal, &info);
}

static int send(struct process *process, int signal, const struct siginfo *info)
{
    int error = check(process, signal);
    return error || signal == 0 || process->ended ? error
                                                  : deliver(process, task_current()->process->identity, signal, info);
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
    const struct number_space *space = number_space_current();
    const struct number *found;
    for (int32_t number = 2; (found = number_next_in_locked(space, number)) != NULL;
        number = number_in(found, space) + 1) {
        struct process *process = found->process;
        if (process == NULL || process == task_current()->process)
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
    if ((info->code >= 0 || info->code == SI_TKILL) && pid != task_current()->own_number)
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
    bool there = process_known_locked(process->number) == process;
    long result = !there                                ? -ESRCH
                  : number_seen(process->identity) == 0 ? -EINVAL /* it is in no namespace below */
                                                        : send(process, signal, info);
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
    long result =
        task && (group == 0 || number_seen(task->process->identity) == group) ? check(task->process, signal) : -ESRCH;
    struct siginfo translated = *info;
    bool done = false;
    if (result == 0 && task->identity->space != number_space_current()) {
        translated.sender.pid = number_in(task_current()->process->identity, task->identity->space);
        done = kill_from_above(task->process, translated.sender.pid, signal);
    }
    if (result == 0 && signal && !done)
        result = signal_send_task(task, signal, &translated);
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
    if ((info->code >= 0 || info->code == SI_TKILL) && task != task_current()->own_number)
        return -EPERM;
    return send_to_task(group, task, signal, info);
}
