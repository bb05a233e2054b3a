/*
 * System calls that move bytes from file to file within the kernel.
 *
 * A piece at a time goes through a buffer. Both offsets are the call's own while it runs, so that what could be read
 * but not written is read again the next time.
 *
 * Source: sendfile(2), copy_file_range(2).
 */
#include "mm/slab.h"
#include "syscall/handlers.h"
#include "syscall/ranges.h"
#include "syscall/transfer.h"

#define BUFFER_SIZE KIB(32)

/* One end of a copy. */
struct end {
    struct file *file;
    uaddr_t offset_at; /* where the program has the offset; 0: it is the file's own position */
    uint64_t offset;
    bool streams; /* what has no position is written in turn */
};

static bool may_read(const struct file *file)
{
    unsigned mode = file->flags & O_ACCMODE;
    return mode == O_RDONLY || mode == O_RDWR;
}

static bool may_write(const struct file *file)
{
    unsigned mode = file->flags & O_ACCMODE;
    return mode == O_WRONLY || mode == O_RDWR;
}

/* Ended by end_close, also on errors. */
static int end_open(struct end *end, int fd, uaddr_t offset_at)
{
    *end = (struct end){.file = files_find(task_current()->files, fd), .offset_at = offset_at};
    if (end->file == NULL)
        return -EBADF;
    end->streams = end->file->ops->stream;
    if (offset_at == 0)
        end->offset = __atomic_load_n(&end->file->position, __ATOMIC_RELAXED);
    else if (copy_from_user(&end->offset, offset_at) < 0)
        return -EFAULT;
    return 0;
}

/* Tells where it has come to. */
static int end_tell(const struct end *end)
{
    if (end->offset_at)
        return copy_to_user(end->offset_at, &end->offset);
    if (!end->streams)
        __atomic_store_n(&end->file->position, end->offset, __ATOMIC_RELAXED);
    return 0;
}

static void end_close(struct end *end)
{
    if (end->file)
        file_put(end->file);
}

/* One piece: how much of it has arrived; 0: there is no more to read. */
static long copy_piece(struct end *in, struct end *out, char *buffer, size_t length)
{
    struct iov iov;
    uint64_t from = in->offset;
    iov_init_kernel(&iov, buffer, length);
    long there = program_read(in->file, &iov, &from);
    if (there <= 0)
        return there;
    iov_init_kernel(&iov, buffer, (size_t)there);
    long written = program_write(out->file, &iov, out->streams ? NULL : &out->offset);
    if (written > 0)
        in->offset += (uint64_t)written;
    return written;
}

static long copy(struct end *in, struct end *out, uint64_t length)
{
    char *buffer = kmalloc(min_u64(max_u64(length, 1), BUFFER_SIZE), 0);
    uint64_t total = 0;
    long moved = 1;
    if (buffer == NULL)
        return -ENOMEM;
    while (total < length && moved > 0) {
        size_t piece = min_u64(length - total, BUFFER_SIZE);
        moved = copy_piece(in, out, buffer, piece);
        total += moved > 0 ? (uint64_t)moved : 0;
        if (moved > 0 && ((size_t)moved < piece || thread_current()->attention))
            break;
    }
    kfree(buffer);
    return total || moved >= 0 ? (long)total : moved;
}

/* ------------------------------------------------------------------------------------------------------------------
 * sendfile
 */

static int check_sendfile(const struct end *in, const struct end *out, uint64_t length)
{
    if (!may_read(in->file))
        return -EBADF;
    if (in->offset_at && in->streams)
        return -ESPIPE;
    if (in->offset > INT64_MAX || length > INT64_MAX - in->offset)
        return -EINVAL;
    if (!may_write(out->file))
        return -EBADF;
    if ((in->file->inode->mode & S_IFMT) != S_IFREG || out->file->flags & O_APPEND || out->file->ops->write == NULL)
        return -EINVAL;
    return 0;
}

long sys_sendfile(const uint64_t a[6])
{
    struct end in, out = {.file = NULL};
    long result = end_open(&in, (int)a[1], a[2]);
    if (result == 0)
        result = end_open(&out, (int)a[0], 0);
    if (result == 0)
        result = check_sendfile(&in, &out, a[3]);
    if (result == 0)
        result = copy(&in, &out, min_u64(a[3], TRANSFER_MAX));
    if (result >= 0 && (end_tell(&out) < 0 || end_tell(&in) < 0))
        result = -EFAULT;
    end_close(&in);
    end_close(&out);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * copy_file_range
 */

/* *LENGTH shrinks to what can be copied. */
static int check_range(const struct end *in, const struct end *out, uint64_t *length)
{
    const struct inode *from = in->file->inode, *to = out->file->inode;
    uint32_t from_type = from->mode & S_IFMT, to_type = to->mode & S_IFMT;
    if (from_type == S_IFDIR || to_type == S_IFDIR)
        return -EISDIR;
    if (from_type != S_IFREG || to_type != S_IFREG)
        return -EINVAL;
    if (!may_read(in->file) || !may_write(out->file) || out->file->flags & O_APPEND)
        return -EBADF;
    if (from->super != to->super)
        return -EXDEV;
    if (*length > UINT64_MAX - in->offset || *length > UINT64_MAX - out->offset)
        return -EOVERFLOW;
    uint64_t size = __atomic_load_n(&from->size, __ATOMIC_ACQUIRE);
    *length = min_u64(*length, size > in->offset ? size - in->offset : 0);
    if (from == to && out->offset + *length > in->offset && out->offset < in->offset + *length)
        return -EINVAL; /* they overlap */
    return in->offset > INT64_MAX || out->offset > INT64_MAX ? -EINVAL : 0;
}

long sys_copy_file_range(const uint64_t a[6])
{
    struct end in, out = {.file = NULL};
    uint64_t length = a[4];
    long result = end_open(&in, (int)a[0], a[1]);
    if (result == 0)
        result = end_open(&out, (int)a[2], a[3]);
    if (result == 0 && (unsigned)a[5] != 0)
        result = -EINVAL;
    if (result == 0)
        result = check_range(&in, &out, &length);
    if (result == 0)
        result = copy(&in, &out, min_u64(length, TRANSFER_MAX));
    if (result > 0 && (end_tell(&in) < 0 || end_tell(&out) < 0))
        result = -EFAULT;
    end_close(&in);
    end_close(&out);
    return result;
}
