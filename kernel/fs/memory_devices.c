/*
 * The devices that are nothing but an idea: null, zero, full, random and urandom.
 *
 * Where they may be read and written, any position does as well as any other, so all seeking leads to 0.
 *
 * Source: null(4), full(4), random(4).
 */
#include "arch/x86_64/user.h"
#include "fs/credentials.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "random.h"

static long read_nothing(struct file *file, struct iov *to, uint64_t *position)
{
    return 0;
}

static long read_zeros(struct file *file, struct iov *to, uint64_t *position)
{
    size_t wanted = to->left, done = iov_zero(to, wanted);
    return done == 0 && wanted > 0 ? -EFAULT : (long)done;
}

static long write_nowhere(struct file *file, struct iov *from, uint64_t *position)
{
    return (long)from->left;
}

static long write_full(struct file *file, struct iov *from, uint64_t *position)
{
    return -ENOSPC;
}

static long seek_nowhere(struct file *file, int64_t offset, int whence)
{
    return 0;
}

/* Zeros that are mapped are memory without a file. */
static int map_zeros(struct file *file, struct vm_object **object, uint64_t *offset)
{
    return FILE_MAP_ANONYMOUS;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Random numbers
 */

static long read_random(struct file *file, struct iov *to, uint64_t *position)
{
    uint8_t bytes[256];
    size_t wanted = to->left, total = 0;
    while (total < wanted) {
        size_t piece = min_u64(sizeof bytes, wanted - total);
        random_bytes(bytes, piece);
        size_t done = iov_copy_out(to, bytes, piece);
        total += done;
        if (done < piece)
            return total ? (long)total : -EFAULT;
        if (total % PAGE_SIZE == 0 && thread_current()->attention)
            break; /* a signal need not wait for gigabytes */
    }
    return (long)total;
}

/* What anybody may write is stirred in, and counts for nothing. */
static long write_random(struct file *file, struct iov *from, uint64_t *position)
{
    uint8_t bytes[256];
    size_t wanted = from->left, total = 0;
    while (total < wanted) {
        size_t piece = min_u64(sizeof bytes, wanted - total), done = iov_copy_in(from, bytes, piece);
        random_add_entropy(bytes, done, 0);
        total += done;
        if (done < piece)
            return total ? (long)total : -EFAULT;
        if (total % PAGE_SIZE == 0 && thread_current()->attention)
            break;
    }
    return (long)total;
}

static unsigned poll_random(struct file *file, struct poll_table *table)
{
    return POLLIN | POLLRDNORM; /* it never waits */
}

#define RNDGETENTCNT 0x80045200u
#define RNDADDTOENTCNT 0x40045201u
#define RNDADDENTROPY 0x40085203u
#define RNDZAPENTCNT 0x5204u
#define RNDCLEARPOOL 0x5206u
#define RNDRESEEDCRNG 0x5207u
#define POOL_BITS 256

/* struct rand_pool_info: bits, bytes, and those. */
static long add_entropy(uaddr_t from)
{
    int32_t head[2];
    uint8_t bytes[256];
    if (copy_from_user(&head, from) < 0)
        return -EFAULT;
    if (head[0] < 0)
        return -EINVAL;
    if (head[1] < 0)
        return -EFAULT;
    size_t left = (size_t)head[1];
    uint64_t bits = (uint64_t)head[0];
    for (from += sizeof head; left > 0; from += min_u64(left, sizeof bytes), left -= min_u64(left, sizeof bytes)) {
        size_t piece = min_u64(left, sizeof bytes);
        if (user_read(bytes, from, piece) != 0)
            return -EFAULT;
        unsigned credit = (unsigned)min_u64(bits, 8 * piece);
        random_add_entropy(bytes, piece, credit);
        bits -= credit;
    }
    return 0;
}

static long ioctl_random(struct file *file, unsigned command, uintptr_t argument)
{
    const int32_t bits = POOL_BITS;
    int32_t added;
    if (command == RNDGETENTCNT)
        return copy_to_user(argument, &bits);
    if (command != RNDADDTOENTCNT && command != RNDADDENTROPY && command != RNDZAPENTCNT && command != RNDCLEARPOOL &&
        command != RNDRESEEDCRNG)
        return -EINVAL;
    if (!credentials_capable(credentials_current(), CAP_SYS_ADMIN))
        return -EPERM;
    if (command == RNDADDENTROPY)
        return add_entropy(argument);
    if (command == RNDADDTOENTCNT)
        return copy_from_user(&added, argument) < 0 ? -EFAULT : added < 0 ? -EINVAL : 0;
    return 0; /* there is nothing to clear, and each answer is from a new key */
}

/* Nothing moves the position, so there is nothing to lock. */
#define ANYWHERE .seek = seek_nowhere, .locks_position = true

void memory_devices_init(void)
{
    static const struct file_ops null = {ANYWHERE, .read = read_nothing, .write = write_nowhere};
    static const struct file_ops zero = {ANYWHERE, .read = read_zeros, .write = write_nowhere, .map = map_zeros};
    static const struct file_ops full = {ANYWHERE, .read = read_zeros, .write = write_full};
    static const struct file_ops random = {
        ANYWHERE, .read = read_random, .write = write_random, .poll = poll_random, .ioctl = ioctl_random};
    static const struct file_ops urandom = {
        ANYWHERE, .read = read_random, .write = write_random, .ioctl = ioctl_random};
    device_register(DEVICE_NULL, "null", 0666, &null);
    device_register(DEVICE_ZERO, "zero", 0666, &zero);
    device_register(DEVICE_FULL, "full", 0666, &full);
    device_register(DEVICE_RANDOM, "random", 0666, &random);
    device_register(DEVICE_URANDOM, "urandom", 0666, &urandom);
}
