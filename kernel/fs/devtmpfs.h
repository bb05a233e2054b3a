/*
 * devtmpfs: the file system of /dev, in which the kernel makes a node for each device that it has; programs may add,
 * change and remove what they like. There is one, which all mounts show.
 */
#ifndef CORRODE_FS_DEVTMPFS_H
#define CORRODE_FS_DEVTMPFS_H

#include "fs/fs.h"

struct device;

/* Makes the file system, with nodes for the devices that there are. */
void devtmpfs_init(void);

/* A node for DEVICE, if it has a name and the file system is there already. */
void devtmpfs_add(const struct device *device);

/* Mounts it on /dev, which is made if need be. Before there are programs. */
void devtmpfs_mount(void);

#endif
