/*
 * inotify: files from which a program reads what is done to other files (fs/watch.h).
 */
#ifndef CORRODE_FS_INOTIFY_H
#define CORRODE_FS_INOTIFY_H

#include "fs/fs.h"

#define INOTIFY_EVENTS_MAX 16384 /* that wait at one instance */

/* Of inotify_add_watch, beside the events. */
#define IN_ONLYDIR 0x1000000u
#define IN_DONT_FOLLOW 0x2000000u
#define IN_EXCL_UNLINK 0x4000000u
#define IN_MASK_CREATE 0x10000000u
#define IN_MASK_ADD 0x20000000u
#define IN_ONESHOT 0x80000000u

/* FLAGS: O_NONBLOCK. NULL: no memory. */
struct file *inotify_create(unsigned flags);
bool inotify_is(const struct file *file);

/* The watch's number. -EEXIST with IN_MASK_CREATE; -ENOSPC: there are too many; -ENOMEM. */
int inotify_add(struct file *file, struct inode *inode, uint32_t mask);

int inotify_remove(struct file *file, int number); /* -EINVAL: there is none */

#endif
