/*
 * System calls that make, move and remove names: kernel/fs/names.c does it, this copies the paths.
 *
 * Source: mkdir(2), mknod(2), unlink(2), rename(2), link(2), symlink(2), readlink(2).
 */
#include "fs/attributes.h"
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/names.h"
#include "mm/slab.h"
#include "syscall/handlers.h"
#include "syscall/request.h"

/* ------------------------------------------------------------------------------------------------------------------
 * Making
 */

static long create_at(int directory, uaddr_t name, uint32_t mode, uint32_t device)
{
    struct request request;
    int error = request_begin(&request, directory, name);
    if (error)
        return error;
    error = name_create(&request.walk, request.name, mode & ~task_current()->paths->umask, device);
    request_end(&request);
    return error;
}

long sys_mkdirat(const uint64_t a[6])
{
    return create_at((int)a[0], a[1], S_IFDIR | ((uint32_t)a[2] & 01777), 0);
}

long sys_mkdir(const uint64_t a[6])
{
    return create_at(AT_FDCWD, a[0], S_IFDIR | ((uint32_t)a[1] & 01777), 0);
}

static long make_node_at(int directory, uaddr_t name, uint32_t mode, uint32_t device)
{
    uint32_t type = mode & S_IFMT ? mode & S_IFMT : S_IFREG;
    bool node = type == S_IFCHR || type == S_IFBLK;
    if (type == S_IFDIR)
        return -EPERM;
    if (!node && type != S_IFREG && type != S_IFIFO && type != S_IFSOCK)
        return -EINVAL;
    return create_at(directory, name, type | (mode & 07777), node ? device : 0);
}

long sys_mknodat(const uint64_t a[6])
{
    return make_node_at((int)a[0], a[1], (uint32_t)a[2], (uint32_t)a[3]);
}

long sys_mknod(const uint64_t a[6])
{
    return make_node_at(AT_FDCWD, a[0], (uint32_t)a[1], (uint32_t)a[2]);
}

static long symlink_at(uaddr_t target, int directory, uaddr_t name)
{
    struct request text, request;
    int error = request_begin(&text, AT_FDCWD, target);
    if (error)
        return error;
    error = request_begin(&request, directory, name);
    if (!error) {
        error = name_symlink(&request.walk, request.name, text.name);
        request_end(&request);
    }
    request_end(&text);
    return error;
}

long sys_symlinkat(const uint64_t a[6])
{
    return symlink_at(a[0], (int)a[1], a[2]);
}

long sys_symlink(const uint64_t a[6])
{
    return symlink_at(a[0], AT_FDCWD, a[1]);
}

/* With AT_EMPTY_PATH a file gets a name through its descriptor, whatever directories it was found in. */
static int find_existing(int directory, uaddr_t name, unsigned flags, struct path *path)
{
    unsigned walk_flags = flags & AT_SYMLINK_FOLLOW ? 0 : WALK_NO_FOLLOW;
    if (flags & AT_EMPTY_PATH) {
        if (!credentials_capable(task_current()->credentials, CAP_DAC_READ_SEARCH))
            return -ENOENT;
        walk_flags |= WALK_EMPTY;
    }
    return request_walk(directory, name, walk_flags, path);
}

static long link_at(int old_directory, uaddr_t old_name, int directory, uaddr_t name, unsigned flags)
{
    struct path existing;
    struct request request;
    if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    int error = find_existing(old_directory, old_name, flags, &existing);
    if (error)
        return error;
    error = request_begin(&request, directory, name);
    if (!error) {
        error = name_link(&request.walk, &existing, request.name);
        request_end(&request);
    }
    path_put(&existing);
    return error;
}

long sys_linkat(const uint64_t a[6])
{
    return link_at((int)a[0], a[1], (int)a[2], a[3], (unsigned)a[4]);
}

long sys_link(const uint64_t a[6])
{
    return link_at(AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Removing and moving
 */

static long remove_at(int directory, uaddr_t name, bool is_directory)
{
    struct request request;
    int error = request_begin(&request, directory, name);
    if (error)
        return error;
    error = name_remove(&request.walk, request.name, is_directory);
    request_end(&request);
    return error;
}

long sys_rmdir(const uint64_t a[6])
{
    return remove_at(AT_FDCWD, a[0], true);
}

long sys_unlink(const uint64_t a[6])
{
    return remove_at(AT_FDCWD, a[0], false);
}

long sys_unlinkat(const uint64_t a[6])
{
    unsigned flags = (unsigned)a[2];
    return flags & ~AT_REMOVEDIR ? -EINVAL : remove_at((int)a[0], a[1], flags & AT_REMOVEDIR);
}

static long rename_at(int from_directory, uaddr_t from_name, int to_directory, uaddr_t to_name, unsigned flags)
{
    struct request from, to;
    if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE) || flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
        return -EINVAL;
    int error = request_begin(&from, from_directory, from_name);
    if (error)
        return error;
    error = request_begin(&to, to_directory, to_name);
    if (!error) {
        error = name_rename(&from.walk, from.name, &to.walk, to.name, flags);
        request_end(&to);
    }
    request_end(&from);
    return error;
}

long sys_rename(const uint64_t a[6])
{
    return rename_at(AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

long sys_renameat(const uint64_t a[6])
{
    return rename_at((int)a[0], a[1], (int)a[2], a[3], 0);
}

long sys_renameat2(const uint64_t a[6])
{
    return rename_at((int)a[0], a[1], (int)a[2], a[3], (unsigned)a[4]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Symbolic links
 */

static long read_link(const struct path *path, uaddr_t to, size_t size)
{
    struct inode *inode = path->dentry->inode;
    if (inode->ops->read_link == NULL)
        return -EINVAL;
    char *target = kmalloc(PATH_LENGTH_MAX, 0);
    if (target == NULL)
        return -ENOMEM;
    long length = inode->ops->read_link(inode, target, min_u64(size, PATH_LENGTH_MAX));
    if (length > 0 && user_write(to, target, (size_t)length) != 0)
        length = -EFAULT;
    kfree(target);
    inode_accessed(inode, path->mount);
    return length;
}

/* An empty name means the link that the descriptor itself was opened on, with O_PATH. */
static long read_link_at(int directory, uaddr_t name, uaddr_t to, int size)
{
    struct path path;
    if (size <= 0)
        return -EINVAL;
    long result = request_walk(directory, name, WALK_NO_FOLLOW | (directory == AT_FDCWD ? 0 : WALK_EMPTY), &path);
    if (result == 0) {
        result = read_link(&path, to, (size_t)size);
        path_put(&path);
    }
    return result;
}

long sys_readlink(const uint64_t a[6])
{
    return read_link_at(AT_FDCWD, a[0], a[1], (int)a[2]);
}

long sys_readlinkat(const uint64_t a[6])
{
    return read_link_at((int)a[0], a[1], a[2], (int)a[3]);
}
