/*
 * Extended attributes: names with values that programs attach to files, in the namespaces "user.", "trusted." and
 * "security.". The kernel keeps them and makes nothing of them. The file systems in memory have them (struct
 * filesystem, `charge_xattrs`); elsewhere every call says -EOPNOTSUPP.
 *
 * They lie in a list at the inode, under its lock, and go with it. What they take is charged to the file system.
 *
 * Source: xattr(7), setxattr(2), getxattr(2), listxattr(2), removexattr(2), capabilities(7).
 */
#ifndef CORRODE_FS_XATTR_H
#define CORRODE_FS_XATTR_H

#include "arch/x86_64/user.h"
#include "fs/fs.h"

#define XATTR_NAME_MAX 255
#define XATTR_SIZE_MAX 65536u
#define XATTR_LIST_MAX 65536u

/* <sys/xattr.h> */
#define XATTR_CREATE 1u  /* -EEXIST if it is there */
#define XATTR_REPLACE 2u /* -ENODATA if it is not */

struct xattr {
    struct list_node link;
    uint32_t size;        /* of the value */
    uint16_t name_length; /* without the NUL */
    char text[];          /* the name with its NUL, and the value */
};
static inline char *xattr_value(struct xattr *xattr)
{
    return xattr->text + xattr->name_length + 1;
}

/* One with room for SIZE bytes, which the caller fills in. NULL: no memory. xattr_free, if nobody takes it over. */
struct xattr *xattr_create(const char *name, size_t size);
void xattr_free(struct xattr *xattr);

/* XATTR is taken over in any case. FLAGS: XATTR_*. -EOPNOTSUPP, -EPERM, -EACCES, -EEXIST, -ENODATA, -ENOSPC, ... */
int path_set_xattr(const struct path *path, struct xattr *xattr, unsigned flags, const struct credentials *credentials);
int path_remove_xattr(const struct path *path, const char *name, const struct credentials *credentials);

/* The value, or all names that the caller may know, each with its NUL, to the program: the length; -ERANGE when SIZE is
 * too small. SIZE 0: only the length. */
long inode_get_xattr(
    struct inode *inode, const char *name, uaddr_t to, uint64_t size, const struct credentials *credentials);
long inode_list_xattrs(struct inode *inode, uaddr_t to, uint64_t size, const struct credentials *credentials);

/* When the inode goes. */
void xattrs_destroy(struct inode *inode);

#endif
