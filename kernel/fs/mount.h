/*
 * Mounts: which file systems stand where in the tree of names. Each mount but the first covers a directory of another
 * (or, with MS_BIND, a file covers a file): a walk that comes there goes on at the mount's root, and on its way up
 * leaves by the directory it covers. Several may cover one directory; the last one is seen.
 *
 *     mount_new      a file system of a type appears on a directory           mount -t tmpfs none /tmp
 *     mount_bind     what is somewhere appears elsewhere, too                 mount --bind /a /b
 *     mount_move     a mount goes to another place                            mount --move /a /b
 *     mount_remove   it is taken away: when nobody is in it; or lazily, then  umount -l /a
 *                    those who are in there stay, and nobody comes in
 *
 * A mount that is taken away lives on as long as paths refer to it, without a place in the tree.
 *
 * Mount namespaces are trees of their own: unshare(CLONE_NEWNS) copies the one that the caller is in (mount_space.c),
 * and from then on neither sees what changes in the other. A program changes only the tree that it is in: others, at
 * which it can get by a descriptor, and mounts that were taken away, are -EINVAL to it. When nobody is in a namespace
 * any more, and nobody has its file open, its mounts are taken away.
 *
 * Locks: changes come one after the other (mounts_change_lock, a mutex of rank SUBSYSTEM); mount_lock (rwspin, rank
 * MOUNTS) guards what others read meanwhile: the lists of mounts and the place of each.
 *
 * Source: mount(2), umount(2), pivot_root(2), mount_namespaces(7): without propagation.
 */
#ifndef CORRODE_FS_MOUNT_H
#define CORRODE_FS_MOUNT_H

#include "fs/fs.h"
#include "fs/namespace.h"
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
    struct dentry *root; /* what of the superblock is seen: its root, or with MS_BIND anything; with a reference */
    uint64_t number;     /* never used again */
    struct path on;      /* what it covers, with references; mount NULL: nothing (the first, and what was taken away) */
    struct list_node all;         /* in the list of its namespace, in the order of mounting; or in others for a while */
    struct mount_space *space;    /* in which it has its place; NULL: it has none. mount_lock */
    uint32_t references;          /* one for the place, and those of paths */
    uint32_t flags;               /* MOUNT_FLAGS */
    uint32_t writers;             /* files open for writing */
    uint32_t visits;              /* walks that came in; not quite exact */
    uint32_t expiry;              /* MNT_EXPIRE: it goes when it is found idle at so many visits */
    const struct mount *original; /* of which it is a copy, while that is made */
    struct mount *copy;           /* what has been made of it in a new namespace; while that is made */
    char *source;                 /* what mount(2) was given as such, for /proc/mounts; NULL: nothing */
};

/* Those that a mount has, and those that its superblock has. Neither MS_NOATIME nor MS_RELATIME: each access counts. */
#define MOUNT_FLAGS                                                                                                    \
    (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW | MS_NOATIME | MS_NODIRATIME | MS_RELATIME)
#define SUPERBLOCK_FLAGS (MS_RDONLY | MS_SYNCHRONOUS | MS_MANDLOCK | MS_DIRSYNC | MS_LAZYTIME)

struct mount_space {
    struct namespace namespace;
    struct list mounts; /* struct mount, by `all` */
    struct mount *root; /* the first; without a reference beside that of its place */
    unsigned count;
    struct list_node link; /* in the list of all namespaces; mounts_change_lock */
};
extern struct mount_space mount_space_first;

/* That of the running program; the kernel's own threads are in the first. The processes' layer says which it is. */
struct mount_space *mount_space_current(void);
void mount_space_set_source(struct mount_space *(*current)(void));

/*
 * A copy of FROM with all its mounts, with one reference. Of PATHS, whose references are the caller's, those in FROM
 * are made the same places in the copy. NULL: no memory, and nothing has changed.
 */
struct mount_space *mount_space_copy(struct mount_space *from, struct path *paths, unsigned count);

/* What is seen as its root: the last that was mounted there. With references; -EINVAL: it has ended. */
int mount_space_root(struct mount_space *space, struct path *root);

/* The namespace of mounts that NAMESPACE is; NULL: it is of another kind. */
struct mount_space *mount_space_of(struct namespace *namespace);

/* Device numbers of file systems that are always there. */
#define MOUNT_DEVICE_NAMESPACES 1
#define MOUNT_DEVICE_FIRST 2

/*
 * A superblock of the type, with its root and a reference; NULL and *error. That of a type whose mounts all show the
 * same is made when it is first mounted, and stays.
 */
struct superblock *superblock_create(
    const struct filesystem *type, const char *source, const char *options, int *error);
void superblock_get(struct superblock *super);
void superblock_put(struct superblock *super);

/* Puts SUPER onto a directory (ON NULL: the first mount). Takes the caller's reference over, in any case. 0 or -errno.
 */
int mount_attach(struct superblock *super, const struct path *on, uint32_t flags);

/* FLAGS as mount(2) has them. -ENOTDIR, -ENOENT: the directory is gone, -EBUSY: it is that very file system already. */
int mount_new(
    const struct filesystem *type, const char *source, const char *options, const struct path *on, unsigned flags);

/* RECURSIVE: with what is mounted below FROM. */
int mount_bind(const struct path *from, const struct path *on, bool recursive);
int mount_move(const struct path *from, const struct path *to);

/* Other flags; and unless BIND_ONLY other options of the file system, and its flags. -EINVAL: PATH is no mount's root.
 */
int mount_change(const struct path *path, unsigned flags, const char *options, bool bind_only);

/* Takes the mount whose root PATH is away. <sys/mount.h>: */
#define MNT_FORCE 1u
#define MNT_DETACH 2u
#define MNT_EXPIRE 4u
#define UMOUNT_NOFOLLOW 8u
int mount_remove(const struct path *path, unsigned flags);
/* The same without flags: -EINVAL when it is none, -EBUSY when it is in use. */
int mount_detach(const struct path *path);

/* NEW_ROOT takes the place of the mount that ROOT is the root of, which goes onto PUT_OLD, in or below NEW_ROOT. */
int mount_pivot(const struct path *root, const struct path *new_root, const struct path *put_old);

/* The mount with the lowest number above NUMBER that has a place in SPACE, with a reference; NULL: there is none. */
struct mount *mount_next(struct mount_space *space, uint64_t number);

/* For /proc/mounts and mountinfo: "rw,nosuid,relatime", and what the superblock has of its own, "rw,size=4k". */
struct text;
void mount_show_flags(const struct mount *mount, struct text *text);
void superblock_show_options(struct superblock *super, struct text *text);

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

/* Is it of that kind? Namespaces' files have one of their own. */
static inline bool mount_is_nowhere(const struct mount *mount)
{
    return mount->root == NULL;
}

#endif
