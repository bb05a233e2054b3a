/*
 * System calls about locks on files (fs/lock.h): fcntl's commands, flock.
 *
 * Source: fcntl(2), flock(2).
 */
#include "syscall/lock.h"
#include "proc/numbers.h"

#include "fs/lock.h"

enum lock_command {
    F_GETLK = 5,
    F_SETLK = 6,
    F_SETLKW = 7,
    F_OFD_GETLK = 36,
    F_OFD_SETLK = 37,
    F_OFD_SETLKW = 38,
};

struct user_flock {
    int16_t type, whence;
    int32_t pad;
    int64_t start, length;
    int32_t pid, pad_too;
};

/* From the program's numbers to the first and the last byte. */
static int range_read(const struct file *file, const struct user_flock *from, struct lock_range *range)
{
    int64_t base = 0, start;
    if (from->whence < SEEK_SET || from->whence > SEEK_END)
        return -EINVAL;
    if (from->whence == SEEK_CUR)
        base = (int64_t)__atomic_load_n(&file->position, __ATOMIC_RELAXED);
    else if (from->whence == SEEK_END)
        base = (int64_t)__atomic_load_n(&file->inode->size, __ATOMIC_RELAXED);
    if (from->start > INT64_MAX - base)
        return -EOVERFLOW;
    start = base + from->start;
    if (start < 0 || from->type < F_RDLCK || from->type > F_UNLCK)
        return -EINVAL;
    if (from->length > 0 && from->length - 1 > INT64_MAX - start)
        return -EOVERFLOW;
    if (from->length < 0 && start + from->length < 0)
        return -EINVAL;
    range->type = from->type;
    range->start = (uint64_t)(from->length < 0 ? start + from->length : start);
    range->end = (uint64_t)(from->length > 0 ? start + from->length - 1 : from->length < 0 ? start - 1 : INT64_MAX);
    return 0;
}

static long test(struct file *file, struct lock_range *range, struct user_flock *flock, uaddr_t to)
{
    if (range->type == F_UNLCK)
        return -EINVAL;
    if (lock_range_test(file, range))
        flock->type = F_UNLCK;
    else
        *flock = (struct user_flock){.type = (int16_t)range->type,
            .whence = SEEK_SET,
            .start = (int64_t)range->start,
            .length = range->end == INT64_MAX ? 0 : (int64_t)(range->end - range->start + 1),
            .pid = range->of_file ? -1 : number_translate(range->pid)};
    return copy_to_user(to, flock);
}

static bool may_be_locked(const struct file *file, int type)
{
    unsigned mode = file->flags & O_ACCMODE;
    return type == F_UNLCK || mode == O_RDWR || mode == (type == F_RDLCK ? O_RDONLY : O_WRONLY);
}

/* A lock of the process's. If another task has closed the descriptor meanwhile, that should have dropped it. */
static long set(struct file *file, int fd, const struct lock_range *range, bool wait)
{
    int error = lock_range_set(file, range, wait);
    if (error || range->of_file || range->type == F_UNLCK || files_are_own(task_current()->files))
        return error;
    struct file *now = files_find(task_current()->files, fd);
    if (now)
        file_put(now);
    if (now == file)
        return 0;
    locks_drop_owner(file, range->owner);
    return -EBADF;
}

long lock_control(struct file *file, int fd, int command, uaddr_t argument)
{
    bool of_file = command >= F_OFD_GETLK;
    struct user_flock flock;
    struct lock_range range = {.owner = of_file ? (const void *)file : task_current()->files,
        .of_file = of_file,
        .pid = task_current()->process->number};
    if (command < F_GETLK || (command > F_SETLKW && !of_file) || command > F_OFD_SETLKW)
        return -EINVAL;
    if (copy_from_user(&flock, argument) < 0)
        return -EFAULT;
    int error = of_file && flock.pid != 0 ? -EINVAL : range_read(file, &flock, &range);
    if (error)
        return error;
    if (command == F_GETLK || command == F_OFD_GETLK)
        return test(file, &range, &flock, argument);
    if (!may_be_locked(file, range.type))
        return -EBADF;
    return set(file, fd, &range, command == F_SETLKW || command == F_OFD_SETLKW);
}

#define LOCK_SH 1u
#define LOCK_EX 2u
#define LOCK_NB 4u
#define LOCK_UN 8u
#define LOCK_MAND 32u

long sys_flock(const uint64_t a[6])
{
    unsigned operation = (unsigned)a[1], what = operation & ~LOCK_NB;
    if (operation & LOCK_MAND)
        return 0; /* what Linux no longer does, and does not refuse */
    if (what != LOCK_SH && what != LOCK_EX && what != LOCK_UN)
        return -EINVAL;
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = -EBADF;
    if (what == LOCK_UN || (file->flags & O_ACCMODE) != O_ACCMODE)
        result = lock_file_set(file,
            what == LOCK_SH   ? F_RDLCK
            : what == LOCK_EX ? F_WRLCK
                              : F_UNLCK,
            task_current()->process->number, !(operation & LOCK_NB));
    file_put(file);
    return result;
}
