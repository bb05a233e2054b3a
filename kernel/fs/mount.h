/*
 * Mounts: which file systems stand where in the tree of names. Each mount but the first covers a directory of another:
 * a walk that comes there goes on at the mount's root, and on its way up leaves by the directory it covers. Several may
 * cover one directory; the last one is seen.
 *
 * Locks: mount_lock (rwspin, rank MOUNTS) guards the tree of mounts.
 */
#ifndef CORRODE_FS_MOUNT_H
#define CORRODE_FS_MOUNT_H

#include "fs/fs.h"

struct mount {
    struct superblock *super;
    struct path on;       /* what it covers; mount NULL for the first */
    struct list_node all; /* in the list of all, in the order of mounting */
    uint32_t references;
    uint32_t flags; /* MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_RDONLY ... */
};

/* A new superblock of the type, with its root; NULL and *error. */
struct superblock *superblock_create(
    const struct filesystem *type, const char *source, const char *options, int *error);
void superblock_put(struct superblock *super);

/* Puts SUPER onto a directory (ON NULL: the first mount). Takes the caller's reference over, in any case. 0 or -errno.
 */
int mount_attach(struct superblock *super, const struct path *on, uint32_t flags);

/* Takes the mount whose root PATH is away: -EINVAL when it is none, -EBUSY when it is in use. */
int mount_detach(const struct path *path);

void mount_get(struct mount *mount);
void mount_put(struct mount *mount);

/* From a directory that is covered to the root of what covers it. PATH's references change with it. */
void mount_descend(struct path *path);

/* The directory that MOUNT covers, with references; false: it is the first. */
bool mount_parent(const struct mount *mount, struct path *on);

extern struct mount *mount_first;

/* Where files stand that have no name in any directory; it is nowhere itself. */
extern struct mount mount_anonymous;

#endif
