/*
 * Files in memory without a name: see memory_file.h. Their contents are the page cache, as a tmpfs's are, and go with
 * the last file or mapping.
 */
#include "fs/memory_file.h"

#include "fs/cache.h"

static int truncate(struct inode *inode, uint64_t size)
{
    page_cache_truncate(inode, size);
    return 0;
}

static const struct inode_ops inode_ops = {.truncate = truncate, .release = page_cache_destroy};
static const struct file_ops file_ops = {.read = page_cache_read, .write = page_cache_write};

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
