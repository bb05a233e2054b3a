/*
 * System calls about mounts and file systems as a whole: kernel/fs/mount.h does it, this takes mount(2)'s many meanings
 * apart.
 *
 * Source: mount(2), umount(2), pivot_root(2), chroot(2), statfs(2), ustat(2).
 */
#include "fs/mount.h"

#include "fs/credentials.h"
#include "fs/dentry.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "syscall/handlers.h"
#include "syscall/request.h"

#define MS_MAGIC 0xc0ed0000u /* programs older than Linux 2.4 put it into the upper half */
#define MS_MAGIC_MASK 0xffff0000u
#define MS_NOUSER 0xffffffff80000000ull /* the kernel's own: nobody may ask for it */
#define MS_PROPAGATION (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)

static bool is_administrator(void)
{
    return credentials_capable(task_current()->credentials, CAP_SYS_ADMIN);
}

/* ------------------------------------------------------------------------------------------------------------------
 * mount
 */

struct mounting {
    char *type, *source, *options; /* NULL: not given */
    unsigned flags;
};

/* A string of the program's; FROM 0: none. */
static int copy_string(uaddr_t from, char **string)
{
    *string = NULL;
    if (from == 0)
        return 0;
    *string = kmalloc(PATH_LENGTH_MAX, 0);
    if (*string == NULL)
        return -ENOMEM;
    long length = user_read_string(*string, from, PATH_LENGTH_MAX);
    return length == -ENAMETOOLONG ? -EINVAL : length < 0 ? (int)length : 0;
}

/* A page of anything, of which as much is taken as is there. */
static int copy_options(uaddr_t from, char **options)
{
    *options = NULL;
    if (from == 0)
        return 0;
    *options = kmalloc(PAGE_SIZE, ALLOC_ZERO);
    if (*options == NULL)
        return -ENOMEM;
    size_t missed = user_read(*options, from, PAGE_SIZE - 1);
    return missed == PAGE_SIZE - 1 ? -EFAULT : 0;
}

static int make_new(const struct mounting *mounting, const struct path *on)
{
    if (mounting->type == NULL)
        return -EINVAL;
    const struct filesystem *type = filesystem_find(mounting->type);
    if (type == NULL)
        return -ENODEV;
    const char *options = mounting->options ? mounting->options : "";
    return mount_new(type, mounting->source, options, on, mounting->flags);
}

/* With another place as the source. */
static int from_place(const struct mounting *mounting, const struct path *on)
{
    struct walk walk;
    struct walk_hold hold;
    struct path from;
    if (mounting->source == NULL || *mounting->source == '\0')
        return -EINVAL;
    task_walk(&walk, &hold);
    int error = path_walk(&walk, mounting->source, &from);
    task_walk_end(&hold);
    if (error)
        return error;
    error = mounting->flags & MS_BIND ? mount_bind(&from, on, mounting->flags & MS_REC) : mount_move(&from, on);
    path_put(&from);
    return error;
}

/* Mounts propagate nowhere: they may be called what one likes. */
static int set_propagation(const struct mounting *mounting, const struct path *on)
{
    unsigned kind = mounting->flags & MS_PROPAGATION;
    if (mounting->flags & ~(MS_PROPAGATION | MS_REC | MS_SILENT) || kind & (kind - 1))
        return -EINVAL;
    return on->dentry == on->mount->root ? 0 : -EINVAL;
}

static int do_mount(const struct mounting *mounting, const struct path *on)
{
    unsigned flags = mounting->flags;
    if (!is_administrator())
        return -EPERM;
    if (flags & MS_REMOUNT)
        return mount_change(on, flags, mounting->options ? mounting->options : "", flags & MS_BIND);
    if (flags & MS_BIND)
        return from_place(mounting, on);
    if (flags & MS_PROPAGATION)
        return set_propagation(mounting, on);
    return flags & MS_MOVE ? from_place(mounting, on) : make_new(mounting, on);
}

long sys_mount(const uint64_t a[6])
{
    uint64_t flags = (a[3] & MS_MAGIC_MASK) == MS_MAGIC ? a[3] & ~(uint64_t)MS_MAGIC_MASK : a[3];
    struct mounting mounting = {.flags = (unsigned)flags};
    bool internal = flags & MS_NOUSER;
    struct path on;
    int error = copy_string(a[2], &mounting.type);
    error = error ? error : copy_string(a[0], &mounting.source);
    error = error ? error : copy_options(a[4], &mounting.options);
    error = error ? error : request_walk(AT_FDCWD, a[1], 0, &on);
    if (!error) {
        error = internal ? -EINVAL : do_mount(&mounting, &on);
        path_put(&on);
    }
    kfree(mounting.type);
    kfree(mounting.source);
    kfree(mounting.options);
    return error;
}

long sys_umount2(const uint64_t a[6])
{
    unsigned flags = (unsigned)a[1];
    struct path path;
    if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
        return -EINVAL;
    int error = request_walk(AT_FDCWD, a[0], flags & UMOUNT_NOFOLLOW ? WALK_NO_FOLLOW : 0, &path);
    if (error)
        return error;
    error = is_administrator() ? mount_remove(&path, flags & ~UMOUNT_NOFOLLOW) : -EPERM;
    path_put(&path);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The root
 */

long sys_chroot(const uint64_t a[6])
{
    struct path path;
    int error = request_walk(AT_FDCWD, a[0], WALK_DIRECTORY, &path);
    if (error)
        return error;
    error = inode_permission(path.dentry->inode, INODE_EXECUTE, task_current()->credentials);
    if (!error && !credentials_capable(task_current()->credentials, CAP_SYS_CHROOT))
        error = -EPERM;
    if (error)
        path_put(&path);
    else
        task_set_root(&path);
    return error;
}

/* Root and working directory of the caller, if they were the old root. */
static void follow_root(const struct path *before, const struct path *after)
{
    struct path root, working;
    if (!task_root(task_current(), &root))
        return;
    if (root.mount == before->mount && root.dentry == before->dentry) {
        path_get(after);
        task_set_root(after);
    }
    path_put(&root);
    if (!task_working(task_current(), &working))
        return;
    if (working.mount == before->mount && working.dentry == before->dentry) {
        path_get(after);
        task_set_working(after);
    }
    path_put(&working);
}

static int pivot(const struct path *new_root, uaddr_t put_old)
{
    struct path root, old;
    int error = request_walk(AT_FDCWD, put_old, WALK_DIRECTORY, &old);
    if (error)
        return error;
    if (!task_root(task_current(), &root)) {
        path_put(&old);
        return -EINVAL;
    }
    error = mount_pivot(&root, new_root, &old);
    if (!error)
        follow_root(&root, new_root);
    path_put(&root);
    path_put(&old);
    return error;
}

long sys_pivot_root(const uint64_t a[6])
{
    struct path new_root;
    if (!is_administrator())
        return -EPERM;
    int error = request_walk(AT_FDCWD, a[0], WALK_DIRECTORY, &new_root);
    if (error)
        return error;
    error = pivot(&new_root, a[1]);
    path_put(&new_root);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What a file system has
 */

struct user_statfs {
    int64_t type, block_size;
    uint64_t blocks, blocks_free, blocks_available, inodes, inodes_free;
    int32_t id[2];
    int64_t name_length, fragment_size, flags;
    int64_t unused[4];
};
_Static_assert(sizeof(struct user_statfs) == 120, "struct statfs");

#define ST_VALID 0x20
#define ST_RELATIME 0x1000
#define ST_NOSYMFOLLOW 0x2000

static int64_t statfs_flags(const struct mount *mount)
{
    unsigned flags = mount->flags | mount->super->flags, same = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
    same |= MS_SYNCHRONOUS | MS_MANDLOCK | MS_NOATIME | MS_NODIRATIME;
    return ST_VALID | (flags & same) | (flags & MS_RELATIME ? ST_RELATIME : 0) |
           (flags & MS_NOSYMFOLLOW ? ST_NOSYMFOLLOW : 0);
}

static long tell_statfs(const struct path *path, uaddr_t to)
{
    struct superblock *super = path->mount->super;
    struct superblock_report report = {.type = 0};
    if (super->type->report)
        super->type->report(super, &report);
    int64_t block_size = report.block_size ? (int64_t)report.block_size : PAGE_SIZE;
    const struct user_statfs statfs = {.type = (int64_t)report.type,
        .block_size = block_size,
        .blocks = report.blocks,
        .blocks_free = report.blocks_free,
        .blocks_available = report.blocks_free,
        .inodes = report.inodes,
        .inodes_free = report.inodes_free,
        .id = {(int32_t)super->device, 0},
        .name_length = NAME_LENGTH_MAX,
        .fragment_size = block_size,
        .flags = statfs_flags(path->mount)};
    return copy_to_user(to, &statfs);
}

long sys_statfs(const uint64_t a[6])
{
    struct path path;
    long result = request_walk(AT_FDCWD, a[0], 0, &path);
    if (result == 0) {
        result = tell_statfs(&path, a[1]);
        path_put(&path);
    }
    return result;
}

long sys_fstatfs(const uint64_t a[6])
{
    struct file *file = files_find_any(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    long result = tell_statfs(&file->path, a[1]);
    file_put(file);
    return result;
}

struct user_ustat {
    int32_t blocks_free, pad;
    uint64_t inodes_free;
    char name[6], pack[6];
    uint32_t pad2;
};

/* Of the file system on a device, by the number that stat tells: here they all lie on none of their own. */
long sys_ustat(const uint64_t a[6])
{
    struct user_ustat ustat = {.blocks_free = 0};
    struct mount *mount = NULL;
    uint64_t number = 0;
    while ((mount = mount_next(mount_space_current(), number)) != NULL && mount->super->device != (uint32_t)a[0]) {
        number = mount->number;
        mount_put(mount);
    }
    if (mount == NULL)
        return -EINVAL;
    struct superblock_report report = {.type = 0};
    if (mount->super->type->report)
        mount->super->type->report(mount->super, &report);
    mount_put(mount);
    ustat.blocks_free = (int32_t)min_u64(report.blocks_free, INT32_MAX);
    ustat.inodes_free = report.inodes_free;
    return copy_to_user(a[1], &ustat);
}
