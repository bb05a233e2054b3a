/*
 * The dentry cache: names that have been looked up, in a hash table by parent and name. What fs.h says of dentries, in
 * detail; for the files of this folder and for file systems.
 *
 * A dentry is found in the table until it is unlinked (dentry_unhash); after that only those who hold it know it. A
 * child holds its parent. A file system that keeps everything in memory pins its dentries: each has one reference more,
 * which unlinking drops. One that nobody holds goes at once.
 *
 * Locks: each bucket's spin lock (rank DENTRY) guards its chain and the references of its dentries when they are 0. The
 * names in one directory change only under the directory's inode lock; parent and name of a dentry only under
 * rename_lock and both directories' locks, and move_lock (rwspin, rank MOVE), under which others read them.
 */
#ifndef CORRODE_FS_DENTRY_H
#define CORRODE_FS_DENTRY_H

#include "fs/fs.h"

#define DENTRY_INLINE_NAME 32
#define DENTRY_FIRST_COOKIE 2 /* 0 and 1 are "." and ".." */

struct dentry {
    struct dentry *parent; /* itself, for a root */
    struct inode *inode;   /* NULL: the name leads to nothing */
    struct superblock *super;
    struct list_node chain; /* in its bucket; not linked: unhashed */
    uint32_t hash;
    uint32_t references;
    struct list children; /* the pinned ones; the directory's inode lock */
    struct list_node sibling;
    uint64_t cookie;      /* its number among the pinned children; the first is DENTRY_FIRST_COOKIE */
    uint64_t next_cookie; /* of a directory: what the next child gets */
    uint32_t mounts;      /* mounts on it: the walk asks mount.c */
    bool pinned;
    uint16_t length;
    char *name; /* NUL-terminated; inline_name if it fits */
    char inline_name[DENTRY_INLINE_NAME];
};

/* The child of that name, with a reference; NULL when the cache has none. */
struct dentry *dentry_find(struct dentry *parent, const char *name, size_t length);

/* A new dentry with one reference, not in the table yet: dentry_add puts it there. NULL: no memory. */
struct dentry *dentry_create(struct dentry *parent, const char *name, size_t length);

/* Makes it found, and lead to INODE (whose reference it takes over; NULL: to nothing). The directory is locked. */
void dentry_add(struct dentry *dentry, struct inode *inode);

/* One that a file system makes for its root. */
struct dentry *dentry_create_root(struct superblock *super, struct inode *inode);

/* Keeps it although nobody holds it, until dentry_unhash. */
void dentry_pin(struct dentry *dentry);

/* The name is gone: nobody finds it any more. */
void dentry_unhash(struct dentry *dentry);

/*
 * It goes to another place of the tree; VICTIM, if not NULL, has stood there, and is unhashed. -ENOMEM: nothing has
 * changed. Both directories and rename_lock are held.
 */
int dentry_move(struct dentry *dentry, struct dentry *parent, const char *name, size_t length, struct dentry *victim);

/* Each goes to the other's place, with that one's name. Locks as for dentry_move. */
void dentry_exchange(struct dentry *one, struct dentry *other);

/* The parent, with a reference: it may change at any time, unless a lock is held. */
struct dentry *dentry_parent(struct dentry *dentry);

/* The parent with a reference, and the name into BUFFER, of NAME_LENGTH_MAX bytes: both of one moment. */
struct dentry *dentry_parent_and_name(struct dentry *dentry, char *buffer, size_t *length);

void dentry_get(struct dentry *dentry);
void dentry_put(struct dentry *dentry);

static inline bool dentry_is_hashed(const struct dentry *dentry)
{
    return list_is_linked(&dentry->chain);
}

static inline bool dentry_is_root(const struct dentry *dentry)
{
    return dentry->parent == dentry;
}

uint64_t dentry_count(void);
void dentries_init(void);

#endif
