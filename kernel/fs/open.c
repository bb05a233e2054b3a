/*
 * Opening files: finding or making what a name means, whether it may be opened so, and the struct file for it.
 *
 * Source: POSIX.1-2017, open; open(2).
 */
#include "fs/attributes.h"
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/device.h"
#include "fs/file_internal.h"
#include "fs/pipe.h"
#include "fs/watch.h"
#include "lib/errno.h"
#include "lib/printf.h"

/* What O_PATH leaves of the flags. */
#define PATH_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* ------------------------------------------------------------------------------------------------------------------
 * What may be opened
 */

static unsigned wanted_permissions(unsigned flags)
{
    static const unsigned by_mode[] = {INODE_READ, INODE_WRITE, INODE_READ | INODE_WRITE, INODE_READ | INODE_WRITE};
    return by_mode[flags & O_ACCMODE] | (flags & O_TRUNC ? INODE_WRITE : 0);
}

/* May the file that is there be opened so? CREATED: just now, by this call, which may do anything with it. */
static int check_open(const struct walk *walk, const struct path *path, unsigned flags, bool created)
{
    const struct inode *inode = path->dentry->inode;
    uint32_t type = inode->mode & S_IFMT;
    bool writing = wanted_permissions(flags) & INODE_WRITE;
    if (flags & O_CREAT && type == S_IFDIR)
        return -EISDIR;
    if (flags & O_DIRECTORY && type != S_IFDIR)
        return -ENOTDIR;
    if (flags & O_PATH)
        return 0;
    if (type == S_IFLNK)
        return -ELOOP;
    if (type == S_IFDIR && writing)
        return -EISDIR;
    if ((type == S_IFCHR || type == S_IFBLK) && (path->mount->flags | path->mount->super->flags) & MS_NODEV)
        return -EACCES;
    int error = created ? 0 : path_permission(path, wanted_permissions(flags), walk->credentials);
    if (!error && flags & O_NOATIME && !inode_is_owner(inode, walk->credentials))
        error = -EPERM;
    return error;
}

static const struct file_ops *ops_for(const struct inode *inode, unsigned flags)
{
    static const struct file_ops nothing;
    uint32_t type = inode->mode & S_IFMT;
    if (flags & O_PATH)
        return &nothing;
    if (inode->file_ops)
        return inode->file_ops;
    return type == S_IFCHR ? device_find(inode->device) : type == S_IFIFO ? &fifo_file_ops : NULL;
}

/* Takes PATH's references over when it succeeds. */
static struct file *create(const struct path *path, unsigned flags, int *error)
{
    const struct file_ops *ops = ops_for(path->dentry->inode, flags);
    struct file *file = ops ? file_allocate(path, ops, flags) : NULL;
    *error = ops == NULL ? -ENXIO : -ENOMEM;
    if (file == NULL)
        return NULL;
    *error = file_begin_use(file);
    if (*error)
        goto out_file;
    file->flags |= flags & O_NOCTTY; /* `open` looks at it, and nobody later */
    *error = ops->open ? ops->open(file) : 0;
    file->flags &= ~O_NOCTTY;
    if (*error == 0) {
        watch_file(file, IN_OPEN);
        return file;
    }
    file_end_use(file);
out_file:
    file_free(file);
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Opening
 */

/* Finds the file, makes it if that is wanted. *created tells. */
static int find_or_create(
    const struct walk *walk, const char *name, unsigned flags, uint32_t mode, struct path *path, bool *created)
{
    struct walk own = *walk;
    own.flags |= flags & O_NOFOLLOW ? WALK_NO_FOLLOW : 0;
    *created = false;
    if (!(flags & O_CREAT))
        return path_walk(&own, name, path);
    struct path_creation creation = {.mode = mode & 07777, .exclusive = flags & O_EXCL};
    int error = path_walk_create(&own, name, &creation, path);
    *created = creation.created;
    return error;
}

/* A file in DIRECTORY that has no name there. */
static int create_unnamed_in(
    const struct walk *walk, const struct path *directory, uint32_t mode, bool exclusive, struct path *path)
{
    struct inode *dir = directory->dentry->inode;
    char name[24];
    int error = mount_check_write(directory->mount);
    if (!error)
        error = inode_permission(dir, INODE_WRITE | INODE_EXECUTE, walk->credentials);
    if (!error && dir->ops->create_unnamed == NULL)
        error = -EOPNOTSUPP;
    if (error)
        return error;
    size_t length = (size_t)snprintf(name, sizeof name, "#%lu", dir->super->next_inode);
    *path = (struct path){directory->mount, dentry_create(directory->dentry, name, length)};
    if (path->dentry == NULL)
        return -ENOMEM;
    error = dir->ops->create_unnamed(dir, path->dentry, S_IFREG | (mode & 07777), walk->credentials);
    if (error) {
        dentry_put(path->dentry);
        return error;
    }
    path->dentry->inode->linkable = !exclusive;
    mount_get(path->mount);
    return 0;
}

/* O_TMPFILE: NAME is a directory's. */
static int find_unnamed(const struct walk *walk, const char *name, unsigned flags, uint32_t mode, struct path *path)
{
    struct path directory;
    struct walk own = *walk;
    own.flags |= WALK_DIRECTORY | (flags & O_NOFOLLOW ? WALK_NO_FOLLOW : 0);
    int error = path_walk(&own, name, &directory);
    if (error)
        return error;
    error = create_unnamed_in(walk, &directory, mode, flags & O_EXCL, path);
    path_put(&directory);
    return error;
}

static bool is_unnamed(unsigned flags)
{
    return (flags & O_TMPFILE) == O_TMPFILE;
}

/* Do the flags make sense? */
static int check_flags(unsigned flags)
{
    unsigned mode = flags & O_ACCMODE;
    if (flags & O_PATH)
        return 0;
    if (flags & O_TMPFILE & ~O_DIRECTORY && (!is_unnamed(flags) || flags & O_CREAT || mode == O_RDONLY))
        return -EINVAL;
    return (flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY) ? -EINVAL : 0;
}

static int truncate(const struct file *file, const struct credentials *credentials)
{
    struct inode *inode = file->inode;
    if ((inode->mode & S_IFMT) != S_IFREG)
        return 0; /* devices and pipes take no notice */
    int error = inode_begin_write(inode);
    if (error)
        return error;
    error = inode_set_size(inode, 0, credentials);
    inode_end_write(inode);
    if (!error)
        watch_file(file, IN_MODIFY);
    return error;
}

struct file *file_open(const struct walk *walk, const char *name, unsigned flags, uint32_t mode, int *error)
{
    struct path path;
    bool created = is_unnamed(flags);
    *error = check_flags(flags);
    if (*error)
        return NULL;
    if (flags & O_PATH)
        flags &= PATH_FLAGS;
    if (is_unnamed(flags)) {
        *error = find_unnamed(walk, name, flags, mode, &path);
        flags &= ~O_DIRECTORY;
    } else {
        *error = find_or_create(walk, name, flags, mode, &path, &created);
    }
    if (*error)
        return NULL;
    *error = check_open(walk, &path, flags, created);
    struct file *file = *error ? NULL : create(&path, flags, error);
    if (file == NULL) {
        path_put(&path);
        return NULL;
    }
    if (flags & O_TRUNC && !created)
        *error = truncate(file, walk->credentials);
    if (*error) {
        file_put(file);
        return NULL;
    }
    return file;
}

static int check_program(const struct walk *walk, const struct path *path)
{
    const struct inode *inode = path->dentry->inode;
    if (walk->flags & WALK_NO_FOLLOW && (inode->mode & S_IFMT) == S_IFLNK)
        return -ELOOP;
    return (inode->mode & S_IFMT) == S_IFREG ? path_permission(path, INODE_EXECUTE, walk->credentials) : -EACCES;
}

struct file *file_open_program(const struct walk *walk, const char *name, int *error)
{
    struct path path;
    *error = path_walk(walk, name, &path);
    if (*error)
        return NULL;
    *error = check_program(walk, &path);
    struct file *file = *error ? NULL : create(&path, O_RDONLY | FILE_PROGRAM, error);
    if (file == NULL)
        path_put(&path);
    return file;
}
