/*
 * System calls about processes by descriptor, and from process to process: pidfd_*.
 *
 * Source: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2).
 */
#include "proc/pidfd.h"

#include "lib/string.h"
#include "mm/slab.h"
#include "proc/inspect.h"
#include "syscall/handlers.h"

long sys_pidfd_open(const uint64_t a[6])
{
    int32_t pid = (int32_t)a[0];
    unsigned flags = (unsigned)a[1];
    if (flags & ~O_NONBLOCK || pid <= 0)
        return -EINVAL;
    spin_lock(&processes_lock);
    struct process *process = process_find_locked(pid);
    int error = process ? 0 : task_find_locked(pid) ? -EINVAL : -ESRCH;
    if (process)
        process_get(process);
    spin_unlock(&processes_lock);
    if (error)
        return error;
    struct file *file = pidfd_create(process, flags);
    process_put(process);
    return descriptor_install(file, O_CLOEXEC);
}

/* The process that FD is; USE is the file's, to be ended in any case. */
static struct process *find(int fd, struct file_use *use)
{
    *use = files_use(task_current()->files, fd);
    return use->file ? pidfd_process(use->file) : NULL;
}

static long send(struct process *process, int signal, uaddr_t from)
{
    struct siginfo info = {.code = SI_USER};
    if (from == 0)
        return signal_kill_process(process, signal);
    if (copy_from_user(&info, from) < 0)
        return -EFAULT;
    if (info.signal != signal)
        return -EINVAL;
    if (process != task_current()->process && (info.code >= 0 || info.code == SI_TKILL))
        return -EPERM;
    return signal_queue_known(process, signal, &info);
}

long sys_pidfd_send_signal(const uint64_t a[6])
{
    struct file_use use;
    if ((unsigned)a[3] != 0)
        return -EINVAL;
    struct process *process = find((int)a[0], &use);
    long result = process ? send(process, (int)a[1], a[2]) : -EBADF;
    file_unuse(use);
    return result;
}

long sys_pidfd_getfd(const uint64_t a[6])
{
    struct file_use use;
    int error = -EBADF;
    if ((unsigned)a[2] != 0)
        return -EINVAL;
    struct process *process = find((int)a[0], &use);
    struct file *file = process ? pidfd_get_file(process, (int)a[1], &error) : NULL;
    file_unuse(use);
    return file ? descriptor_install(file, O_CLOEXEC) : error;
}
