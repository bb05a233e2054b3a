/*
 * Files in memory without a name in any directory: what stands behind shared anonymous memory, and memfd_create.
 */
#ifndef CORRODE_FS_MEMORY_FILE_H
#define CORRODE_FS_MEMORY_FILE_H

#include "fs/fs.h"

/* SIZE bytes of zeros, which take no memory yet. NAME is what /proc/PID/maps shows. FLAGS: O_RDWR ... NULL: no memory.
 */
struct file *memory_file_create(const char *name, uint64_t size, unsigned flags, uint32_t mode);

#endif
