/*
 * Changing what an inode says of a file: size, mode, owner, times. Who may do that, and what else changes with it.
 */
#ifndef CORRODE_FS_ATTRIBUTES_H
#define CORRODE_FS_ATTRIBUTES_H

#include "fs/fs.h"

/* The file ends at SIZE from now on: 0, -EINVAL for what has no size, -EFBIG. The caller has seen to the permission. */
int inode_set_size(struct inode *inode, uint64_t size);

#endif
