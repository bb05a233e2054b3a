/*
 * System calls that take names: a path of the program's is copied, and walked from its root and its working directory
 * or the directory that a descriptor names.
 *
 * Source: open(2), stat(2), readlink(2), path_resolution(7).
 */
#include "fs/dentry.h"
#include "fs/names.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "syscall/handlers.h"
#include "time/clock.h"

#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100u
#define AT_NO_AUTOMOUNT 0x800u
#define AT_EMPTY_PATH 0x1000u

/* A path on its way through a call. */
struct request {
    struct walk walk;
    struct file *directory; /* NULL: none was named */
    char *name;
};

static void request_end(struct request *request)
{
    kfree(request->name);
    if (request->directory)
        file_put(request->directory);
}

/* The text; and where the walk begins: DIRECTORY counts only when the path is relative. Ended by request_end if 0. */
static int request_begin(struct request *request, int directory, uaddr_t name)
{
    *request = (struct request){.name = kmalloc(PATH_LENGTH_MAX, 0)};
    if (request->name == NULL)
        return -ENOMEM;
    task_walk(&request->walk);
    long length = user_read_string(request->name, name, PATH_LENGTH_MAX);
    int error = length < 0 ? (int)length : 0;
    if (!error && directory != AT_FDCWD && request->name[0] != '/') {
        request->directory = files_find(task_current()->files, directory);
        if (request->directory)
            request->walk.start = request->directory->path;
        else
            error = -EBADF;
    }
    if (error)
        request_end(request);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Opening
 */

static long open_at(int directory, uaddr_t name, unsigned flags, uint32_t mode)
{
    const struct task *task = task_current();
    struct request request;
    int error = flags & O_PATH || (flags & O_TMPFILE) == O_TMPFILE ? -ENOTSUP : 0;
    if (error || (error = request_begin(&request, directory, name)) < 0)
        return error;
    mode &= 07777 & ~task->paths->umask;
    struct file *file = file_open(&request.walk, request.name, flags | O_LARGEFILE, mode, &error);
    long result = error;
    if (file) {
        result = files_add(task->files, file, flags & O_CLOEXEC, task->process->limits[RLIMIT_NOFILE].current);
        if (result < 0)
            file_put(file);
    }
    request_end(&request);
    return result;
}

long sys_open(const uint64_t a[6])
{
    return open_at(AT_FDCWD, a[0], (unsigned)a[1], (uint32_t)a[2]);
}

long sys_openat(const uint64_t a[6])
{
    return open_at((int)a[0], a[1], (unsigned)a[2], (uint32_t)a[3]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Attributes
 */

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
    struct file *file = files_find(task_current()->files, fd);
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
    struct request request;
    struct path path;
    int error = request_begin(&request, directory, name);
    if (error)
        return error;
    request.walk.flags = (flags & AT_SYMLINK_NOFOLLOW ? WALK_NO_FOLLOW : 0) | (flags & AT_EMPTY_PATH ? WALK_EMPTY : 0);
    long result = path_walk(&request.walk, request.name, &path);
    if (result == 0) {
        result = stat_inode(path.dentry->inode, to);
        path_put(&path);
    }
    request_end(&request);
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

/* R_OK, W_OK and X_OK are INODE_READ, INODE_WRITE and INODE_EXECUTE. */
long sys_access(const uint64_t a[6])
{
    struct request request;
    struct path path;
    unsigned wanted = (unsigned)a[1];
    if (wanted & ~(INODE_READ | INODE_WRITE | INODE_EXECUTE))
        return -EINVAL;
    int error = request_begin(&request, AT_FDCWD, a[0]);
    if (error)
        return error;
    error = path_walk(&request.walk, request.name, &path);
    if (!error) {
        error = inode_permission(path.dentry->inode, wanted, request.walk.credentials);
        path_put(&path);
    }
    request_end(&request);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Changing names
 */

long sys_mkdir(const uint64_t a[6])
{
    struct request request;
    int error = request_begin(&request, AT_FDCWD, a[0]);
    if (error)
        return error;
    uint32_t mode = (uint32_t)a[1] & 01777 & ~task_current()->paths->umask;
    error = name_create(&request.walk, request.name, S_IFDIR | mode, 0);
    request_end(&request);
    return error;
}

static long remove_name(uaddr_t name, bool directory)
{
    struct request request;
    int error = request_begin(&request, AT_FDCWD, name);
    if (error)
        return error;
    error = name_remove(&request.walk, request.name, directory);
    request_end(&request);
    return error;
}

long sys_rmdir(const uint64_t a[6])
{
    return remove_name(a[0], true);
}

long sys_unlink(const uint64_t a[6])
{
    return remove_name(a[0], false);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Links and the working directory
 */

static long read_link(struct inode *inode, uaddr_t to, size_t size)
{
    if (inode->ops->read_link == NULL)
        return -EINVAL;
    char *target = kmalloc(PATH_LENGTH_MAX, 0);
    if (target == NULL)
        return -ENOMEM;
    long length = inode->ops->read_link(inode, target, min_u64(size, PATH_LENGTH_MAX));
    if (length > 0 && user_write(to, target, (size_t)length) != 0)
        length = -EFAULT;
    kfree(target);
    return length;
}

static long read_link_at(int directory, uaddr_t name, uaddr_t to, int size)
{
    struct request request;
    struct path path;
    if (size <= 0)
        return -EINVAL;
    int error = request_begin(&request, directory, name);
    if (error)
        return error;
    request.walk.flags = WALK_NO_FOLLOW;
    long result = path_walk(&request.walk, request.name, &path);
    if (result == 0) {
        result = read_link(path.dentry->inode, to, (size_t)size);
        path_put(&path);
    }
    request_end(&request);
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

long sys_getcwd(const uint64_t a[6])
{
    const struct task_paths *paths = task_current()->paths;
    char *buffer = kmalloc(PATH_LENGTH_MAX, 0);
    int error = -ENOMEM;
    if (buffer == NULL)
        return error;
    const char *name = path_name(&paths->working, &paths->root, buffer, PATH_LENGTH_MAX, &error);
    long result = error;
    if (name) {
        size_t length = strlen(name) + 1;
        result = length > a[1] ? -ERANGE : user_write(a[0], name, length) == 0 ? (long)length : -EFAULT;
    }
    kfree(buffer);
    return result;
}
