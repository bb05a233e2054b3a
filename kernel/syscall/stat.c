/*
 * System calls that tell the attributes of files, and what the caller may do with them.
 *
 * Source: stat(2), access(2).
 */
#include "fs/dentry.h"
#include "fs/mount.h"
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

/* As makedev has it: numbers up to 255 as they are, the upper bits of the minor one above the major one. */
static uint64_t device_encode(uint32_t major, uint32_t minor)
{
    return (minor & 0xff) | (major & 0xfff) << 8 | (uint64_t)(minor & ~0xffu) << 12;
}

/* Of a superblock that lies on no device. */
static uint64_t superblock_device(const struct superblock *super)
{
    return device_encode(0, (uint32_t)super->device);
}

static int refresh(struct inode *inode)
{
    return inode->ops->refresh ? inode->ops->refresh(inode) : 0;
}

static long stat_inode(struct inode *inode, uaddr_t to)
{
    int error = refresh(inode);
    if (error)
        return error;
    struct user_stat stat = {.inode = inode->number, .block_size = PAGE_SIZE};
    rwlock_read(&inode->lock);
    stat.device = superblock_device(inode->super);
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
    struct file_use use = files_use_any(task_current()->files, fd);
    if (use.file == NULL)
        return -EBADF;
    long result = stat_inode(use.file->inode, to);
    file_unuse(use);
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
 * statx
 */

#define STATX_BASIC_STATS 0x7ffu
#define STATX_BTIME 0x800u
#define STATX_MNT_ID 0x1000u
#define STATX_RESERVED 0x80000000u
#define STATX_ATTR_MOUNT_ROOT 0x2000u
#define AT_STATX_SYNC_TYPE 0x6000u

struct user_statx_time {
    int64_t seconds;
    uint32_t nanoseconds, pad;
};

struct user_statx {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, pad;
    uint64_t inode, size, blocks, attributes_mask;
    struct user_statx_time accessed, created, changed, modified;
    uint32_t node_major, node_minor, major, minor;
    uint64_t mount;
    uint64_t unused[13];
};
_Static_assert(sizeof(struct user_statx) == 256, "struct statx");

static struct user_statx_time statx_time_of(fs_time_t time)
{
    struct user_timespec spec = timespec_of(time);
    return (struct user_statx_time){spec.seconds, (uint32_t)spec.nanoseconds, 0};
}

static long statx_path(const struct path *path, uaddr_t to)
{
    struct inode *inode = path->dentry->inode;
    int error = refresh(inode);
    if (error)
        return error;
    struct user_statx stat = {.mask = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID,
        .block_size = PAGE_SIZE,
        .attributes_mask = STATX_ATTR_MOUNT_ROOT,
        .inode = inode->number,
        .minor = (uint32_t)inode->super->device,
        .mount = path->mount->number};
    if (path->dentry == path->mount->root)
        stat.attributes = STATX_ATTR_MOUNT_ROOT;
    rwlock_read(&inode->lock);
    stat.links = inode->links;
    stat.uid = inode->uid;
    stat.gid = inode->gid;
    stat.mode = (uint16_t)inode->mode;
    stat.size = inode->size;
    stat.blocks = inode->blocks;
    stat.accessed = statx_time_of(inode->accessed);
    stat.created = statx_time_of(inode->created);
    stat.changed = statx_time_of(inode->changed);
    stat.modified = statx_time_of(inode->modified);
    stat.node_major = inode->device >> 8 & 0xfff;
    stat.node_minor = (inode->device & 0xff) | (inode->device >> 12 & 0xfff00);
    rwlock_read_unlock(&inode->lock);
    return copy_to_user(to, &stat);
}

/* More than was asked for is told: it costs nothing. */
long sys_statx(const uint64_t a[6])
{
    unsigned flags = (unsigned)a[2];
    struct path path;
    if ((unsigned)a[3] & STATX_RESERVED || (flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE)
        return -EINVAL;
    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE))
        return -EINVAL;
    long result = request_walk((int)a[0], a[1], request_walk_flags(flags), &path);
    if (result == 0) {
        result = statx_path(&path, a[4]);
        path_put(&path);
    }
    return result;
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
        error = path_permission(&path, wanted, request->walk.credentials);
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
