/*
 * System calls about inotify (fs/inotify.h).
 *
 * Source: inotify_init(2), inotify_add_watch(2), inotify_rm_watch(2).
 */
#include "fs/inotify.h"

#include "fs/dentry.h"
#include "fs/watch.h"
#include "syscall/handlers.h"
#include "syscall/request.h"

/* What inotify_add_watch knows. */
#define MASK_BITS                                                                                                      \
    (IN_ALL_EVENTS | IN_UNMOUNT | IN_Q_OVERFLOW | IN_IGNORED | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK |          \
        IN_MASK_CREATE | IN_MASK_ADD | IN_ISDIR | IN_ONESHOT)

static long create(unsigned flags)
{
    return flags & ~(O_CLOEXEC | O_NONBLOCK) ? -EINVAL : descriptor_install(inotify_create(flags & O_NONBLOCK), flags);
}

long sys_inotify_init(const uint64_t a[6])
{
    return create(0);
}

long sys_inotify_init1(const uint64_t a[6])
{
    return create((unsigned)a[0]);
}

static long add(struct file *file, uaddr_t name, uint32_t mask)
{
    struct request request;
    struct path path;
    int error = request_begin(&request, AT_FDCWD, name);
    if (error)
        return error;
    request.walk.flags |= (mask & IN_ONLYDIR ? WALK_DIRECTORY : 0) | (mask & IN_DONT_FOLLOW ? WALK_NO_FOLLOW : 0);
    error = path_walk(&request.walk, request.name, &path);
    if (error == 0) {
        error = inode_permission(path.dentry->inode, INODE_READ, request.walk.credentials);
        if (error == 0)
            error = inotify_add(file, path.dentry->inode, mask);
        path_put(&path);
    }
    request_end(&request);
    return error;
}

long sys_inotify_add_watch(const uint64_t a[6])
{
    uint32_t mask = (uint32_t)a[2];
    if (!(mask & MASK_BITS))
        return -EINVAL;
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    bool both = (mask & (IN_MASK_ADD | IN_MASK_CREATE)) == (IN_MASK_ADD | IN_MASK_CREATE);
    long result = both || !inotify_is(file) ? -EINVAL : add(file, a[1], mask);
    file_put(file);
    return result;
}

long sys_inotify_rm_watch(const uint64_t a[6])
{
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = inotify_is(file) ? inotify_remove(file, (int)a[1]) : -EINVAL;
    file_put(file);
    return result;
}
