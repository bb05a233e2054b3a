/*
 * Character devices by number: see device.h; and the two that need no driver.
 *
 * Source: null(4).
 */
#include "fs/device.h"

#include "lib/errno.h"
#include "panic.h"

#define DEVICES_MAX 32

static struct {
    uint32_t number;
    const struct file_ops *ops;
} devices[DEVICES_MAX];
static unsigned device_count;

void device_register(uint32_t number, const struct file_ops *ops)
{
    ASSERT(device_count < DEVICES_MAX);
    devices[device_count].number = number;
    devices[device_count++].ops = ops;
}

const struct file_ops *device_find(uint32_t number)
{
    for (unsigned i = 0; i < device_count; i++)
        if (devices[i].number == number)
            return devices[i].ops;
    return NULL;
}

bool device_next(uint32_t *number)
{
    uint32_t lowest = UINT32_MAX;
    for (unsigned i = 0; i < device_count; i++)
        if (devices[i].number >= *number && devices[i].number < lowest)
            lowest = devices[i].number;
    *number = lowest;
    return lowest != UINT32_MAX;
}

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

static long seek_nowhere(struct file *file, int64_t offset, int whence)
{
    return 0;
}

void devices_init(void)
{
    static const struct file_ops null = {.read = read_nothing, .write = write_nowhere, .seek = seek_nowhere};
    static const struct file_ops zero = {.read = read_zeros, .write = write_nowhere, .seek = seek_nowhere};
    device_register(DEVICE_NULL, &null);
    device_register(DEVICE_ZERO, &zero);
}
