/*
 * Open files: see "Files" in fs.h. A file is what open returns: it stays when its name goes, and its inode with it.
 *
 * The position belongs to the file and is shared by all descriptors that refer to it. position_lock is held over a read
 * or write that moves it, so two at once do not take the same bytes.
 */
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/device.h"
#include "fs/mount.h"
#include "fs/names.h"
#include "fs/pipe.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "panic.h"

static struct slab_cache *file_cache;

void files_init(void)
{
    file_cache = slab_cache_create("file", sizeof(struct file), _Alignof(struct file));
    if (!file_cache)
        panic("there is not enough memory to start; give the machine more");
}

static const struct file_ops *ops_for(const struct inode *inode)
{
    uint32_t type = inode->mode & S_IFMT;
    if (inode->file_ops)
        return inode->file_ops;
    return type == S_IFCHR ? device_find(inode->device) : type == S_IFIFO ? &fifo_file_ops : NULL;
}

/* Takes PATH's references over when it succeeds. NULL: no memory. */
static struct file *allocate(const struct path *path, const struct file_ops *ops, unsigned flags)
{
    struct file *file = slab_allocate(file_cache, ALLOC_ZERO);
    if (file == NULL)
        return NULL;
    *file = (struct file){.ops = ops, .path = *path, .inode = path->dentry->inode, .references = 1};
    file->flags = flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
    mutex_init(&file->position_lock, LOCK_RANK_POSITION);
    return file;
}

/* Regular files know who writes and who executes them. */
static int begin_use(const struct file *file)
{
    if ((file->inode->mode & S_IFMT) != S_IFREG)
        return 0;
    if (file->flags & FILE_PROGRAM)
        return inode_deny_write(file->inode);
    return file->flags & (O_WRONLY | O_RDWR) ? inode_begin_write(file->inode) : 0;
}

static void end_use(const struct file *file)
{
    if ((file->inode->mode & S_IFMT) != S_IFREG)
        return;
    if (file->flags & FILE_PROGRAM)
        inode_allow_write(file->inode);
    else if (file->flags & (O_WRONLY | O_RDWR))
        inode_end_write(file->inode);
}

static struct file *create(const struct path *path, unsigned flags, int *error)
{
    struct file *file = allocate(path, ops_for(path->dentry->inode), flags);
    *error = -ENOMEM;
    if (file == NULL)
        return NULL;
    *error = file->ops == NULL ? -ENXIO : begin_use(file);
    if (*error)
        goto out_file;
    file->flags |= flags & O_NOCTTY; /* `open` looks at it, and nobody later */
    *error = file->ops->open ? file->ops->open(file) : 0;
    file->flags &= ~O_NOCTTY;
    if (*error == 0)
        return file;
    end_use(file);
out_file:
    slab_free(file_cache, file);
    return NULL;
}

/* A dentry that is in no directory. Takes INODE over if it succeeds. */
static struct dentry *name_anonymous(const char *name, struct inode *inode)
{
    char full[NAME_LENGTH_MAX + 1];
    size_t length = strlen(name);
    bool numbered = length > 0 && name[length - 1] == ':';
    length = (size_t)snprintf(full, sizeof full, numbered ? "%s[%lu]" : "%s", name, inode->number);
    struct dentry *dentry = dentry_create(NULL, full, length);
    if (dentry) {
        dentry->super = inode->super;
        dentry->inode = inode;
    }
    return dentry;
}

struct file *file_create_anonymous(
    const char *name, const struct file_ops *ops, void *data, unsigned flags, uint32_t mode)
{
    static const struct inode_ops nothing;
    struct inode *inode = inode_create(mount_anonymous.super, mode, &credentials_root);
    if (inode == NULL)
        return NULL;
    inode->ops = &nothing;
    struct path path = {.mount = &mount_anonymous, .dentry = name_anonymous(name, inode)};
    if (path.dentry == NULL) {
        inode_put(inode);
        return NULL;
    }
    mount_get(path.mount);
    struct file *file = allocate(&path, ops, flags);
    if (file)
        file->data = data;
    else
        path_put(&path);
    return file;
}

struct file *file_create_beside(const struct file *file, unsigned flags)
{
    path_get(&file->path);
    struct file *beside = allocate(&file->path, file->ops, flags);
    if (beside)
        beside->data = file->data;
    else
        path_put(&file->path);
    return beside;
}

void file_get(struct file *file)
{
    __atomic_fetch_add(&file->references, 1, __ATOMIC_RELAXED);
}

void file_put(struct file *file)
{
    if (__atomic_sub_fetch(&file->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    if (file->ops->release)
        file->ops->release(file);
    end_use(file);
    if (file->origin)
        vm_origin_put(file->origin);
    path_put(&file->path);
    slab_free(file_cache, file);
}

uint64_t file_count(void)
{
    return slab_object_count(file_cache);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Opening
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
    if (type == S_IFLNK)
        return -ELOOP;
    if (flags & O_DIRECTORY && type != S_IFDIR)
        return -ENOTDIR;
    if (type == S_IFDIR && (writing || flags & O_CREAT))
        return -EISDIR;
    return created ? 0 : inode_permission(inode, wanted_permissions(flags), walk->credentials);
}

static int truncate(struct inode *inode)
{
    if ((inode->mode & S_IFMT) != S_IFREG || inode->ops->truncate == NULL)
        return 0; /* devices and pipes take no notice */
    int error = inode_begin_write(inode);
    if (error)
        return error;
    rwlock_write(&inode->lock);
    error = inode->ops->truncate(inode, 0);
    rwlock_write_unlock(&inode->lock);
    inode_end_write(inode);
    return error;
}

/* Finds the file, makes it if that is wanted. *created tells. */
static int find_or_create(
    const struct walk *walk, const char *name, unsigned flags, uint32_t mode, struct path *path, bool *created)
{
    struct walk own = *walk;
    *created = false;
    if (flags & O_NOFOLLOW || (flags & O_CREAT && flags & O_EXCL))
        own.flags |= WALK_NO_FOLLOW;
    for (unsigned tries = 0;; tries++) {
        int error = path_walk(&own, name, path);
        if (error != -ENOENT || !(flags & O_CREAT)) {
            if (error == 0 && flags & O_CREAT && flags & O_EXCL && !*created) {
                path_put(path);
                return -EEXIST;
            }
            return error;
        }
        if (tries == 8)
            return -ENOENT; /* someone takes it away as fast as we make it, or it is a link to nowhere */
        error = name_create(walk, name, S_IFREG | (mode & 07777), 0);
        *created = error == 0;
        if (error && error != -EEXIST)
            return error;
    }
}

struct file *file_open(const struct walk *walk, const char *name, unsigned flags, uint32_t mode, int *error)
{
    struct path path;
    bool created;
    *error = find_or_create(walk, name, flags, mode, &path, &created);
    if (*error)
        return NULL;
    *error = check_open(walk, &path, flags, created);
    struct file *file = *error ? NULL : create(&path, flags, error);
    if (file == NULL) {
        path_put(&path);
        return NULL;
    }
    if (flags & O_TRUNC && !created)
        *error = truncate(file->inode);
    if (*error) {
        file_put(file);
        return NULL;
    }
    return file;
}

#define MS_NOEXEC 8u

static int check_program(const struct walk *walk, const struct path *path)
{
    const struct inode *inode = path->dentry->inode;
    if (walk->flags & WALK_NO_FOLLOW && (inode->mode & S_IFMT) == S_IFLNK)
        return -ELOOP;
    if ((inode->mode & S_IFMT) != S_IFREG || (path->mount->flags | inode->super->flags) & MS_NOEXEC)
        return -EACCES;
    return inode_permission(inode, INODE_EXECUTE, walk->credentials);
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

/* ------------------------------------------------------------------------------------------------------------------
 * Reading and writing
 */

/* At *position; NULL: at the file's own, which moves on. */
static long transfer(
    struct file *file, struct iov *iov, uint64_t *position, long (*function)(struct file *, struct iov *, uint64_t *))
{
    if (function == NULL)
        return (file->inode->mode & S_IFMT) == S_IFDIR ? -EISDIR : -EINVAL;
    if (file->ops->stream)
        return function(file, iov, &file->position);
    if (position)
        return *position + iov->left > INT64_MAX ? -EINVAL : function(file, iov, position);
    mutex_lock(&file->position_lock);
    long result = file->position + iov->left > INT64_MAX ? -EINVAL : function(file, iov, &file->position);
    mutex_unlock(&file->position_lock);
    return result;
}

long file_read(struct file *file, struct iov *to, uint64_t *position)
{
    unsigned mode = file->flags & O_ACCMODE;
    return mode == O_RDONLY || mode == O_RDWR ? transfer(file, to, position, file->ops->read) : -EBADF;
}

long file_write(struct file *file, struct iov *from, uint64_t *position)
{
    unsigned mode = file->flags & O_ACCMODE;
    from->append |= (file->flags & O_APPEND) != 0;
    return mode == O_WRONLY || mode == O_RDWR ? transfer(file, from, position, file->ops->write) : -EBADF;
}

long file_seek(struct file *file, int64_t offset, int whence)
{
    if (file->ops->stream)
        return -ESPIPE;
    if (file->ops->seek)
        return file->ops->seek(file, offset, whence);
    if (whence < SEEK_SET || whence > SEEK_END)
        return -EINVAL;
    mutex_lock(&file->position_lock);
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)file->position : (int64_t)file->inode->size;
    int64_t to;
    long result = __builtin_add_overflow(base, offset, &to) || to < 0 ? -EINVAL : to;
    if (result >= 0)
        file->position = (uint64_t)to;
    mutex_unlock(&file->position_lock);
    return result;
}

int file_read_directory(struct file *file, struct directory_sink *sink)
{
    if (file->ops->read_directory == NULL)
        return -ENOTDIR;
    mutex_lock(&file->position_lock);
    rwlock_read(&file->inode->lock);
    int error = file->inode->links == 0 ? -ENOENT : file->ops->read_directory(file, sink, &file->position);
    rwlock_read_unlock(&file->inode->lock);
    mutex_unlock(&file->position_lock);
    return error;
}
