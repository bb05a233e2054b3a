/*
 * The lists of ranges (struct iovec) that programs pass to readv, writev and those like them.
 *
 *     struct ranges ranges;
 *     long result = ranges_begin(&ranges, a[1], a[2]);
 *     if (result == 0)
 *         result = file_read(file, &ranges.iov, NULL);
 *     ranges_end(&ranges);
 */
#ifndef CORRODE_SYSCALL_RANGES_H
#define CORRODE_SYSCALL_RANGES_H

#include "arch/x86_64/user.h"
#include "fs/iov.h"

#define IOV_MAX 1024                                /* ranges of one list */
#define TRANSFER_MAX (INT32_MAX & ~(PAGE_SIZE - 1)) /* bytes that one call moves, as on Linux */

struct ranges {
    struct iov iov;
    struct iov_range *all; /* `few`, or allocated */
    struct iov_range few[8];
};

/* Reads a list and checks it. COUNT as the register has it. -EINVAL, -EFAULT, -ENOMEM; ranges_end follows anyway. */
int ranges_begin(struct ranges *ranges, uaddr_t from, uint64_t count);
void ranges_end(struct ranges *ranges);

#endif
