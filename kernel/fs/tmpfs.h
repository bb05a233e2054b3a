/*
 * The file system in memory: see tmpfs.c.
 */
#ifndef CORRODE_FS_TMPFS_H
#define CORRODE_FS_TMPFS_H

#include "fs/fs.h"

extern const struct filesystem tmpfs;

#endif
