/*
 * Attributes: see attributes.h.
 *
 * Source: POSIX.1-2017, chmod, chown, truncate, utimensat; inode(7); capabilities(7).
 */
#include "fs/attributes.h"

#include "lib/errno.h"
#include "time/clock.h"

int inode_set_size(struct inode *inode, uint64_t size)
{
    if (inode->ops->truncate == NULL)
        return -EINVAL;
    rwlock_write(&inode->lock);
    int error = inode->ops->truncate(inode, size);
    if (!error)
        inode->modified = inode->changed = (fs_time_t)clock_wall();
    rwlock_write_unlock(&inode->lock);
    return error;
}
