/*
 * What the files of tmpfs share.
 */
#ifndef CORRODE_FS_TMPFS_INTERNAL_H
#define CORRODE_FS_TMPFS_INTERNAL_H

#include "fs/cache.h"

struct tmpfs_options {
    uint64_t pages, inodes;  /* that there may be; 0: any number */
    uint32_t mode, uid, gid; /* the root's */
};

/* As when nothing is said: half of the memory. */
void tmpfs_options_init(struct tmpfs_options *options);

/* Changes what TEXT says. -EINVAL: something is not known, or has no such value; some may have changed then. */
int tmpfs_options_parse(struct tmpfs_options *options, const char *text);

/* ",size=4k", of what is not as when nothing is said. */
void tmpfs_options_show(const struct tmpfs_options *options, struct text *text);

/* The operations of the file system, for others that are of its kind. */
int tmpfs_mount(struct superblock *super, const char *source, const char *options);
void tmpfs_unmount(struct superblock *super);
void tmpfs_report(struct superblock *super, struct superblock_report *report);
int tmpfs_remount(struct superblock *super, const char *options);
int tmpfs_charge_xattrs(struct superblock *super, int64_t bytes);
void tmpfs_show_options(struct superblock *super, struct text *text);

#endif
