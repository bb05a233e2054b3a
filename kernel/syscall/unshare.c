/*
 * System calls by which a task parts with what it shares with others: unshare, and close_range, which can do so first.
 * There is one namespace of each kind, so those are refused.
 *
 * Source: unshare(2), close_range(2).
 */
#include "proc/process_internal.h"
#include "syscall/handlers.h"

#define CLONE_NAMESPACES                                                                                               \
    (CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |      \
        CLONE_NEWNET)
#define CLONE_UNSHARED (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static int unshare_files(void)
{
    struct task *task = task_current();
    if (__atomic_load_n(&task->files->tasks, __ATOMIC_ACQUIRE) == 1)
        return 0;
    struct task_files *copy = files_copy(task->files);
    if (copy == NULL)
        return -ENOMEM;
    files_leave(task_set_files(copy));
    return 0;
}

static int unshare_paths(void)
{
    struct task *task = task_current();
    if (__atomic_load_n(&task->paths->references, __ATOMIC_ACQUIRE) == 1)
        return 0;
    struct task_paths *copy = paths_copy(task->paths);
    if (copy == NULL)
        return -ENOMEM;
    paths_put(task_set_paths(copy));
    return 0;
}

long sys_unshare(const uint64_t a[6])
{
    struct task *task = task_current();
    uint64_t flags = a[0];
    if (flags & ~(uint64_t)(CLONE_UNSHARED | CLONE_NAMESPACES))
        return -EINVAL;
    if (flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM) &&
        (task->process->task_count > 1 || task->space->references > 1))
        return -EINVAL; /* who is alone has nothing to part with */
    if (flags & CLONE_NAMESPACES)
        return credentials_capable(task->credentials, CAP_SYS_ADMIN) ? -EINVAL : -EPERM;
    int error = flags & CLONE_FS ? unshare_paths() : 0;
    if (!error && flags & CLONE_FILES)
        error = unshare_files();
    if (!error && flags & CLONE_SYSVSEM) {
        semaphore_undo_leave(task->semaphore_undo);
        task->semaphore_undo = NULL;
    }
    return error;
}

long sys_close_range(const uint64_t a[6])
{
    enum { UNSHARE = 2, CLOEXEC = 4 };
    unsigned first = (unsigned)a[0], last = (unsigned)a[1], flags = (unsigned)a[2];
    if (flags & ~(unsigned)(UNSHARE | CLOEXEC) || first > last)
        return -EINVAL;
    int error = flags & UNSHARE ? unshare_files() : 0;
    if (error)
        return error;
    if (flags & CLOEXEC)
        files_set_close_on_exec_range(task_current()->files, first, last);
    else
        files_close_range(task_current()->files, first, last);
    return 0;
}
