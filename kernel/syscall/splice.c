/*
 * splice, tee, vmsplice (fs/splice.h).
 *
 * vmsplice copies: what a program does to its memory afterwards is not seen in the pipe.
 *
 * Source: splice(2), tee(2), vmsplice(2).
 */
#include "fs/splice.h"

#include "syscall/handlers.h"
#include "syscall/ranges.h"
#include "syscall/transfer.h"

#define SPLICE_F_MOVE 1u
#define SPLICE_F_NONBLOCK 2u
#define SPLICE_F_MORE 4u
#define SPLICE_F_GIFT 8u
#define SPLICE_F_ALL (SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT)

/* One end: a file, and where in it. */
struct end {
    struct file_use use;
    struct pipe *pipe;   /* that it is; NULL: none */
    uaddr_t position_at; /* where the program has the position; 0: it is the file's own */
    uint64_t position;
};

static bool can(const struct file *file, unsigned mode)
{
    unsigned has = file->flags & O_ACCMODE;
    return has == O_RDWR || has == mode;
}

static int end_begin(struct end *end, int fd, uaddr_t position_at)
{
    *end = (struct end){.use = files_use(task_current()->files, fd), .position_at = position_at};
    if (end->use.file == NULL)
        return -EBADF;
    end->pipe = pipe_of(end->use.file);
    return 0;
}

static int read_positions(struct end *in, struct end *out)
{
    if ((in->pipe && in->position_at) || (out->pipe && out->position_at))
        return -ESPIPE;
    if (out->position_at && copy_from_user(&out->position, out->position_at) < 0)
        return -EFAULT;
    return in->position_at ? copy_from_user(&in->position, in->position_at) : 0;
}

/* Can the file that is no pipe do that? */
static int check_file(const struct end *end, bool write)
{
    const struct file *file = end->use.file;
    if (end->position_at && (file->ops->stream || (int64_t)end->position < 0))
        return -EINVAL;
    return (write ? file->ops->write : file->ops->read) == NULL ? -EINVAL : 0;
}

static uint64_t *position_of(struct end *end)
{
    return end->position_at ? &end->position : NULL;
}

static long to_pipe(struct end *in, struct end *out, size_t length, bool nonblock)
{
    int error = check_file(in, false);
    if (error)
        return error;
    long result = splice_to_pipe(out->pipe, in->use.file, position_of(in), length, nonblock);
    if (result == -EPIPE)
        signal_send_self(SIGPIPE);
    return result;
}

static long from_pipe(struct end *in, struct end *out, size_t length, bool nonblock)
{
    int error = out->use.file->flags & O_APPEND ? -EINVAL : check_file(out, true);
    if (error)
        return error;
    return splice_from_pipe(in->pipe, out->use.file, position_of(out), length, nonblock, program_write);
}

static long between(struct end *in, struct end *out, size_t length, bool nonblock, bool copy)
{
    if (in->pipe == out->pipe)
        return -EINVAL;
    long result = splice_between(in->pipe, out->pipe, length, nonblock, copy);
    if (result == -EPIPE)
        signal_send_self(SIGPIPE);
    return result;
}

static long move(struct end *in, struct end *out, size_t length, unsigned flags, bool copy)
{
    unsigned in_flags = in->use.file->flags, out_flags = out->use.file->flags;
    bool nonblock = flags & SPLICE_F_NONBLOCK || ((in->pipe ? in_flags : 0) | (out->pipe ? out_flags : 0)) & O_NONBLOCK;
    if (!can(in->use.file, O_RDONLY) || !can(out->use.file, O_WRONLY))
        return -EBADF;
    if (in->pipe && out->pipe)
        return between(in, out, length, nonblock, copy);
    if (copy)
        return -EINVAL;
    return in->pipe ? from_pipe(in, out, length, nonblock) : out->pipe ? to_pipe(in, out, length, nonblock) : -EINVAL;
}

static int tell_positions(const struct end *in, const struct end *out)
{
    int error = out->position_at ? copy_to_user(out->position_at, &out->position) : 0;
    return error || in->position_at == 0 ? error : copy_to_user(in->position_at, &in->position);
}

static long call(int in_fd, uaddr_t in_at, int out_fd, uaddr_t out_at, uint64_t length, unsigned flags, bool copy)
{
    struct end in, out = {.pipe = NULL};
    if (flags & ~SPLICE_F_ALL)
        return -EINVAL;
    if (length == 0)
        return 0;
    long result = end_begin(&in, in_fd, in_at);
    if (result == 0)
        result = end_begin(&out, out_fd, out_at);
    if (result == 0)
        result = read_positions(&in, &out);
    if (result == 0)
        result = move(&in, &out, min_u64(length, TRANSFER_MAX), flags, copy);
    if (result >= 0 && tell_positions(&in, &out) < 0)
        result = -EFAULT;
    file_unuse(out.use);
    file_unuse(in.use);
    return result;
}

long sys_splice(const uint64_t a[6])
{
    return call((int)a[0], a[1], (int)a[2], a[3], a[4], (unsigned)a[5], false);
}

long sys_tee(const uint64_t a[6])
{
    return call((int)a[0], 0, (int)a[1], 0, a[2], (unsigned)a[3], true);
}

static long splice_memory(struct file *file, uaddr_t from, uint64_t count, unsigned flags)
{
    struct ranges ranges;
    long result = ranges_begin(&ranges, from, count);
    ranges.iov.nonblock = flags & SPLICE_F_NONBLOCK;
    if (result == 0 && ranges.iov.left > 0)
        result = pipe_of(file) == NULL ? -EBADF
                 : can(file, O_WRONLY) ? program_write(file, &ranges.iov, NULL)
                                       : file_read(file, &ranges.iov, NULL);
    ranges_end(&ranges);
    return result;
}

long sys_vmsplice(const uint64_t a[6])
{
    unsigned flags = (unsigned)a[3];
    if (flags & ~SPLICE_F_ALL)
        return -EINVAL;
    struct file_use use = files_use(task_current()->files, (int)a[0]);
    if (use.file == NULL)
        return -EBADF;
    long result = splice_memory(use.file, a[1], a[2], flags);
    file_unuse(use);
    return result;
}
