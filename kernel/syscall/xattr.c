/*
 * System calls about extended attributes: fs/xattr.c keeps them, this translates. Programs ask often (ls -l, cp -a),
 * and tell ENODATA (the file has none of that name) from EOPNOTSUPP (there are no such).
 *
 * Source: getxattr(2), listxattr(2), setxattr(2), removexattr(2), xattr(7).
 */
#include "fs/xattr.h"

#include "fs/dentry.h"
#include "fs/mount.h"
#include "syscall/handlers.h"
#include "syscall/request.h"

static int read_name(char name[XATTR_NAME_MAX + 1], uaddr_t from)
{
    long length = user_read_string(name, from, XATTR_NAME_MAX + 1);
    return length > 0 ? 0 : length == -EFAULT ? -EFAULT : -ERANGE;
}

static int open_path(uint64_t fd, struct path *path)
{
    struct file *file = files_find(task_current()->files, (int)fd);
    if (file == NULL)
        return -EBADF;
    *path = file->path;
    path_get(path);
    file_put(file);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading. ERROR: of finding PATH, whose references go
 */

static long get(int error, struct path *path, const uint64_t a[6])
{
    char name[XATTR_NAME_MAX + 1];
    if (error)
        return error;
    long result = read_name(name, a[1]);
    if (result == 0)
        result = inode_get_xattr(
            path->dentry->inode, name, a[2], min_u64(a[3], XATTR_SIZE_MAX), task_current()->credentials);
    path_put(path);
    return result;
}

static long list(int error, struct path *path, const uint64_t a[6])
{
    if (error)
        return error;
    long result =
        inode_list_xattrs(path->dentry->inode, a[1], min_u64(a[2], XATTR_LIST_MAX), task_current()->credentials);
    path_put(path);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Changing
 */

/* The attribute as the program has it; what is wrong with it is told before what is wrong with the file. */
static int read_xattr(const uint64_t a[6], struct xattr **xattr)
{
    char name[XATTR_NAME_MAX + 1];
    int error = read_name(name, a[1]);
    if (!error && a[3] > XATTR_SIZE_MAX)
        error = -E2BIG;
    if (error)
        return error;
    *xattr = xattr_create(name, a[3]);
    if (*xattr == NULL)
        return -ENOMEM;
    if (a[3] == 0 || user_read(xattr_value(*xattr), a[2], a[3]) == 0)
        return 0;
    xattr_free(*xattr);
    return -EFAULT;
}

static int check_flags(uint64_t flags)
{
    return (unsigned)flags & ~(XATTR_CREATE | XATTR_REPLACE) ? -EINVAL : 0;
}

static long set(int error, struct path *path, const uint64_t a[6])
{
    struct xattr *xattr;
    if (error)
        return error;
    error = check_flags(a[4]);
    if (!error)
        error = read_xattr(a, &xattr);
    if (!error) {
        error = mount_check_write(path->mount);
        if (error)
            xattr_free(xattr);
        else
            error = path_set_xattr(path, xattr, (unsigned)a[4], task_current()->credentials);
    }
    path_put(path);
    return error;
}

static long remove(int error, struct path *path, const uint64_t a[6])
{
    char name[XATTR_NAME_MAX + 1];
    if (error)
        return error;
    error = read_name(name, a[1]);
    if (!error)
        error = mount_check_write(path->mount);
    if (!error)
        error = path_remove_xattr(path, name, task_current()->credentials);
    path_put(path);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The calls: of what a path leads to, of a link itself, of an open file
 */

#define FOLLOWED(path, a) request_walk(AT_FDCWD, (a)[0], 0, path)
#define UNFOLLOWED(path, a) request_walk(AT_FDCWD, (a)[0], WALK_NO_FOLLOW, path)
#define OPENED(path, a) open_path((a)[0], path)

long sys_getxattr(const uint64_t a[6])
{
    struct path path;
    return get(FOLLOWED(&path, a), &path, a);
}

long sys_lgetxattr(const uint64_t a[6])
{
    struct path path;
    return get(UNFOLLOWED(&path, a), &path, a);
}

long sys_fgetxattr(const uint64_t a[6])
{
    struct path path;
    return get(OPENED(&path, a), &path, a);
}

long sys_listxattr(const uint64_t a[6])
{
    struct path path;
    return list(FOLLOWED(&path, a), &path, a);
}

long sys_llistxattr(const uint64_t a[6])
{
    struct path path;
    return list(UNFOLLOWED(&path, a), &path, a);
}

long sys_flistxattr(const uint64_t a[6])
{
    struct path path;
    return list(OPENED(&path, a), &path, a);
}

long sys_setxattr(const uint64_t a[6])
{
    struct path path;
    return set(FOLLOWED(&path, a), &path, a);
}

long sys_lsetxattr(const uint64_t a[6])
{
    struct path path;
    return set(UNFOLLOWED(&path, a), &path, a);
}

long sys_fsetxattr(const uint64_t a[6])
{
    struct path path;
    return set(OPENED(&path, a), &path, a);
}

long sys_removexattr(const uint64_t a[6])
{
    struct path path;
    return remove(FOLLOWED(&path, a), &path, a);
}

long sys_lremovexattr(const uint64_t a[6])
{
    struct path path;
    return remove(UNFOLLOWED(&path, a), &path, a);
}

long sys_fremovexattr(const uint64_t a[6])
{
    struct path path;
    return remove(OPENED(&path, a), &path, a);
}
