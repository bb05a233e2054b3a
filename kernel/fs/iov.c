/*
 * Moving bytes through lists of ranges: see iov.h.
 */
#include "fs/iov.h"

#include "arch/x86_64/user.h"
#include "lib/string.h"

enum direction { OUT, IN, ZERO };

/* Moves a piece; returns how many bytes did not make it. */
static size_t move_piece(const struct iov *iov, void *base, void *buffer, size_t length, enum direction direction)
{
    if (iov->user)
        return direction == OUT  ? user_write((uaddr_t)base, buffer, length)
               : direction == IN ? user_read(buffer, (uaddr_t)base, length)
                                 : user_zero((uaddr_t)base, length);
    if (direction == OUT)
        memcpy(base, buffer, length);
    else if (direction == IN)
        memcpy(buffer, base, length);
    else
        memset(base, 0, length);
    return 0;
}

__attribute__((noinline)) static size_t move(struct iov *iov, char *buffer, size_t length, enum direction direction)
{
    size_t done = 0;
    length = min_u64(length, iov->left);
    while (done < length) {
        const struct iov_range *range = iov->ranges;
        size_t piece = min_u64(range->length - iov->skip, length - done);
        size_t missed =
            piece ? move_piece(iov, (char *)range->base + iov->skip, buffer + (buffer ? done : 0), piece, direction)
                  : 0;
        done += piece - missed;
        iov->skip += piece - missed;
        iov->left -= piece - missed;
        if (missed)
            break;
        if (iov->skip == range->length) {
            iov->ranges++;
            iov->count--;
            iov->skip = 0;
        }
    }
    return done;
}

/* Does all of it lie in what is left of the current range, in a program? Then there is nothing to go through. */
static inline bool is_one_piece(const struct iov *iov, size_t length)
{
    return length > 0 && length <= iov->left && length <= iov->ranges->length - iov->skip && iov->user;
}

static inline uaddr_t here(const struct iov *iov)
{
    return (uaddr_t)iov->ranges->base + iov->skip;
}

/* A range that is done stays the current one until `move` passes by it. */
static inline size_t advance(struct iov *iov, size_t done)
{
    iov->skip += done;
    iov->left -= done;
    return done;
}

size_t iov_copy_out(struct iov *to, const void *from, size_t length)
{
    if (is_one_piece(to, length))
        return advance(to, length - user_write(here(to), from, length));
    return move(to, (char *)from, length, OUT);
}

size_t iov_copy_in(struct iov *from, void *to, size_t length)
{
    if (is_one_piece(from, length))
        return advance(from, length - user_read(to, here(from), length));
    return move(from, to, length, IN);
}

size_t iov_zero(struct iov *to, size_t length)
{
    if (is_one_piece(to, length))
        return advance(to, length - user_zero(here(to), length));
    return move(to, NULL, length, ZERO);
}
