/*
 * What mount.c, mount_tree.c and mount_space.c share.
 */
#ifndef CORRODE_FS_MOUNT_INTERNAL_H
#define CORRODE_FS_MOUNT_INTERNAL_H

#include "fs/dentry.h"
#include "fs/mount.h"

extern struct rwspinlock mount_lock;
extern struct mutex mounts_change_lock; /* whoever changes the trees */

/* One that has no place yet; takes the caller's reference to SUPER over, in any case. NULL: no memory. */
struct mount *mount_create(struct superblock *super, struct dentry *root, const char *source, unsigned flags);

/* Makes those of TREE seen, in SPACE, that have their place in `on` already. mount_lock is held. */
void mounts_enter_locked(struct list *tree, struct mount_space *space);

/* MOUNT loses its place, and goes to the list GONE. mount_lock is held. */
void mount_take_locked(struct mount *mount, struct list *gone);

/* Gives the places' references back, of mounts that were taken away; or drops those that never got one. */
void mounts_drop(struct list *gone);

/* A copy of MOUNT that shows ROOT of it, at the end of TREE. NULL: no memory. */
struct mount *mount_copy(const struct mount *mount, struct dentry *root, struct list *tree);

/* Has somebody opened a file for writing in a mount of SUPER, in any namespace? mounts_change_lock is held. */
bool mounts_have_writers(const struct superblock *super);

#endif
