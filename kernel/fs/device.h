/*
 * Character devices: what is behind the device nodes of any file system, by number (major << 8 | minor, the numbers of
 * Linux's Documentation/admin-guide/devices.txt). They are registered while the kernel starts and stay; so looking one
 * up takes no lock.
 */
#ifndef CORRODE_FS_DEVICE_H
#define CORRODE_FS_DEVICE_H

#include "fs/fs.h"

#define DEVICE_NUMBER(major, minor) ((uint32_t)(major) << 8 | (minor))
#define DEVICE_NULL DEVICE_NUMBER(1, 3)
#define DEVICE_ZERO DEVICE_NUMBER(1, 5)
#define DEVICE_CONSOLE DEVICE_NUMBER(5, 1)

/* Files that are opened on a node of that number get OPS. Panics when there are too many. */
void device_register(uint32_t number, const struct file_ops *ops);

/* The lowest number from NUMBER on that has a device; false: none. For reports. */
bool device_next(uint32_t *number);

/* NULL: there is no such device. */
const struct file_ops *device_find(uint32_t number);

/* The devices that are nothing but numbers: null and zero. */
void devices_init(void);

#endif
