/*
 * System calls that move bytes between a program and open files: kernel/fs does it, this finds the file and checks the
 * ranges.
 *
 * Source: read(2), pread(2), readv(2), preadv2(2).
 */
#include "mm/slab.h"
#include "syscall/handlers.h"

#define IOV_MAX 1024
#define TRANSFER_MAX (INT32_MAX & ~(PAGE_SIZE - 1)) /* what Linux moves with one call */

typedef long transfer_function(struct file *file, struct iov *iov, uint64_t *position);

static long transfer(const uint64_t a[6], transfer_function *function)
{
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    struct iov iov;
    long result = -EFAULT;
    if (user_range_ok(a[1], a[2])) {
        iov_init_user(&iov, (void *)a[1], min_u64(a[2], TRANSFER_MAX));
        result = function(file, &iov, NULL);
    }
    file_put(file);
    return result;
}

long sys_read(const uint64_t a[6])
{
    return transfer(a, file_read);
}

long sys_write(const uint64_t a[6])
{
    return transfer(a, file_write);
}

/* At the offset that the call names, leaving the file's own position alone. */
static long transfer_at(const uint64_t a[6], transfer_function *function)
{
    uint64_t position = a[3];
    struct iov iov;
    if ((int64_t)position < 0)
        return -EINVAL;
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = file->ops->stream ? -ESPIPE : -EFAULT;
    if (!file->ops->stream && user_range_ok(a[1], a[2])) {
        iov_init_user(&iov, (void *)a[1], min_u64(a[2], TRANSFER_MAX));
        result = function(file, &iov, &position);
    }
    file_put(file);
    return result;
}

long sys_pread64(const uint64_t a[6])
{
    return transfer_at(a, file_read);
}

long sys_pwrite64(const uint64_t a[6])
{
    return transfer_at(a, file_write);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Several ranges
 */

/* Reads the program's list of COUNT ranges and checks it. */
static int ranges_read(struct iov *iov, struct iov_range *ranges, uaddr_t from, size_t count)
{
    *iov = (struct iov){.ranges = ranges, .count = count, .user = true};
    if (user_read(ranges, from, count * sizeof *ranges) != 0)
        return -EFAULT;
    for (size_t i = 0; i < count; i++) {
        if (ranges[i].length > INT64_MAX)
            return -EINVAL;
        if (!user_range_ok((uaddr_t)ranges[i].base, ranges[i].length))
            return -EFAULT;
        ranges[i].length = min_u64(ranges[i].length, TRANSFER_MAX - iov->left);
        iov->left += ranges[i].length;
    }
    return 0;
}

/* POSITION NULL: the file's own. */
static long transfer_ranges(const uint64_t a[6], transfer_function *function, uint64_t *position, bool append)
{
    struct iov_range few[8], *ranges = few;
    uint64_t count = a[2];
    struct iov iov;
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = position && file->ops->stream ? -ESPIPE : count > IOV_MAX ? -EINVAL : 0;
    if (result < 0)
        goto out_file;
    if (count > ARRAY_LENGTH(few))
        ranges = kmalloc(count * sizeof *ranges, 0);
    result = ranges == NULL ? -ENOMEM : ranges_read(&iov, ranges, a[1], count);
    if (result == 0) {
        iov.append = append;
        result = function(file, &iov, position);
    }
    if (ranges != few)
        kfree(ranges);
out_file:
    file_put(file);
    return result;
}

long sys_readv(const uint64_t a[6])
{
    return transfer_ranges(a, file_read, NULL, false);
}

long sys_writev(const uint64_t a[6])
{
    return transfer_ranges(a, file_write, NULL, false);
}

/* The offset is in one register; the next, meant for its upper half, counts for nothing on 64 bits. */
static long transfer_ranges_at(const uint64_t a[6], transfer_function *function)
{
    uint64_t position = a[3];
    return (int64_t)position < 0 ? -EINVAL : transfer_ranges(a, function, &position, false);
}

long sys_preadv(const uint64_t a[6])
{
    return transfer_ranges_at(a, file_read);
}

long sys_pwritev(const uint64_t a[6])
{
    return transfer_ranges_at(a, file_write);
}

#define RWF_HIPRI 1u
#define RWF_DSYNC 2u
#define RWF_SYNC 4u
#define RWF_APPEND 16u

/* Offset -1: the file's own position. What is written is as safe as it will be, so the flags that ask for more of that
 * hold. RWF_NOWAIT no file system here can promise. */
static long transfer_ranges_with(const uint64_t a[6], transfer_function *function)
{
    uint64_t position = a[3];
    unsigned flags = (unsigned)a[5];
    if ((int64_t)position < -1)
        return -EINVAL;
    if (flags & ~(RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND))
        return -EOPNOTSUPP;
    return transfer_ranges(a, function, position == UINT64_MAX ? NULL : &position, flags & RWF_APPEND);
}

long sys_preadv2(const uint64_t a[6])
{
    return transfer_ranges_with(a, file_read);
}

long sys_pwritev2(const uint64_t a[6])
{
    return transfer_ranges_with(a, file_write);
}
