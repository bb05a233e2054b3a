/*
 * System calls that open files: kernel/fs does it, this finds a descriptor for them.
 *
 * Source: open(2).
 */
#include "syscall/handlers.h"
#include "syscall/request.h"

static long open_at(int directory, uaddr_t name, unsigned flags, uint32_t mode)
{
    const struct task *task = task_current();
    struct request request;
    int error = request_begin(&request, directory, name);
    if (error)
        return error;
    mode &= 07777 & ~task->paths->umask;
    struct file *file =
        file_open(&request.walk, request.name, flags & O_PATH ? flags : flags | O_LARGEFILE, mode, &error);
    long result = error;
    if (file) {
        result = files_add(task->files, file, flags & O_CLOEXEC, task->process->limits[RLIMIT_NOFILE].current);
        if (result < 0)
            file_put(file);
    }
    request_end(&request);
    return result;
}

long sys_open(const uint64_t a[6])
{
    return open_at(AT_FDCWD, a[0], (unsigned)a[1], (uint32_t)a[2]);
}

long sys_openat(const uint64_t a[6])
{
    return open_at((int)a[0], a[1], (unsigned)a[2], (uint32_t)a[3]);
}

long sys_creat(const uint64_t a[6])
{
    return open_at(AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, (uint32_t)a[1]);
}
