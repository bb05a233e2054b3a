/*
 * Files in memory without a name in any directory: what stands behind shared anonymous memory, and memfd_create.
 *
 * Such a file, as every file whose contents are memory alone, can be sealed: what a seal forbids, nobody does any more,
 * so that who gets the file from another need not fear that it changes under his hands. Files begin without the
 * possibility (F_SEAL_SEAL), but those for which it is asked.
 *
 * Source: memfd_create(2), fcntl(2) "File Sealing".
 */
#ifndef CORRODE_FS_MEMORY_FILE_H
#define CORRODE_FS_MEMORY_FILE_H

#include "fs/fs.h"

/* SIZE bytes of zeros, which take no memory yet. NAME is what /proc/PID/maps shows. FLAGS: O_RDWR ... NULL: no memory.
 */
struct file *memory_file_create(const char *name, uint64_t size, unsigned flags, uint32_t mode);

/* It may be sealed from now on. Nobody else has it yet. */
void memory_file_allow_seals(struct file *file);

/* F_ADD_SEALS: 0, -EPERM, -EINVAL, -EBUSY. F_GET_SEALS: which there are, or -EINVAL. */
int file_add_seals(struct file *file, unsigned seals);
int file_get_seals(const struct file *file);

#endif
