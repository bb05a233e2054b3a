/*
 * System calls about the size of files and what is kept of them.
 *
 * Source: truncate(2), fsync(2), sync(2), sync_file_range(2).
 */
#include "fs/attributes.h"
#include "fs/dentry.h"
#include "fs/watch.h"
#include "syscall/handlers.h"
#include "syscall/request.h"

/* ------------------------------------------------------------------------------------------------------------------
 * Size
 */

/* Growing beyond RLIMIT_FSIZE is told by a signal, too. */
static int check_limit(const struct inode *inode, uint64_t size)
{
    if (size <= task_current()->process->limits[RLIMIT_FSIZE].current || size <= inode->size)
        return 0;
    signal_send_self(SIGXFSZ);
    return -EFBIG;
}

static int truncate_path(const struct path *path, uint64_t size)
{
    struct inode *inode = path->dentry->inode;
    uint32_t type = inode->mode & S_IFMT;
    if (type != S_IFREG)
        return type == S_IFDIR ? -EISDIR : -EINVAL;
    const struct credentials *credentials = task_current()->credentials;
    int error = path_permission(path, INODE_WRITE, credentials);
    if (!error)
        error = inode_begin_write(inode);
    if (error)
        return error;
    error = check_limit(inode, size);
    if (!error)
        error = inode_set_size(inode, size, credentials);
    if (!error)
        watch_dentry(path->dentry, IN_MODIFY);
    inode_end_write(inode);
    return error;
}

long sys_truncate(const uint64_t a[6])
{
    struct path path;
    if ((int64_t)a[1] < 0)
        return -EINVAL;
    int error = request_walk(AT_FDCWD, a[0], 0, &path);
    if (error)
        return error;
    error = truncate_path(&path, a[1]);
    path_put(&path);
    return error;
}

long sys_ftruncate(const uint64_t a[6])
{
    if ((int64_t)a[1] < 0)
        return -EINVAL;
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    unsigned mode = file->flags & O_ACCMODE;
    bool writable = mode == O_WRONLY || mode == O_RDWR;
    bool fits = writable && (file->inode->mode & S_IFMT) == S_IFREG;
    int error = fits ? check_limit(file->inode, a[1]) : -EINVAL;
    if (!error)
        error = inode_set_size(file->inode, a[1], task_current()->credentials);
    if (!error)
        watch_file(file, IN_MODIFY);
    file_put(file);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Keeping
 */

static long sync_descriptor(int fd, bool data_only)
{
    struct file *file = files_find(task_current()->files, fd);
    if (file == NULL)
        return -EBADF;
    uint32_t type = file->inode->mode & S_IFMT;
    long result = file->ops->sync ? file->ops->sync(file, data_only) : type == S_IFREG || type == S_IFDIR ? 0 : -EINVAL;
    file_put(file);
    return result;
}

long sys_fsync(const uint64_t a[6])
{
    return sync_descriptor((int)a[0], false);
}

long sys_fdatasync(const uint64_t a[6])
{
    return sync_descriptor((int)a[0], true);
}

/* All file systems are in memory: there is nowhere to write to. */
long sys_sync(const uint64_t a[6])
{
    return 0;
}

long sys_syncfs(const uint64_t a[6])
{
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    file_put(file);
    return 0;
}

long sys_sync_file_range(const uint64_t a[6])
{
    enum { FLAGS = 7 };
    uint64_t offset = a[1], length = a[2];
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    uint32_t type = file->inode->mode & S_IFMT;
    long result = 0;
    if ((unsigned)a[3] & ~(unsigned)FLAGS || offset > INT64_MAX || length > INT64_MAX || offset + length > INT64_MAX)
        result = -EINVAL;
    else if (type != S_IFREG && type != S_IFDIR && type != S_IFBLK && type != S_IFLNK)
        result = -ESPIPE;
    file_put(file);
    return result;
}
