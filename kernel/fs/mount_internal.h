/*
 * What mount.c and mount_tree.c share.
 */
#ifndef CORRODE_FS_MOUNT_INTERNAL_H
#define CORRODE_FS_MOUNT_INTERNAL_H

#include "fs/dentry.h"
#include "fs/mount.h"

extern struct rwspinlock mount_lock;
extern struct list mounts; /* all that have a place */

/* One that has no place yet; takes the caller's reference to SUPER over, in any case. NULL: no memory. */
struct mount *mount_create(struct superblock *super, struct dentry *root, const char *source, unsigned flags);

#endif
