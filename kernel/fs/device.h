/*
 * Character devices: what is behind the device nodes of any file system, by number (major << 8 | minor, the numbers of
 * Linux's Documentation/admin-guide/devices.txt). They are registered while the kernel starts and stay; so looking one
 * up takes no lock. Those with a name have a node in devtmpfs (devtmpfs.h).
 */
#ifndef CORRODE_FS_DEVICE_H
#define CORRODE_FS_DEVICE_H

#include "fs/fs.h"

#define DEVICE_NUMBER(major, minor) ((uint32_t)(major) << 8 | (minor))
#define DEVICE_NULL DEVICE_NUMBER(1, 3)
#define DEVICE_ZERO DEVICE_NUMBER(1, 5)
#define DEVICE_FULL DEVICE_NUMBER(1, 7)
#define DEVICE_RANDOM DEVICE_NUMBER(1, 8)
#define DEVICE_URANDOM DEVICE_NUMBER(1, 9)
#define DEVICE_KMSG DEVICE_NUMBER(1, 11)
#define DEVICE_CONSOLE DEVICE_NUMBER(5, 1)

struct device {
    uint32_t number;
    uint32_t mode;    /* permissions of the node */
    const char *name; /* of the node, in /dev; NULL: it has none */
    const struct file_ops *ops;
};

/* Files that are opened on a node of that number get OPS. NAME stays where it is. Panics when there are too many. */
void device_register(uint32_t number, const char *name, uint32_t mode, const struct file_ops *ops);

/* The lowest number from NUMBER on that has a device; false: none. For reports. */
bool device_next(uint32_t *number);

/* NULL: there is no such device. */
const struct file_ops *device_find(uint32_t number);

/* One after another: the device at *INDEX, which moves on; NULL: there are no more. */
const struct device *device_at(unsigned *index);

/* The devices that need no driver: null, zero, full, random, urandom (memory_devices.c), kmsg (kmsg.c). */
void devices_init(void);
void memory_devices_init(void);

#endif
