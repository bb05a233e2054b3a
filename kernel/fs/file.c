/*
 * Open files: see "Files" in fs.h. A file is what open returns: it stays when its name goes, and its inode with it.
 *
 * The position belongs to the file and is shared by all descriptors that refer to it. position_lock is held over a read
 * or write that moves it, so two at once do not take the same bytes.
 */
#include "fs/file_internal.h"

#include "fs/attributes.h"
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/epoll.h"
#include "fs/lock.h"
#include "fs/mount.h"
#include "fs/watch.h"
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

struct file *file_allocate(const struct path *path, const struct file_ops *ops, unsigned flags)
{
    struct file *file = slab_allocate(file_cache, ALLOC_ZERO);
    if (file == NULL)
        return NULL;
    *file = (struct file){.ops = ops, .path = *path, .inode = path->dentry->inode, .references = 1};
    file->flags = flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
    mutex_init(&file->position_lock, LOCK_RANK_POSITION);
    return file;
}

void file_free(struct file *file)
{
    slab_free(file_cache, file);
}

/* Who may write says so before he looks whether the mount is read-only, and who makes it so looks after that. */
static int begin_write(const struct file *file)
{
    struct mount *mount = file->path.mount;
    int error = inode_begin_write(file->inode);
    if (error)
        return error;
    __atomic_fetch_add(&mount->writers, 1, __ATOMIC_SEQ_CST);
    error = mount_check_write(mount);
    if (error) {
        __atomic_fetch_sub(&mount->writers, 1, __ATOMIC_RELEASE);
        inode_end_write(file->inode);
    }
    return error;
}

/* One without a name is executed although it is open: whoever has written the program has it (memfd_create). */
static bool counts_as_writer(const struct file *file)
{
    return file->flags & (O_WRONLY | O_RDWR) && file->path.mount != &mount_anonymous;
}

int file_begin_use(const struct file *file)
{
    if ((file->inode->mode & S_IFMT) != S_IFREG)
        return 0;
    if (file->flags & FILE_PROGRAM)
        return inode_deny_write(file->inode);
    return counts_as_writer(file) ? begin_write(file) : 0;
}

void file_end_use(const struct file *file)
{
    if ((file->inode->mode & S_IFMT) != S_IFREG)
        return;
    if (file->flags & FILE_PROGRAM) {
        inode_allow_write(file->inode);
    } else if (counts_as_writer(file)) {
        __atomic_fetch_sub(&file->path.mount->writers, 1, __ATOMIC_RELEASE);
        inode_end_write(file->inode);
    }
}

/* A dentry that is in no directory. Takes INODE over if it succeeds. */
static struct dentry *name_anonymous(const char *name, struct inode *inode)
{
    char full[NAME_LENGTH_MAX + 16]; /* memfd_create's is the longest */
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
    struct file *file = file_allocate(&path, ops, flags);
    if (file == NULL) {
        path_put(&path);
        return NULL;
    }
    file->data = data;
    (void)file_begin_use(file); /* nobody else uses it yet */
    return file;
}

struct file *file_create_beside(const struct file *file, unsigned flags)
{
    path_get(&file->path);
    struct file *beside = file_allocate(&file->path, file->ops, flags);
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
    watch_file(file, file->flags & (O_WRONLY | O_RDWR) ? IN_CLOSE_WRITE : IN_CLOSE_NOWRITE);
    if (__builtin_expect(file->poll_items != NULL, 0))
        epoll_file_gone(file);
    locks_drop_file(file);
    if (file->ops->release)
        file->ops->release(file);
    file_end_use(file);
    if (file->origin)
        vm_origin_put(file->origin);
    path_put(&file->path);
    file_free(file);
}

uint64_t file_count(void)
{
    return slab_object_count(file_cache);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading and writing
 */

/* Positions are signed to programs, so no file is larger than that. */
static bool is_beyond(uint64_t position, size_t length)
{
    return position > INT64_MAX || length > INT64_MAX - position;
}

typedef long transfer_function(struct file *file, struct iov *iov, uint64_t *position);

/* At the file's own position, which nobody else moves meanwhile. */
__attribute__((noinline)) static long transfer_locked(struct file *file, struct iov *iov, transfer_function *function)
{
    mutex_lock(&file->position_lock);
    long result = is_beyond(file->position, iov->left) ? -EINVAL : function(file, iov, &file->position);
    mutex_unlock(&file->position_lock);
    return result;
}

/* At *position; NULL: at the file's own, which moves on. */
static inline long transfer(struct file *file, struct iov *iov, uint64_t *position, transfer_function *function)
{
    if (function == NULL)
        return (file->inode->mode & S_IFMT) == S_IFDIR ? -EISDIR : -EINVAL;
    if (file->ops->stream)
        return function(file, iov, &file->position);
    if (position == NULL) {
        if (!file->ops->locks_position)
            return transfer_locked(file, iov, function);
        position = &file->position;
    }
    return is_beyond(*position, iov->left) ? -EINVAL : function(file, iov, position);
}

long file_read(struct file *file, struct iov *to, uint64_t *position)
{
    if (file->flags & O_WRONLY) /* or neither */
        return -EBADF;
    long result = transfer(file, to, position, file->ops->read);
    if (result > 0)
        watch_file(file, IN_ACCESS);
    return result;
}

long file_write(struct file *file, struct iov *from, uint64_t *position)
{
    unsigned mode = file->flags & O_ACCMODE;
    if (mode != O_WRONLY && mode != O_RDWR)
        return -EBADF;
    from->append |= (file->flags & O_APPEND) != 0;
    long result = transfer(file, from, position, file->ops->write);
    if (result > 0)
        watch_file(file, IN_MODIFY);
    return result;
}

long file_seek_nowhere(struct file *file, int64_t offset, int whence)
{
    return 0;
}

long file_seek_within(struct file *file, int64_t offset, int whence)
{
    mutex_lock(&file->position_lock);
    int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)file->position : (int64_t)file->inode->size;
    int64_t to;
    long result = __builtin_add_overflow(base, offset, &to) || to < 0 ? -EINVAL : to;
    if (result >= 0)
        file->position = (uint64_t)to;
    mutex_unlock(&file->position_lock);
    return result;
}

/* In a file that is nothing but data: the only hole is behind it. */
static long seek_data(struct file *file, int64_t offset, int whence)
{
    uint64_t size = file->inode->size;
    if (offset < 0 || (uint64_t)offset >= size)
        return -ENXIO;
    return file_seek_within(file, whence == SEEK_DATA ? offset : (int64_t)size, SEEK_SET);
}

long file_seek(struct file *file, int64_t offset, int whence)
{
    bool directory = (file->inode->mode & S_IFMT) == S_IFDIR;
    if (whence < 0 || whence > SEEK_MAX)
        return -EINVAL;
    if (file->ops->seek)
        return file->ops->seek(file, offset, whence);
    if (file->ops->stream)
        return -ESPIPE;
    if (whence <= (directory ? SEEK_CUR : SEEK_END))
        return file_seek_within(file, offset, whence);
    return directory ? -EINVAL : seek_data(file, offset, whence);
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
    if (!error)
        watch_file(file, IN_ACCESS);
    file_accessed(file);
    return error;
}
