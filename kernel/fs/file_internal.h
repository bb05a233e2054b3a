/*
 * What file.c and open.c share.
 */
#ifndef CORRODE_FS_FILE_INTERNAL_H
#define CORRODE_FS_FILE_INTERNAL_H

#include "fs/fs.h"

/* A file that is not open yet: ops->open has not been called. Takes PATH's references over. NULL: no memory. */
struct file *file_allocate(const struct path *path, const struct file_ops *ops, unsigned flags);

/* Of one that could not be opened; the references of its path are the caller's again. */
void file_free(struct file *file);

/* Regular files know who may write to them and who executes them: -ETXTBSY. The last file_put ends it. */
int file_begin_use(const struct file *file);
void file_end_use(const struct file *file);

#endif
