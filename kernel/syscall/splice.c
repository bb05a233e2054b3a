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

static long end_begin(struct end *end, int fd, unsigned mode, uaddr_t position_at)
{
    *end = (struct end){.use = files_use(task_current()->files, fd), .position_at = position_at};
    if (end->use.file == NULL)
        return -EBADF;
    end->pipe = pipe_of(end->use.file);
    return can(end->use.file, mode) ? 0 : -EBADF;
}

/* The position that the call is to use; the program's is read. */
static long end_position(struct end *end, uint64_t **position)
{
    *position = NULL;
    if (end->position_at == 0)
        return 0;
    if (end->use.file->ops->stream)
        return -EINVAL;
    if (copy_from_user(&end->position, end->position_at) < 0)
        return -EFAULT;
    *position = &end->position;
    return (int64_t)end->position < 0 ? -EINVAL : 0;
}

static bool waits_not(const struct end *in, const struct end *out)
{
    return ((in->pipe ? in->use.file->flags : 0) | (out->pipe ? out->use.file->flags : 0)) & O_NONBLOCK;
}

static long to_pipe(struct end *in, struct end *out, size_t length, bool nonblock)
{
    uint64_t *position;
    if (out->position_at)
        return -ESPIPE;
    long result = end_position(in, &position);
    if (result == 0)
        result = in->use.file->ops->read == NULL ? -EINVAL
                                                 : splice_to_pipe(out->pipe, in->use.file, position, length, nonblock);
    return result > 0 && position && copy_to_user(in->position_at, position) < 0 ? -EFAULT : result;
}

static long from_pipe(struct end *in, struct end *out, size_t length, bool nonblock)
{
    uint64_t *position;
    if (in->position_at)
        return -ESPIPE;
    long result = end_position(out, &position);
    if (result == 0)
        result = out->use.file->flags & O_APPEND || out->use.file->ops->write == NULL
                     ? -EINVAL
                     : splice_from_pipe(in->pipe, out->use.file, position, length, nonblock, program_write);
    return result > 0 && position && copy_to_user(out->position_at, position) < 0 ? -EFAULT : result;
}

static long between(struct end *in, struct end *out, size_t length, bool nonblock, bool copy)
{
    if (in->position_at || out->position_at)
        return -ESPIPE;
    return in->pipe == out->pipe ? -EINVAL : splice_between(in->pipe, out->pipe, length, nonblock, copy);
}

static long move(struct end *in, struct end *out, size_t length, unsigned flags, bool copy)
{
    bool nonblock = flags & SPLICE_F_NONBLOCK || waits_not(in, out);
    long result = -EINVAL;
    if (in->pipe && out->pipe)
        result = between(in, out, length, nonblock, copy);
    else if (in->pipe && !copy)
        return from_pipe(in, out, length, nonblock);
    else if (out->pipe && !copy)
        result = to_pipe(in, out, length, nonblock);
    if (result == -EPIPE)
        signal_send_self(SIGPIPE);
    return result;
}

static long call(int in_fd, uaddr_t in_at, int out_fd, uaddr_t out_at, uint64_t length, unsigned flags, bool copy)
{
    struct end in, out = {.pipe = NULL};
    if (flags & ~SPLICE_F_ALL)
        return -EINVAL;
    if (length == 0)
        return 0;
    long result = end_begin(&in, in_fd, O_RDONLY, in_at);
    if (result == 0)
        result = end_begin(&out, out_fd, O_WRONLY, out_at);
    if (result == 0)
        result = move(&in, &out, min_u64(length, TRANSFER_MAX), flags, copy);
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

long sys_vmsplice(const uint64_t a[6])
{
    unsigned flags = (unsigned)a[3];
    struct ranges ranges;
    if (flags & ~SPLICE_F_ALL)
        return -EINVAL;
    struct file_use use = files_use(task_current()->files, (int)a[0]);
    long result = use.file == NULL || pipe_of(use.file) == NULL ? -EBADF : 0;
    if (result == 0) {
        result = ranges_begin(&ranges, a[1], a[2]);
        ranges.iov.nonblock = flags & SPLICE_F_NONBLOCK;
        if (result == 0)
            result = can(use.file, O_WRONLY) ? program_write(use.file, &ranges.iov, NULL)
                                             : file_read(use.file, &ranges.iov, NULL);
        ranges_end(&ranges);
    }
    file_unuse(use);
    return result;
}
