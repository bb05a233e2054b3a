/*
 * Where the bytes of a read go, and those of a write come from: a list of ranges, in a program's memory or the kernel's
 * own. Whoever moves bytes goes through it piece by piece, and need not know which it is. A place in a program that is
 * not there ends the transfer: the copy returns fewer bytes than asked.
 */
#ifndef CORRODE_FS_IOV_H
#define CORRODE_FS_IOV_H

#include "lib/types.h"

struct iov_range {
    void *base; /* as Linux's struct iovec */
    size_t length;
};

struct iov {
    const struct iov_range *ranges;
    size_t count;  /* ranges left, the current one first */
    size_t skip;   /* bytes of the current one that are done */
    size_t left;   /* bytes in all */
    bool user;     /* the ranges are a program's memory */
    bool broken;   /* a write found that nobody reads any more: SIGPIPE, though it may have moved bytes before */
    bool nonblock; /* do not wait, whatever the file's flags say: pipes heed it */
    bool append;   /* to be written at the end of the file, wherever that is by then */
    bool limited;  /* nothing is written beyond byte `limit` of a regular file: RLIMIT_FSIZE */
    bool exceeds;  /* a write found that it would be: SIGXFSZ */
    uint64_t limit;
    struct iov_range one; /* for those who have but one range */
};

/* One range. */
static inline void iov_init(struct iov *iov, void *base, size_t length, bool user)
{
    *iov = (struct iov){
        .ranges = &iov->one, .count = 1, .left = length, .user = user, .one = {.base = base, .length = length}};
}

static inline void iov_init_user(struct iov *iov, void *base, size_t length)
{
    iov_init(iov, base, length, true);
}

static inline void iov_init_kernel(struct iov *iov, void *base, size_t length)
{
    iov_init(iov, base, length, false);
}

/* Moves bytes and advances: out to the ranges, or in from them. Returns how many. */
size_t iov_copy_out(struct iov *to, const void *from, size_t length);
size_t iov_copy_in(struct iov *from, void *to, size_t length);
size_t iov_zero(struct iov *to, size_t length);

#endif
