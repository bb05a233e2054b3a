/*
 * Counters as files: a write adds, a read takes all of it, or one of a semaphore.
 */
#ifndef CORRODE_FS_EVENTFD_H
#define CORRODE_FS_EVENTFD_H

#include "fs/fs.h"

/* FLAGS: O_NONBLOCK. NULL: no memory. */
struct file *eventfd_create(uint64_t count, bool semaphore, unsigned flags);

#endif
