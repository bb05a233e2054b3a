/*
 * System calls by which a task parts with what it shares with others, or goes to what others have: unshare, setns, and
 * close_range, which can part first.
 *
 * Source: unshare(2), setns(2), close_range(2).
 */
#include "proc/inspect.h"
#include "proc/namespaces.h"
#include "proc/pidfd.h"
#include "proc/process_internal.h"
#include "syscall/handlers.h"

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

/* Paths and namespaces: both or neither. */
static int unshare_spaces(uint64_t flags)
{
    struct task *task = task_current();
    bool shared = __atomic_load_n(&task->paths->references, __ATOMIC_ACQUIRE) > 1;
    struct task_paths *paths = NULL;
    if (flags & CLONE_NEWNS || (flags & CLONE_FS && shared)) {
        paths = paths_copy(task->paths);
        if (paths == NULL)
            return -ENOMEM;
    }
    if (flags & CLONE_NAMESPACES) {
        int error;
        struct namespaces *set = namespaces_copy(flags, paths, NULL, &error);
        if (set == NULL) {
            paths_put(paths);
            return error;
        }
        namespaces_set(set);
    }
    if (paths)
        paths_put(task_set_paths(paths));
    return 0;
}

static int check_unshare(uint64_t flags)
{
    const struct task *task = task_current();
    if (flags & ~(uint64_t)(CLONE_UNSHARED | CLONE_NAMESPACES))
        return -EINVAL;
    if (flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM) &&
        (task->process->task_count > 1 || task->space->references > 1))
        return -EINVAL; /* who is alone has nothing to part with */
    return namespaces_check(flags);
}

long sys_unshare(const uint64_t a[6])
{
    struct task *task = task_current();
    uint64_t flags = a[0];
    int error = check_unshare(flags);
    if (!error && flags & CLONE_FILES)
        error = unshare_files();
    if (!error)
        error = unshare_spaces(flags);
    if (!error && flags & CLONE_SYSVSEM) {
        semaphore_undo_leave(task->semaphore_undo);
        task->semaphore_undo = NULL;
    }
    return error;
}

/* Those of a process that FLAGS name. */
static int enter_process(struct process *process, uint64_t flags)
{
    if (flags == 0 || flags & ~(uint64_t)CLONE_NAMESPACES || flags & CLONE_NEWUSER)
        return -EINVAL;
    spin_lock(&processes_lock);
    struct task *task = process_any_task_locked(process);
    int error = task == NULL ? -ESRCH : task_may_inspect(task, INSPECT_ATTACH) ? 0 : -EPERM;
    struct namespaces *set = error ? NULL : task_namespaces(task);
    struct number_space *numbers = set ? process->identity->space : NULL; /* there is a task, so the number is */
    if (set)
        namespace_get(&numbers->namespace);
    spin_unlock(&processes_lock);
    if (set) {
        struct namespaces of = *set;
        of.children = numbers;
        error = namespaces_enter_set(&of, flags);
        namespace_put(&numbers->namespace);
        namespaces_put(set);
    }
    return set || error ? error : -ESRCH;
}

long sys_setns(const uint64_t a[6])
{
    uint64_t flags = (uint32_t)a[1];
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    struct namespace *namespace = namespace_of(file->inode);
    struct process *process = pidfd_process(file);
    long result = -EINVAL;
    if (namespace && (flags == 0 || flags == namespace->kind->flag))
        result = namespaces_enter(namespace);
    else if (process)
        result = enter_process(process, flags);
    file_put(file);
    return result;
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
