/*
 * System calls about open files: kernel/fs does it, this finds the file and checks what the program says.
 *
 * Source: read(2), readv(2), lseek(2).
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

static long transfer_ranges(const uint64_t a[6], transfer_function *function)
{
    struct iov_range few[8], *ranges = few;
    uint64_t count = a[2];
    struct iov iov;
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = -EINVAL;
    if (count > IOV_MAX)
        goto out_file;
    if (count > ARRAY_LENGTH(few))
        ranges = kmalloc(count * sizeof *ranges, 0);
    result = ranges == NULL ? -ENOMEM : ranges_read(&iov, ranges, a[1], count);
    if (result == 0)
        result = function(file, &iov, NULL);
    if (ranges != few)
        kfree(ranges);
out_file:
    file_put(file);
    return result;
}

long sys_readv(const uint64_t a[6])
{
    return transfer_ranges(a, file_read);
}

long sys_writev(const uint64_t a[6])
{
    return transfer_ranges(a, file_write);
}

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
