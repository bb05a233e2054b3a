/*
 * Moving bytes through lists of ranges: see iov.h.
 */
#include "fs/iov.h"

#include "arch/x86_64/user.h"
#include "lib/string.h"

static void init(struct iov *iov, void *base, size_t length, bool user)
{
    *iov = (struct iov){.one = {.base = base, .length = length}, .count = 1, .left = length, .user = user};
    iov->ranges = &iov->one;
}

void iov_init_user(struct iov *iov, void *base, size_t length)
{
    init(iov, base, length, true);
}

void iov_init_kernel(struct iov *iov, void *base, size_t length)
{
    init(iov, base, length, false);
}

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

static size_t move(struct iov *iov, char *buffer, size_t length, enum direction direction)
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

size_t iov_copy_out(struct iov *to, const void *from, size_t length)
{
    return move(to, (char *)from, length, OUT);
}

size_t iov_copy_in(struct iov *from, void *to, size_t length)
{
    return move(from, to, length, IN);
}

size_t iov_zero(struct iov *to, size_t length)
{
    return move(to, NULL, length, ZERO);
}
