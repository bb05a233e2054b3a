/*
 * Making, moving and removing names: what mkdir, link, unlink, rename and the rest do, for the system calls and for the
 * kernel itself. Every function checks the caller's permission; errors are those of the call.
 */
#ifndef CORRODE_FS_NAMES_H
#define CORRODE_FS_NAMES_H

#include "fs/fs.h"

/* A file, directory, device, FIFO or socket, by MODE's type. DEVICE for nodes. */
int name_create(const struct walk *walk, const char *name, uint32_t mode, uint32_t device);

/*
 * A regular file of that name in a directory, for open(2): *dentry gets a reference to what is there, made or (then
 * *created is false) found.
 */
int name_create_in(const struct walk *walk, const struct path *directory, const char *name, size_t length,
    uint32_t mode, struct dentry **dentry, bool *created);
int name_symlink(const struct walk *walk, const char *name, const char *target);
/* A further name for what EXISTING is. */
int name_link(const struct walk *walk, const struct path *existing, const char *name);

/* DIRECTORY: rmdir, else unlink. */
int name_remove(const struct walk *walk, const char *name, bool directory);

/* <linux/fs.h> */
#define RENAME_NOREPLACE (1u << 0)
#define RENAME_EXCHANGE (1u << 1)
int name_rename(
    const struct walk *from, const char *from_name, const struct walk *to, const char *to_name, unsigned flags);

#endif
