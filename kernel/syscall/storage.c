/*
 * System calls about the size of files, what is kept of them, and what will be wanted of them.
 *
 * Source: truncate(2), fallocate(2), fsync(2), sync(2), sync_file_range(2), posix_fadvise(2), readahead(2).
 */
#include "fs/attributes.h"
#include "fs/dentry.h"
#include "fs/watch.h"
#include "syscall/handlers.h"
#include "syscall/request.h"
#include "syscall/transfer.h"

static bool is_open_for(const struct file *file, unsigned mode)
{
    unsigned has = file->flags & O_ACCMODE;
    return has == mode || has == O_RDWR;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Size
 */

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
    error = program_check_size(inode, size);
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
    bool writable = is_open_for(file, O_WRONLY);
    int error = -EINVAL;
    if (writable && (file->inode->mode & S_IFMT) == S_IFREG)
        error = program_check_size(file->inode, a[1]);
    if (writable && !error)
        error = inode_set_size(file->inode, a[1], task_current()->credentials);
    if (!error)
        watch_file(file, IN_MODIFY);
    file_put(file);
    return error;
}

static int check_allocate(const struct file *file, int mode, uint64_t offset, uint64_t length)
{
    uint32_t type = file->inode->mode & S_IFMT;
    if (offset > INT64_MAX || length == 0 || length > INT64_MAX)
        return -EINVAL;
    if (mode & FALLOC_FL_PUNCH_HOLE && !(mode & FALLOC_FL_KEEP_SIZE))
        return -EOPNOTSUPP;
    if (!is_open_for(file, O_WRONLY))
        return -EBADF;
    if (type != S_IFREG)
        return type == S_IFIFO ? -ESPIPE : type == S_IFDIR ? -EISDIR : -ENODEV;
    if (length > INT64_MAX - offset)
        return -EFBIG;
    return mode & FALLOC_FL_PUNCH_HOLE ? 0 : program_check_size(file->inode, offset + length);
}

/* Modes that a file system does not know it refuses. */
long sys_fallocate(const uint64_t a[6])
{
    int mode = (int)a[1];
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = check_allocate(file, mode, a[2], a[3]);
    if (result == 0)
        result = file->ops->allocate ? file->ops->allocate(file, mode, a[2], a[3]) : -EOPNOTSUPP;
    if (result == 0)
        inode_drop_privileges(file->inode, task_current()->credentials);
    file_put(file);
    return result;
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

/* ------------------------------------------------------------------------------------------------------------------
 * Advice: nothing has to be fetched
 */

#define ADVICE_LAST 5 /* POSIX_FADV_NOREUSE */

long sys_fadvise64(const uint64_t a[6])
{
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    bool fifo = (file->inode->mode & S_IFMT) == S_IFIFO;
    file_put(file);
    return fifo ? -ESPIPE : (int64_t)a[2] < 0 || (unsigned)a[3] > ADVICE_LAST ? -EINVAL : 0;
}

long sys_readahead(const uint64_t a[6])
{
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    uint32_t type = file->inode->mode & S_IFMT;
    bool can = (type == S_IFREG || type == S_IFBLK) && (int64_t)a[2] >= 0;
    long result = !is_open_for(file, O_RDONLY) ? -EBADF : can ? 0 : -EINVAL;
    file_put(file);
    return result;
}
