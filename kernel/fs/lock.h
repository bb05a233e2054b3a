/*
 * Locks on files, which bind those who ask for them: on ranges of bytes (fcntl) and on whole files (flock).
 *
 * A lock on a range belongs to a process (its table of descriptors) and goes when that closes any descriptor of the
 * file; or (F_OFD_*) to an open file, like one on a whole file: those go with it. Locks of one owner do not conflict,
 * and a new one takes the place of what he had there. The two kinds take no notice of each other.
 */
#ifndef CORRODE_FS_LOCK_H
#define CORRODE_FS_LOCK_H

#include "fs/fs.h"

/* Types: <fcntl.h>. */
#define F_RDLCK 0
#define F_WRLCK 1
#define F_UNLCK 2

struct lock_range {
    const void *owner; /* struct task_files or, if `of_file`, struct file */
    bool of_file;
    int type;            /* F_* */
    uint64_t start, end; /* inclusive; at most INT64_MAX */
    int32_t pid;         /* for those who ask who has it */
};

/* 0; -EAGAIN, or if it WAITs -EDEADLK or -ERESTARTSYS; -ENOLCK: there are too many, or no memory. */
int lock_range_set(struct file *file, const struct lock_range *range, bool wait);

/* Would it be granted? Else *range becomes one that stands in its way. */
bool lock_range_test(struct file *file, struct lock_range *range);

/* Of the whole file; its owner is FILE. PID as above. -EAGAIN, -ERESTARTSYS, -ENOLCK. A lock that it had is given up
 * first. */
int lock_file_set(struct file *file, int type, int32_t pid, bool wait);

/* OWNER, a table of descriptors, closes one of FILE; and the last reference to FILE is gone. */
void locks_drop_owner_slowly(struct file *file, const void *owner);
void locks_drop_file_slowly(struct file *file);
static inline void locks_drop_owner(struct file *file, const void *owner)
{
    if (__builtin_expect(__atomic_load_n(&file->inode->locks, __ATOMIC_ACQUIRE) != NULL, 0))
        locks_drop_owner_slowly(file, owner);
}
static inline void locks_drop_file(struct file *file)
{
    if (__builtin_expect(__atomic_load_n(&file->inode->locks, __ATOMIC_ACQUIRE) != NULL, 0))
        locks_drop_file_slowly(file);
}

/* The inode is gone. */
void locks_destroy(struct file_locks *locks);

/* One after another, for /proc/locks: calls SHOW with each, under the lock of all of them. */
struct lock_report {
    struct lock_range range;
    bool whole; /* flock */
    const struct inode *inode;
};
void locks_report(void (*show)(void *context, const struct lock_report *report), void *context);

#endif
