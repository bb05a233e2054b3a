/*
 * System calls about limits of resources. What a limit is to memory goes to the address space at once.
 *
 * Source: getrlimit(2).
 */
#include "syscall/handlers.h"

/* May the current task look at the limits of TASK, and change them? */
static bool may_limit(struct task *task)
{
    const struct credentials *self = task_current()->credentials, *other = task_credentials(task);
    bool same = other && self->uid == other->uid && self->uid == other->euid && self->uid == other->suid &&
                self->gid == other->gid && self->gid == other->egid && self->gid == other->sgid;
    if (other)
        credentials_put(other);
    return same || credentials_capable(self, CAP_SYS_RESOURCE);
}

/* The process that PID means, with a reference. */
static struct process *find(int32_t pid, int *error)
{
    struct process *process = NULL;
    *error = -ESRCH;
    spin_lock(&processes_lock);
    struct task *task = pid ? task_find_locked(pid) : task_current();
    if (task) {
        *error = task->process == task_current()->process || may_limit(task) ? 0 : -EPERM;
        process = task->process;
    }
    if (*error == 0)
        process_get(process);
    spin_unlock(&processes_lock);
    return *error ? NULL : process;
}

static int check(unsigned resource, const struct rlimit *old, const struct rlimit *new)
{
    if (new->current > new->maximum)
        return -EINVAL;
    if (resource == RLIMIT_NOFILE && new->maximum > FILES_MAX)
        return -EPERM;
    if (new->maximum > old->maximum && !credentials_capable(task_current()->credentials, CAP_SYS_RESOURCE))
        return -EPERM;
    return 0;
}

/* NEW and OLD may each be NULL. */
static int change(struct process *process, uint64_t resource, const struct rlimit *new, struct rlimit *old)
{
    if (resource >= RLIMIT_COUNT)
        return -EINVAL;
    struct rlimit *limit = &process->limits[resource];
    spin_lock(&processes_lock); /* one change at a time */
    struct rlimit before = *limit;
    int error = new ? check((unsigned)resource, &before, new) : 0;
    if (new && !error)
        *limit = *new;
    spin_unlock(&processes_lock);
    if (new && !error)
        process_limits_changed(process);
    if (old)
        *old = before;
    return error;
}

long sys_prlimit64(const uint64_t a[6])
{
    struct rlimit new, old;
    int error;
    if (a[2] && copy_from_user(&new, a[2]) < 0)
        return -EFAULT;
    struct process *process = find((int32_t)a[0], &error);
    if (process == NULL)
        return error;
    error = change(process, (uint32_t)a[1], a[2] ? &new : NULL, &old);
    process_put(process);
    if (!error && a[3] && copy_to_user(a[3], &old) < 0)
        return -EFAULT;
    return error;
}

long sys_getrlimit(const uint64_t a[6])
{
    struct rlimit old;
    int error = change(task_current()->process, (uint32_t)a[0], NULL, &old);
    return error ? error : copy_to_user(a[1], &old);
}

long sys_setrlimit(const uint64_t a[6])
{
    struct rlimit new;
    if (copy_from_user(&new, a[1]) < 0)
        return -EFAULT;
    return change(task_current()->process, (uint32_t)a[0], &new, NULL);
}
