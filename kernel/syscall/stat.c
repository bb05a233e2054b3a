/*
 * System calls that tell the attributes of files, and what the caller may do with them.
 *
 * Source: stat(2), access(2).
 */
#include "fs/dentry.h"
#include "syscall/handlers.h"
#include "syscall/request.h"
#include "time/clock.h"

struct user_stat {
    uint64_t device, inode, links;
    uint32_t mode, uid, gid, pad;
    uint64_t node_device;
    int64_t size, block_size, blocks;
    struct user_timespec accessed, modified, changed;
    int64_t unused[3];
};
_Static_assert(sizeof(struct user_stat) == 144, "struct stat");

static struct user_timespec timespec_of(fs_time_t time)
{
    int64_t second = (int64_t)NS_PER_SECOND, rest = time % second;
    rest += rest < 0 ? second : 0;
    return (struct user_timespec){(time - rest) / second, rest};
}

static long stat_inode(struct inode *inode, uaddr_t to)
{
    int error = inode->ops->refresh ? inode->ops->refresh(inode) : 0;
    if (error)
        return error;
    struct user_stat stat = {.inode = inode->number, .block_size = PAGE_SIZE};
    rwlock_read(&inode->lock);
    stat.device = inode->super ? inode->super->device : 0;
    stat.links = inode->links;
    stat.mode = inode->mode;
    stat.uid = inode->uid;
    stat.gid = inode->gid;
    stat.node_device = inode->device;
    stat.size = (int64_t)inode->size;
    stat.blocks = (int64_t)inode->blocks;
    stat.accessed = timespec_of(inode->accessed);
    stat.modified = timespec_of(inode->modified);
    stat.changed = timespec_of(inode->changed);
    rwlock_read_unlock(&inode->lock);
    return copy_to_user(to, &stat);
}

static long stat_descriptor(int fd, uaddr_t to)
{
    struct file *file = files_find_any(task_current()->files, fd);
    if (file == NULL)
        return -EBADF;
    long result = stat_inode(file->inode, to);
    file_put(file);
    return result;
}

long sys_fstat(const uint64_t a[6])
{
    return stat_descriptor((int)a[0], a[1]);
}

static bool is_empty_string(uaddr_t address)
{
    char c;
    return copy_from_user(&c, address) == 0 && c == '\0';
}

static long stat_at(int directory, uaddr_t name, uaddr_t to, unsigned flags)
{
    struct path path;
    long result = request_walk(directory, name, request_walk_flags(flags), &path);
    if (result == 0) {
        result = stat_inode(path.dentry->inode, to);
        path_put(&path);
    }
    return result;
}

long sys_newfstatat(const uint64_t a[6])
{
    unsigned flags = (unsigned)a[3];
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH))
        return -EINVAL;
    if (flags & AT_EMPTY_PATH && (int)a[0] != AT_FDCWD && is_empty_string(a[1]))
        return stat_descriptor((int)a[0], a[2]);
    return stat_at((int)a[0], a[1], a[2], flags);
}

long sys_stat(const uint64_t a[6])
{
    return stat_at(AT_FDCWD, a[0], a[1], 0);
}

long sys_lstat(const uint64_t a[6])
{
    return stat_at(AT_FDCWD, a[0], a[1], AT_SYMLINK_NOFOLLOW);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Permission
 */

/* As the real user, with what capabilities he would have: all of them, for root, else none. NULL: no memory. */
static const struct credentials *real_credentials(const struct credentials *own)
{
    uint64_t capabilities = own->uid == 0 ? own->permitted : 0;
    if (own->fsuid == own->uid && own->fsgid == own->gid && own->effective == capabilities)
        return credentials_get(own);
    struct credentials *copy = credentials_copy(own, own->group_count);
    if (copy == NULL)
        return NULL;
    copy->fsuid = own->uid;
    copy->fsgid = own->gid;
    copy->effective = capabilities;
    return copy;
}

static int check_access(struct request *request, unsigned wanted)
{
    struct path path;
    int error = path_walk(&request->walk, request->name, &path);
    if (!error) {
        error = inode_permission(path.dentry->inode, wanted, request->walk.credentials);
        path_put(&path);
    }
    return error;
}

/* R_OK, W_OK and X_OK are INODE_READ, INODE_WRITE and INODE_EXECUTE. */
static long access_at(int directory, uaddr_t name, unsigned wanted, unsigned flags)
{
    struct request request;
    if (wanted & ~(INODE_READ | INODE_WRITE | INODE_EXECUTE))
        return -EINVAL;
    if (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    const struct credentials *own = task_current()->credentials;
    const struct credentials *credentials = flags & AT_EACCESS ? credentials_get(own) : real_credentials(own);
    if (credentials == NULL)
        return -ENOMEM;
    int error = request_begin(&request, directory, name);
    if (!error) {
        request.walk.credentials = credentials;
        request.walk.flags = request_walk_flags(flags);
        error = check_access(&request, wanted);
        request_end(&request);
    }
    credentials_put(credentials);
    return error;
}

long sys_access(const uint64_t a[6])
{
    return access_at(AT_FDCWD, a[0], (unsigned)a[1], 0);
}

long sys_faccessat(const uint64_t a[6])
{
    return access_at((int)a[0], a[1], (unsigned)a[2], 0);
}

long sys_faccessat2(const uint64_t a[6])
{
    return access_at((int)a[0], a[1], (unsigned)a[2], (unsigned)a[3]);
}
