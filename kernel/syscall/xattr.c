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

/* What is to be done with an attribute of a file. */
struct wish {
    bool change;
    uaddr_t value; /* with `change`: what is to be written, SIZE bytes */
    uint64_t size;
};
static const struct wish reading = {.change = false}, removing = {.change = true};

/* A value that is not there is told of before a file without attributes is. */
static int read_value(const struct wish *wish)
{
    uint8_t some[64];
    for (uint64_t done = 0; done < wish->size; done += sizeof some)
        if (user_read(some, wish->value + done, min_u64(wish->size - done, sizeof some)) != 0)
            return -EFAULT;
    return 0;
}

static int answer(uaddr_t name_at, const struct wish *wish, const struct path *path)
{
    static const char *const known[] = {"security.", "trusted.", "system.posix_acl_access", "system.posix_acl_default"};
    char name[NAME_MAX + 1];
    long length = user_read_string(name, name_at, sizeof name);
    if (length <= 0)
        return length == -EFAULT ? -EFAULT : -ERANGE;
    int error = read_value(wish);
    if (!error && wish->change)
        error = mount_check_write(path->mount);
    if (error)
        return error;
    for (size_t i = 0; i < ARRAY_LENGTH(known); i++)
        if (strncmp(name, known[i], strlen(known[i])) == 0)
            return wish->change ? -EOPNOTSUPP : -ENODATA;
    return -EOPNOTSUPP;
}

/* ERROR: of finding PATH. NAME 0: all of them are to be listed. */
static long finish(int error, struct path *path, uaddr_t name, const struct wish *wish)
{
    if (error)
        return error;
    long result = name || wish->change ? answer(name, wish, path) : 0;
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
    return finish(error, path, name, &reading);
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
    return finish(request_walk(AT_FDCWD, a[0], 0, &path), &path, 0, &reading);
}

long sys_llistxattr(const uint64_t a[6])
{
    struct path path;
    return finish(request_walk(AT_FDCWD, a[0], WALK_NO_FOLLOW, &path), &path, 0, &reading);
}

long sys_flistxattr(const uint64_t a[6])
{
    struct path path;
    return finish(open_path(a[0], &path), &path, 0, &reading);
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
    const struct wish wish = {.change = true, .value = a[2], .size = a[3]};
    int error = check_value(wish.size, (unsigned)a[4]);
    return error ? error : finish(request_walk(AT_FDCWD, a[0], 0, &path), &path, a[1], &wish);
}

long sys_lsetxattr(const uint64_t a[6])
{
    struct path path;
    const struct wish wish = {.change = true, .value = a[2], .size = a[3]};
    int error = check_value(wish.size, (unsigned)a[4]);
    return error ? error : finish(request_walk(AT_FDCWD, a[0], WALK_NO_FOLLOW, &path), &path, a[1], &wish);
}

long sys_fsetxattr(const uint64_t a[6])
{
    struct path path;
    const struct wish wish = {.change = true, .value = a[2], .size = a[3]};
    int error = check_value(wish.size, (unsigned)a[4]);
    return error ? error : finish(open_path(a[0], &path), &path, a[1], &wish);
}

long sys_removexattr(const uint64_t a[6])
{
    struct path path;
    return finish(request_walk(AT_FDCWD, a[0], 0, &path), &path, a[1], &removing);
}

long sys_lremovexattr(const uint64_t a[6])
{
    struct path path;
    return finish(request_walk(AT_FDCWD, a[0], WALK_NO_FOLLOW, &path), &path, a[1], &removing);
}

long sys_fremovexattr(const uint64_t a[6])
{
    struct path path;
    return finish(open_path(a[0], &path), &path, a[1], &removing);
}
