/*
 * System calls that make pipes.
 *
 * Source: pipe(2).
 */
#include "fs/pipe.h"

#include "syscall/handlers.h"

/* Both ends become descriptors; takes the references over in any case. */
static long install(struct file *ends[2], bool close_on_exec, uaddr_t to)
{
    const struct task *task = task_current();
    uint64_t limit = task->process->limits[RLIMIT_NOFILE].current;
    int fds[2], error;
    for (int i = 0; i < 2; i++) {
        ends[i]->inode->uid = task->credentials->fsuid;
        ends[i]->inode->gid = task->credentials->fsgid;
    }
    fds[0] = error = files_add(task->files, ends[0], close_on_exec, limit);
    if (error < 0)
        goto out_both;
    fds[1] = error = files_add(task->files, ends[1], close_on_exec, limit);
    if (error < 0)
        goto out_second;
    if (copy_to_user(to, &fds) == 0)
        return 0;
    files_close(task->files, fds[0]);
    files_close(task->files, fds[1]);
    return -EFAULT;
out_second:
    files_close(task->files, fds[0]);
    file_put(ends[1]);
    return error;
out_both:
    file_put(ends[0]);
    file_put(ends[1]);
    return error;
}

static long make(uaddr_t to, unsigned flags)
{
    struct file *ends[2];
    if (flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT))
        return -EINVAL;
    int error = pipe_create(flags & (O_NONBLOCK | O_DIRECT), ends);
    return error ? error : install(ends, flags & O_CLOEXEC, to);
}

long sys_pipe(const uint64_t a[6])
{
    return make(a[0], 0);
}

long sys_pipe2(const uint64_t a[6])
{
    return make(a[0], (unsigned)a[1]);
}
