/*
 * Changing what an inode says of a file: size, mode, owner, times. Who may do that, and what else changes with it.
 *
 * Attributes change under the inode's lock, but for the time of the last reading, which is not worth one: it is a word
 * that is written at once.
 */
#ifndef CORRODE_FS_ATTRIBUTES_H
#define CORRODE_FS_ATTRIBUTES_H

#include "fs/mount.h"

/*
 * The file ends at SIZE from now on: 0, -EINVAL for what has no size, -EFBIG. The caller has seen to it that it may be
 * written; who may not keep set-user-ID bits (CAP_FSETID) loses them.
 */
int inode_set_size(struct inode *inode, uint64_t size, const struct credentials *credentials);

/* Before the file's contents change: set-user-ID and set-group-ID go, unless the writer has CAP_FSETID. */
void inode_drop_privileges(struct inode *inode, const struct credentials *credentials);

/* chmod: -EPERM for others than the owner, -EROFS, -EOPNOTSUPP for links. */
int path_set_mode(const struct path *path, uint32_t mode, const struct credentials *credentials);

/* chown: an ID of OWNER_KEEP stays. -EPERM, -EROFS. */
#define OWNER_KEEP UINT32_MAX
int path_set_owner(const struct path *path, uint32_t uid, uint32_t gid, const struct credentials *credentials);

/* utimensat. */
struct time_change {
    enum time_change_kind { TIME_SET, TIME_NOW, TIME_OMIT } accessed_kind, modified_kind;
    fs_time_t accessed, modified; /* of TIME_SET */
};
/* -EACCES, for who may not write; -EPERM: only the owner may set others than now; -EROFS. */
int path_set_times(const struct path *path, const struct time_change *change, const struct credentials *credentials);

/* Is he the owner, or as good as that (CAP_FOWNER)? */
bool inode_is_owner(const struct inode *inode, const struct credentials *credentials);

/* What the inode holds has been read through MOUNT. With "relatime" that is noted when it tells something new. */
void inode_accessed(struct inode *inode, const struct mount *mount);

/* The same for a file that has been read, or mapped, unless it was opened with O_NOATIME. */
static inline void file_accessed(const struct file *file)
{
    if (!(file->flags & O_NOATIME))
        inode_accessed(file->inode, file->path.mount);
}

/* INODE is new in DIR: whose it is, and its mode. In a directory with the set-group-ID bit it gets that one's group. */
void inode_inherit(struct inode *inode, const struct inode *dir, const struct credentials *credentials);

#endif
