/*
 * System calls about open files and their descriptors: kernel/fs and kernel/proc/files.c do it, this finds the file and
 * checks what the program says.
 *
 * Source: close(2), lseek(2), ioctl(2), dup(2), fcntl(2).
 */
#include "syscall/handlers.h"

long sys_close(const uint64_t a[6])
{
    return files_close(task_current()->files, (int)a[0]);
}

long sys_lseek(const uint64_t a[6])
{
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = file_seek(file, (int64_t)a[1], (int)a[2]);
    file_put(file);
    return result;
}

long sys_ioctl(const uint64_t a[6])
{
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = file->ops->ioctl ? file->ops->ioctl(file, (unsigned)a[1], a[2]) : -ENOTTY;
    file_put(file);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Descriptors
 */

static uint64_t descriptor_limit(void)
{
    return task_current()->process->limits[RLIMIT_NOFILE].current;
}

static long duplicate(int fd, int first, bool close_on_exec)
{
    struct file *file = files_find_any(task_current()->files, fd);
    if (file == NULL)
        return -EBADF;
    int result = files_add_from(task_current()->files, file, first, close_on_exec, descriptor_limit());
    if (result < 0)
        file_put(file);
    return result;
}

long sys_dup(const uint64_t a[6])
{
    return duplicate((int)a[0], 0, false);
}

long sys_dup2(const uint64_t a[6])
{
    struct file *file = files_find_any(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = (int)a[1];
    if ((int)a[0] != (int)a[1])
        result = files_replace(task_current()->files, file, (int)a[1], false, descriptor_limit());
    if (result < 0 || (int)a[0] == (int)a[1])
        file_put(file);
    return result;
}

enum fcntl_command {
    F_DUPFD = 0,
    F_GETFD = 1,
    F_SETFD = 2,
    F_GETFL = 3,
    F_DUPFD_CLOEXEC = 1030,
};

long sys_fcntl(const uint64_t a[6])
{
    struct task_files *files = task_current()->files;
    int fd = (int)a[0], command = (int)a[1];
    struct file *file = files_find(files, fd);
    if (file == NULL)
        return -EBADF;
    long result = file->flags;
    file_put(file);
    switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return a[2] >= min_u64(descriptor_limit(), FILES_MAX) ? -EINVAL
                                                              : duplicate(fd, (int)a[2], command == F_DUPFD_CLOEXEC);
    case F_GETFD: return files_get_close_on_exec(files, fd);
    case F_SETFD: return files_set_close_on_exec(files, fd, a[2] & 1);
    case F_GETFL: return result;
    default: return -EINVAL;
    }
}
