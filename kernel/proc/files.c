/*
 * Tables of descriptors: see files.h.
 */
#include "proc/files.h"

#include "lib/bitmap.h"
#include "lib/errno.h"
#include "mm/slab.h"

struct task_files *files_create(void)
{
    struct task_files *files = kmalloc(sizeof *files, ALLOC_ZERO);
    if (files == NULL)
        return NULL;
    files->references = 1;
    spin_lock_init(&files->lock, LOCK_RANK_DESCRIPTORS);
    return files;
}

void files_get(struct task_files *files)
{
    __atomic_fetch_add(&files->references, 1, __ATOMIC_RELAXED);
}

void files_put(struct task_files *files)
{
    if (files == NULL || __atomic_sub_fetch(&files->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (unsigned fd = 0; fd < FILES_MAX; fd++)
        if (files->slots[fd])
            file_put(files->slots[fd]);
    kfree(files);
}

struct file *files_find(struct task_files *files, int fd)
{
    if (fd < 0 || fd >= FILES_MAX)
        return NULL;
    spin_lock(&files->lock);
    struct file *file = files->slots[fd];
    if (file)
        file_get(file);
    spin_unlock(&files->lock);
    return file;
}

int files_add(struct task_files *files, struct file *file, bool close_on_exec, uint64_t limit)
{
    int result = -EMFILE;
    spin_lock(&files->lock);
    for (int fd = 0; fd < (int)min_u64(limit, FILES_MAX); fd++) {
        if (files->slots[fd])
            continue;
        files->slots[fd] = file;
        (close_on_exec ? bitmap_set : bitmap_clear)(files->close_on_exec, (size_t)fd);
        result = fd;
        break;
    }
    spin_unlock(&files->lock);
    return result;
}

int files_close(struct task_files *files, int fd)
{
    if (fd < 0 || fd >= FILES_MAX)
        return -EBADF;
    spin_lock(&files->lock);
    struct file *file = files->slots[fd];
    files->slots[fd] = NULL;
    spin_unlock(&files->lock);
    if (file == NULL)
        return -EBADF;
    file_put(file);
    return 0;
}
