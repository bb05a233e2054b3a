/*
 * The first files: a cpio archive (format "newc", as Linux takes it) that the boot loader has put into memory as a
 * module, unpacked into the root.
 */
#ifndef CORRODE_FS_INITRAMFS_H
#define CORRODE_FS_INITRAMFS_H

#include "lib/types.h"

/* Is it one? By its first bytes. */
bool initramfs_is_archive(const void *data, size_t size);

/*
 * Unpacks it. What is wrong with one member is logged, and the rest goes on, as far as the archive can be followed: 0,
 * or -EINVAL when it ends in the middle of something, -ENOMEM.
 */
int initramfs_unpack(const void *data, size_t size);

#endif
