/*
 * Watches: who wants to know what is done to a file or in a directory. Those who do it say so here; while nobody
 * watches anything that costs the look at one number. What is told, to whom and in which order is as inotify on Linux
 * has it.
 *
 * The events have inotify's values; inotify.c has the watches.
 */
#ifndef CORRODE_FS_WATCH_H
#define CORRODE_FS_WATCH_H

#include "fs/dentry.h"

#define IN_ACCESS 0x1u
#define IN_MODIFY 0x2u
#define IN_ATTRIB 0x4u
#define IN_CLOSE_WRITE 0x8u
#define IN_CLOSE_NOWRITE 0x10u
#define IN_OPEN 0x20u
#define IN_MOVED_FROM 0x40u
#define IN_MOVED_TO 0x80u
#define IN_CREATE 0x100u
#define IN_DELETE 0x200u
#define IN_DELETE_SELF 0x400u
#define IN_MOVE_SELF 0x800u
#define IN_ALL_EVENTS 0xfffu
#define IN_UNMOUNT 0x2000u
#define IN_Q_OVERFLOW 0x4000u
#define IN_IGNORED 0x8000u
#define IN_ISDIR 0x40000000u

extern uint32_t watch_count; /* that there are */

static inline bool watch_any(void)
{
    return __builtin_expect(__atomic_load_n(&watch_count, __ATOMIC_RELAXED) != 0, 0);
}

/* inotify.c: what the inlines below do when there are watches. */
void watch_tell_inode(struct inode *inode, uint32_t event);
void watch_tell_dentry(struct dentry *dentry, uint32_t event);
void watch_tell_name(struct inode *dir, const struct inode *of, uint32_t event, const char *name, size_t length);
void watch_tell_move(struct inode *from, const char *old_name, size_t old_length, const struct dentry *dentry);
void watch_tell_gone(struct inode *inode, uint32_t event);
void watch_tell_unmount(const struct superblock *super);

/* Something is done to the file itself: those who watch it are told, but not those who watch its directory. */
static inline void watch_inode(struct inode *inode, uint32_t event)
{
    if (watch_any())
        watch_tell_inode(inode, event);
}

/* Something is done to the file by that name: those who watch the directory are told, too. */
static inline void watch_dentry(struct dentry *dentry, uint32_t event)
{
    if (watch_any())
        watch_tell_dentry(dentry, event);
}

static inline void watch_file(const struct file *file, uint32_t event)
{
    if (watch_any() && !(file->flags & O_PATH))
        watch_tell_dentry(file->path.dentry, event);
}

/* A name in DIR, of the file OF, comes or goes. */
static inline void watch_name(
    struct inode *dir, const struct inode *of, uint32_t event, const char *name, size_t length)
{
    if (watch_any())
        watch_tell_name(dir, of, event, name, length);
}

/* DENTRY has come where it is now from another name, in FROM. */
static inline void watch_move(struct inode *from, const char *old_name, size_t old_length, const struct dentry *dentry)
{
    if (watch_any())
        watch_tell_move(from, old_name, old_length, dentry);
}

/* The file is gone, with its last name and its last use. */
static inline void watch_gone(struct inode *inode)
{
    if (__builtin_expect(__atomic_load_n(&inode->watches, __ATOMIC_RELAXED) != NULL, 0))
        watch_tell_gone(inode, IN_DELETE_SELF);
}

/* The file system goes, and with it whatever is watched there. */
static inline void watch_unmount(const struct superblock *super)
{
    if (watch_any())
        watch_tell_unmount(super);
}

void watches_destroy(struct inode_watches *watches); /* the inode is freed; NULL is allowed */

#endif
