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
#include "lib/errno.h"

/* <sys/mount.h>: flags of mounts and superblocks, and what else mount(2) wants. */
#define MS_RDONLY (1u << 0)
#define MS_NOSUID (1u << 1)
#define MS_NODEV (1u << 2)
#define MS_NOEXEC (1u << 3)
#define MS_SYNCHRONOUS (1u << 4)
#define MS_REMOUNT (1u << 5)
#define MS_MANDLOCK (1u << 6)
#define MS_DIRSYNC (1u << 7)
#define MS_NOSYMFOLLOW (1u << 8)
#define MS_NOATIME (1u << 10)
#define MS_NODIRATIME (1u << 11)
#define MS_BIND (1u << 12)
#define MS_MOVE (1u << 13)
#define MS_REC (1u << 14)
#define MS_SILENT (1u << 15)
#define MS_POSIXACL (1u << 16)
#define MS_UNBINDABLE (1u << 17)
#define MS_PRIVATE (1u << 18)
#define MS_SLAVE (1u << 19)
#define MS_SHARED (1u << 20)
#define MS_RELATIME (1u << 21)
#define MS_I_VERSION (1u << 23)
#define MS_STRICTATIME (1u << 24)
#define MS_LAZYTIME (1u << 25)

struct mount {
    struct superblock *super;
    struct dentry *root;  /* what of the superblock is seen: its root, or with MS_BIND anything; with a reference */
    uint64_t number;      /* never used again */
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

/* May something be changed there? 0 or -EROFS. */
static inline int mount_check_write(const struct mount *mount)
{
    return __builtin_expect((mount->flags | mount->super->flags) & MS_RDONLY, 0) ? -EROFS : 0;
}

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
