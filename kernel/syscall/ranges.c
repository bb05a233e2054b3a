/*
 * Lists of ranges: see ranges.h.
 *
 * Source: readv(2).
 */
#include "syscall/ranges.h"

#include "lib/errno.h"
#include "mm/slab.h"

static int read_and_check(struct iov *iov, struct iov_range *ranges, uaddr_t from, size_t count)
{
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

int ranges_begin(struct ranges *ranges, uaddr_t from, uint64_t register_count)
{
    uint32_t count = (uint32_t)register_count; /* Linux looks at that half only */
    ranges->all = ranges->few;
    if (count > IOV_MAX)
        return -EINVAL;
    if (count > ARRAY_LENGTH(ranges->few))
        ranges->all = kmalloc(count * sizeof *ranges->all, 0);
    if (ranges->all == NULL)
        return -ENOMEM;
    ranges->iov = (struct iov){.ranges = ranges->all, .count = count, .user = true};
    return read_and_check(&ranges->iov, ranges->all, from, count);
}

void ranges_end(struct ranges *ranges)
{
    if (ranges->all != ranges->few)
        kfree(ranges->all);
}
