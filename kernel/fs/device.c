/*
 * Character devices by number: see device.h.
 */
#include "fs/device.h"

#include "fs/devtmpfs.h"
#include "fs/kmsg.h"
#include "panic.h"

#define DEVICES_MAX 96

static struct device devices[DEVICES_MAX];
static unsigned device_count;

void device_register(uint32_t number, const char *name, uint32_t mode, const struct file_ops *ops)
{
    ASSERT(device_count < DEVICES_MAX);
    struct device *device = &devices[device_count++];
    *device = (struct device){.number = number, .name = name, .mode = mode, .ops = ops};
    devtmpfs_add(device);
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

const struct device *device_at(unsigned *index)
{
    return *index < device_count ? &devices[(*index)++] : NULL;
}

void devices_init(void)
{
    memory_devices_init();
    kmsg_init();
}
