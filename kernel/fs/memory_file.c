/*
 * Files in memory without a name: see memory_file.h. Their contents are the page cache, as a tmpfs's are, and go with
 * the last file or mapping.
 */
#include "fs/memory_file.h"

#include "fs/cache.h"
#include "lib/errno.h"

static int truncate(struct inode *inode, uint64_t size)
{
    return page_cache_truncate(inode, size);
}

static const struct inode_ops inode_ops = {.truncate = truncate, .release = page_cache_destroy};
static const struct file_ops file_ops = {
    .read = page_cache_read, .write = page_cache_write, .seek = page_cache_seek, .allocate = page_cache_allocate};

struct file *memory_file_create(const char *name, uint64_t size, unsigned flags, uint32_t mode)
{
    struct file *file = file_create_anonymous(name, &file_ops, NULL, flags, S_IFREG | mode);
    if (file == NULL)
        return NULL;
    if (page_cache_create(file->inode, NULL) == NULL) {
        file_put(file);
        return NULL;
    }
    file->inode->ops = &inode_ops;
    file->inode->file_ops = &file_ops; /* for who opens it anew through /proc */
    file->inode->size = size;
    return file;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Seals
 */

/* The contents of a file that are memory alone; NULL: they are not. */
static struct page_cache *sealable(const struct file *file)
{
    struct page_cache *cache = page_cache_of(file->inode);
    return cache && cache->read_page == NULL ? cache : NULL;
}

void memory_file_allow_seals(struct file *file)
{
    page_cache_of(file->inode)->seals = 0;
}

/* The inode is locked, so nobody is writing to it but by maps. */
static int add_locked(struct page_cache *cache, unsigned seals)
{
    if (cache->seals & F_SEAL_SEAL)
        return -EPERM;
    int error = 0;
    if (seals & F_SEAL_WRITE)
        error = vm_object_seal(&cache->object, true);
    else if (seals & F_SEAL_FUTURE_WRITE)
        error = vm_object_seal(&cache->object, false);
    if (!error)
        cache->seals |= seals;
    return error;
}

int file_add_seals(struct file *file, unsigned seals)
{
    struct page_cache *cache = sealable(file);
    unsigned mode = file->flags & O_ACCMODE;
    if (mode != O_RDWR && mode != O_WRONLY)
        return -EPERM;
    if (seals & ~F_SEAL_ALL || cache == NULL)
        return -EINVAL;
    rwlock_write(&file->inode->lock);
    int error = add_locked(cache, seals);
    rwlock_write_unlock(&file->inode->lock);
    return error;
}

int file_get_seals(const struct file *file)
{
    const struct page_cache *cache = sealable(file);
    return cache ? (int)__atomic_load_n(&cache->seals, __ATOMIC_RELAXED) : -EINVAL;
}
