/*
 * Process groups and sessions: who is in which, and what becomes of them when processes end.
 *
 * A group lives as long as a process is in it, one that has ended and not been waited for too; a session as long as a
 * group is in it. Both keep the number of the process that made them, so that nothing else gets it. The leader of a
 * session is the process that has its number: it stays in it all its life.
 *
 * A group is orphaned when none of its processes has a parent in another group of the same session: no shell is left
 * that could continue it. If it is stopped at that moment it would be so for ever: it gets SIGHUP and SIGCONT.
 *
 * Locks: processes_lock guards all of it.
 *
 * Source: POSIX.1-2017, 2.4.3 and 3.195 (orphaned process group), setpgid, setsid, _exit; credentials(7).
 */
#include "proc/jobs.h"

#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/numbers.h"
#include "proc/process_internal.h"

static struct session session_of_kernel = {.references = 1};
struct process_group group_of_kernel = {.references = 1, /* for good */
    .session = &session_of_kernel,
    .members = LIST_INIT(group_of_kernel.members)};

static void session_put(struct session *session)
{
    if (--session->references > 0)
        return;
    struct number *number = number_find_locked(session->number);
    number->session = NULL;
    number_release_locked(number);
    kfree(session);
}

static void group_put(struct process_group *group)
{
    if (--group->references > 0)
        return;
    struct number *number = number_find_locked(group->number);
    number->group = NULL;
    number_release_locked(number);
    session_put(group->session);
    kfree(group);
}

void group_join(struct process_group *group, struct process *process)
{
    group->references++;
    list_push_back(&group->members, &process->in_group);
    process->group = group;
}

void group_leave(struct process *process)
{
    struct process_group *group = process->group;
    list_remove(&process->in_group);
    process->group = NULL;
    group_put(group);
}

/* GROUP, which is new, gets the number of PROCESS, and this for its first one. */
static void group_found(struct process_group *group, struct session *session, struct process *process)
{
    struct process_group *before = process->group;
    *group = (struct process_group){.number = process->number, .session = session};
    list_init(&group->members);
    session->references++;
    process->identity->group = group;
    list_remove(&process->in_group);
    group_join(group, process);
    group_put(before);
}

struct process_group *process_group_find_locked(int32_t number)
{
    const struct number *found = number_find_seen_locked(number);
    return found ? found->group : NULL;
}

struct process_group *process_group_known_locked(int32_t number)
{
    const struct number *found = number_find_locked(number);
    return found ? found->group : NULL;
}

void process_group_signal_locked(struct process_group *group, int signal, const struct siginfo *info)
{
    group->sent++;
    list_for_each(struct process, process, &group->members, in_group) if (!process->ended)
        signal_send_process(process, signal, info);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Orphans
 */

bool group_is_orphaned(const struct process_group *group, const struct process *ignored)
{
    list_for_each(const struct process, process, (struct list *)&group->members, in_group)
    {
        const struct process *parent = process->parent;
        if (process == ignored || process->ended || parent == NULL || parent == process_first())
            continue;
        if (parent->group != group && parent->group->session == group->session)
            return false;
    }
    return true;
}

static bool is_stopped(const struct process_group *group)
{
    list_for_each(const struct process, process, (struct list *)&group->members,
        in_group) if (process->stop_signal && !process->ended) return true;
    return false;
}

void group_may_be_orphaned(struct process *process, const struct process *lost)
{
    struct process_group *group = process->group;
    const struct process *parent = lost ? lost : process->parent;
    if (parent == NULL || parent->group == group || parent->group->session != group->session)
        return;
    if (!is_stopped(group) || !group_is_orphaned(group, lost ? NULL : process))
        return;
    process_group_signal_locked(group, SIGHUP, NULL);
    process_group_signal_locked(group, SIGCONT, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What programs ask for
 */

/* May the current process SELF put PROCESS into the group of that number? 0: it may; *found: NULL: it has to be made.
 */
static int check_group(
    const struct process *self, const struct process *process, int32_t number, struct process_group **found)
{
    if (process == NULL)
        return -ESRCH;
    if (process != self && process->parent != self)
        return -ESRCH;
    if (process != self && process->group->session != self->group->session)
        return -EPERM;
    if (process != self && process->has_executed)
        return -EACCES;
    if (process_leads_session(process))
        return -EPERM;
    *found = process_group_find_locked(number);
    if (*found ? (*found)->session != self->group->session : number != number_seen(process->identity))
        return -EPERM;
    return 0;
}

int process_set_group(int32_t pid, int32_t number)
{
    struct process *self = task_current()->process;
    struct process_group *found = NULL, *new;
    pid = pid ? pid : self->own_number;
    number = number ? number : pid;
    if (number < 0)
        return -EINVAL;
    new = kmalloc(sizeof *new, 0);
    if (new == NULL)
        return -ENOMEM;
    spin_lock(&processes_lock);
    struct process *process = process_find_locked(pid);
    const struct task *task = process ? NULL : task_find_locked(pid);
    int error = task ? -EINVAL : check_group(self, process, number, &found);
    if (error == 0 && found == NULL) {
        group_found(new, process->group->session, process);
        new = NULL;
    } else if (error == 0 && found != process->group) {
        struct process_group *before = process->group;
        list_remove(&process->in_group);
        group_join(found, process);
        group_put(before);
    }
    spin_unlock(&processes_lock);
    kfree(new);
    return error;
}

/* The process that PID means: a thread's number will do. */
static const struct process *find_any(int32_t pid)
{
    if (pid == 0)
        return task_current()->process;
    const struct number *number = number_find_seen_locked(pid);
    return number == NULL ? NULL : number->process ? number->process : number->task ? number->task->process : NULL;
}

int32_t process_get_group(int32_t pid)
{
    spin_lock(&processes_lock);
    const struct process *process = find_any(pid);
    int32_t number = process ? number_translate_locked(process->group->number) : -ESRCH;
    spin_unlock(&processes_lock);
    return number;
}

int32_t process_get_session(int32_t pid)
{
    spin_lock(&processes_lock);
    const struct process *process = find_any(pid);
    int32_t number = process ? number_translate_locked(process->group->session->number) : -ESRCH;
    spin_unlock(&processes_lock);
    return number;
}

int32_t process_new_session(void)
{
    struct process *self = task_current()->process;
    struct session *session = kmalloc(sizeof *session, ALLOC_ZERO);
    struct process_group *group = kmalloc(sizeof *group, 0);
    int32_t result = -ENOMEM;
    if (session == NULL || group == NULL)
        goto out;
    spin_lock(&processes_lock);
    result = self->identity->group || process_leads_session(self) ? -EPERM : self->own_number;
    if (result > 0) {
        session->number = self->number;
        self->identity->session = session;
        group_found(group, session, self);
        session = NULL;
        group = NULL;
    }
    spin_unlock(&processes_lock);
out:
    kfree(session);
    kfree(group);
    return result;
}
