/*
 * System calls about extended attributes. No file system here keeps any, so the answer is always the one for a file
 * without: programs ask often (ls -l, cp -a), and tell ENODATA (it has none of that name) from EOPNOTSUPP (there are no
 * such).
 *
 * Source: getxattr(2), listxattr(2), setxattr(2), removexattr(2), xattr(7).
 */
#include "fs/dentry.h"
#include "fs/mount.h"
#include "lib/string.h"
#include "syscall/handlers.h"
#include "syscall/request.h"

#define NAME_MAX 255
#define SIZE_MAX_VALUE 65536u

/* What is to be done with NAME on a file. */
enum wish { READ, CHANGE };

static int answer(uaddr_t name_at, enum wish wish, const struct path *path)
{
    static const char *const known[] = {"security.", "trusted.", "system.posix_acl_access", "system.posix_acl_default"};
    char name[NAME_MAX + 1];
    long length = user_read_string(name, name_at, sizeof name);
    if (length <= 0)
        return length == -EFAULT ? -EFAULT : -ERANGE;
    int error = wish == CHANGE ? mount_check_write(path->mount) : 0;
    if (error)
        return error;
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (strncmp(name, known[i], strlen(known[i])) == 0)
            return wish == READ ? -ENODATA : -EOPNOTSUPP;
    return -EOPNOTSUPP;
}

/* ERROR: of finding PATH. NAME 0: all of them are to be listed. */
static long finish(int error, struct path *path, uaddr_t name, enum wish wish)
{
    if (error)
        return error;
    long result = name || wish == CHANGE ? answer(name, wish, path) : 0;
    path_put(path);
    return result;
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
 * Reading
 */

/* A name of NULL must not mean a list. */
static long get(int error, struct path *path, uaddr_t name)
{
    if (!error && name == 0) {
        path_put(path);
        error = -EFAULT;
    }
    return finish(error, path, name, READ);
}

long sys_getxattr(const uint64_t a[6])
{
    struct path path;
    return get(request_walk(AT_FDCWD, a[0], 0, &path), &path, a[1]);
}

long sys_lgetxattr(const uint64_t a[6])
{
    struct path path;
    return get(request_walk(AT_FDCWD, a[0], WALK_NO_FOLLOW, &path), &path, a[1]);
}

long sys_fgetxattr(const uint64_t a[6])
{
    struct path path;
    return get(open_path(a[0], &path), &path, a[1]);
}

long sys_listxattr(const uint64_t a[6])
{
    struct path path;
    return finish(request_walk(AT_FDCWD, a[0], 0, &path), &path, 0, READ);
}

long sys_llistxattr(const uint64_t a[6])
{
    struct path path;
    return finish(request_walk(AT_FDCWD, a[0], WALK_NO_FOLLOW, &path), &path, 0, READ);
}

long sys_flistxattr(const uint64_t a[6])
{
    struct path path;
    return finish(open_path(a[0], &path), &path, 0, READ);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Changing
 */

static int check_value(uint64_t size, uint64_t flags)
{
    enum { XATTR_CREATE = 1, XATTR_REPLACE = 2 };
    if (flags & ~(uint64_t)(XATTR_CREATE | XATTR_REPLACE))
        return -EINVAL;
    return size > SIZE_MAX_VALUE ? -E2BIG : 0;
}

long sys_setxattr(const uint64_t a[6])
{
    struct path path;
    int error = check_value(a[3], (unsigned)a[4]);
    return error ? error : finish(request_walk(AT_FDCWD, a[0], 0, &path), &path, a[1], CHANGE);
}

long sys_lsetxattr(const uint64_t a[6])
{
    struct path path;
    int error = check_value(a[3], (unsigned)a[4]);
    return error ? error : finish(request_walk(AT_FDCWD, a[0], WALK_NO_FOLLOW, &path), &path, a[1], CHANGE);
}

long sys_fsetxattr(const uint64_t a[6])
{
    struct path path;
    int error = check_value(a[3], (unsigned)a[4]);
    return error ? error : finish(open_path(a[0], &path), &path, a[1], CHANGE);
}

long sys_removexattr(const uint64_t a[6])
{
    struct path path;
    return finish(request_walk(AT_FDCWD, a[0], 0, &path), &path, a[1], CHANGE);
}

long sys_lremovexattr(const uint64_t a[6])
{
    struct path path;
    return finish(request_walk(AT_FDCWD, a[0], WALK_NO_FOLLOW, &path), &path, a[1], CHANGE);
}

long sys_fremovexattr(const uint64_t a[6])
{
    struct path path;
    return finish(open_path(a[0], &path), &path, a[1], CHANGE);
}
