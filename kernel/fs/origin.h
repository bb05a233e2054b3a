/*
 * What an area of memory remembers of the file that it maps: its path, which stays as long as the area does, and which
 * /proc/PID/maps shows. It is not the file itself, which may be closed.
 */
#ifndef CORRODE_FS_ORIGIN_H
#define CORRODE_FS_ORIGIN_H

#include "fs/fs.h"

/* FILE's, the same for all who ask; it lives as long as the file, at least. NULL: no memory. */
struct vm_origin *file_origin(struct file *file);

/* NULL: it is no file's. */
const struct path *origin_path(const struct vm_origin *origin);

#endif
