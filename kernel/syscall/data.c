/*
 * System calls that move bytes between a program and open files: kernel/fs does it, this finds the file and checks the
 * ranges.
 *
 * Source: read(2), pread(2), readv(2), preadv2(2).
 */
#include "fs/attributes.h"
#include "syscall/handlers.h"
#include "syscall/ranges.h"
#include "syscall/transfer.h"

static uint64_t size_limit(void)
{
    return task_current()->process->limits[RLIMIT_FSIZE].current;
}

long program_read(struct file *file, struct iov *to, uint64_t *position)
{
    struct io_usage *usage = &task_current()->io;
    long result = file_read(file, to, position);
    usage->reads++;
    usage->read_bytes += result > 0 ? (uint64_t)result : 0;
    return result;
}

long program_write(struct file *file, struct iov *from, uint64_t *position)
{
    from->limit = size_limit();
    from->limited = from->limit != RLIM_INFINITY;
    if (__builtin_expect(file->inode->mode & (S_ISUID | S_ISGID), 0))
        inode_drop_privileges(file->inode, task_current()->credentials);
    struct io_usage *usage = &task_current()->io;
    long result = file_write(file, from, position);
    usage->writes++;
    usage->written_bytes += result > 0 ? (uint64_t)result : 0;
    /* Who writes where nobody reads any more, or more than he may, is told by a signal, too. */
    if (__builtin_expect(from->broken | from->exceeds, 0))
        signal_send_self(from->broken ? SIGPIPE : SIGXFSZ);
    return result;
}

int program_check_size(const struct inode *inode, uint64_t size)
{
    if (size <= inode->size || size <= size_limit())
        return 0;
    signal_send_self(SIGXFSZ);
    return -EFBIG;
}

static long transfer(const uint64_t a[6], transfer_function *function)
{
    struct file_use use = files_use(task_current()->files, (int)a[0]);
    struct file *file = use.file;
    if (file == NULL)
        return -EBADF;
    struct iov iov;
    long result = -EFAULT;
    if (user_range_ok(a[1], a[2])) {
        iov_init_user(&iov, (void *)a[1], min_u64(a[2], TRANSFER_MAX));
        result = function(file, &iov, NULL);
    }
    file_unuse(use);
    return result;
}

long sys_read(const uint64_t a[6])
{
    return transfer(a, program_read);
}

long sys_write(const uint64_t a[6])
{
    return transfer(a, program_write);
}

/* At the offset that the call names, leaving the file's own position alone. */
static long transfer_at(const uint64_t a[6], transfer_function *function)
{
    uint64_t position = a[3];
    struct iov iov;
    if ((int64_t)position < 0)
        return -EINVAL;
    struct file_use use = files_use(task_current()->files, (int)a[0]);
    struct file *file = use.file;
    if (file == NULL)
        return -EBADF;
    long result = file->ops->stream ? -ESPIPE : -EFAULT;
    if (!file->ops->stream && user_range_ok(a[1], a[2])) {
        iov_init_user(&iov, (void *)a[1], min_u64(a[2], TRANSFER_MAX));
        result = function(file, &iov, &position);
    }
    file_unuse(use);
    return result;
}

long sys_pread64(const uint64_t a[6])
{
    return transfer_at(a, program_read);
}

long sys_pwrite64(const uint64_t a[6])
{
    return transfer_at(a, program_write);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Several ranges
 */

#define RWF_HIPRI 1u
#define RWF_DSYNC 2u
#define RWF_SYNC 4u
#define RWF_APPEND 16u
#define RWF_KNOWN (RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_APPEND)

/* POSITION NULL: the file's own. FLAGS: RWF_*; who moves nothing may ask for any. */
static long transfer_ranges(const uint64_t a[6], transfer_function *function, uint64_t *position, unsigned flags)
{
    struct ranges ranges;
    struct file_use use = files_use(task_current()->files, (int)a[0]);
    struct file *file = use.file;
    if (file == NULL)
        return -EBADF;
    long result = -ESPIPE;
    if (position && file->ops->stream)
        goto out_file;
    result = ranges_begin(&ranges, a[1], a[2]);
    if (result == 0 && ranges.iov.left > 0 && flags & ~RWF_KNOWN)
        result = -EOPNOTSUPP;
    if (result == 0) {
        ranges.iov.append = flags & RWF_APPEND;
        result = function(file, &ranges.iov, position);
    }
    ranges_end(&ranges);
out_file:
    file_unuse(use);
    return result;
}

long sys_readv(const uint64_t a[6])
{
    return transfer_ranges(a, program_read, NULL, 0);
}

long sys_writev(const uint64_t a[6])
{
    return transfer_ranges(a, program_write, NULL, 0);
}

/* The offset is in one register; the next, meant for its upper half, counts for nothing on 64 bits. */
static long transfer_ranges_at(const uint64_t a[6], transfer_function *function)
{
    uint64_t position = a[3];
    return (int64_t)position < 0 ? -EINVAL : transfer_ranges(a, function, &position, 0);
}

long sys_preadv(const uint64_t a[6])
{
    return transfer_ranges_at(a, program_read);
}

long sys_pwritev(const uint64_t a[6])
{
    return transfer_ranges_at(a, program_write);
}

/* Offset -1: the file's own position. What is written is as safe as it will be, so the flags that ask for more of that
 * hold. RWF_NOWAIT no file system here can promise. */
static long transfer_ranges_with(const uint64_t a[6], transfer_function *function)
{
    uint64_t position = a[3];
    if ((int64_t)position < -1)
        return -EINVAL;
    return transfer_ranges(a, function, position == UINT64_MAX ? NULL : &position, (unsigned)a[5]);
}

long sys_preadv2(const uint64_t a[6])
{
    return transfer_ranges_with(a, program_read);
}

long sys_pwritev2(const uint64_t a[6])
{
    return transfer_ranges_with(a, program_write);
}
