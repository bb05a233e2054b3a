/*
 * Tables of descriptors: see files.h.
 */
#include "proc/files.h"

#include "fs/lock.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/string.h"
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

/* A descriptor no longer refers to FILE: what the process has locked in it goes with the first. */
static void close(struct task_files *files, struct file *file)
{
    locks_drop_owner(file, files);
    file_put(file);
}

void files_put(struct task_files *files)
{
    if (files == NULL || __atomic_sub_fetch(&files->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (unsigned fd = 0; fd < FILES_MAX; fd++)
        if (files->slots[fd])
            close(files, files->slots[fd]);
    kfree(files);
}

struct task_files *files_copy(struct task_files *files)
{
    struct task_files *copy = files_create();
    if (copy == NULL)
        return NULL;
    spin_lock(&files->lock);
    for (unsigned fd = 0; fd < FILES_MAX; fd++)
        if ((copy->slots[fd] = files->slots[fd]))
            file_get(copy->slots[fd]);
    memcpy(copy->close_on_exec, files->close_on_exec, sizeof copy->close_on_exec);
    spin_unlock(&files->lock);
    return copy;
}

void files_close_on_exec(struct task_files *files)
{
    for (int fd = 0; fd < FILES_MAX; fd++)
        if (bitmap_test(files->close_on_exec, (size_t)fd))
            files_close(files, fd);
}

/* One whose flags have none of WITHOUT. */
static struct file *find(struct task_files *files, int fd, unsigned without)
{
    if (fd < 0 || fd >= FILES_MAX)
        return NULL;
    spin_lock(&files->lock);
    struct file *file = files->slots[fd];
    if (file && file->flags & without)
        file = NULL;
    if (file)
        file_get(file);
    spin_unlock(&files->lock);
    return file;
}

struct file *files_find(struct task_files *files, int fd)
{
    return find(files, fd, O_PATH);
}

struct file *files_find_any(struct task_files *files, int fd)
{
    return find(files, fd, 0);
}

int files_add(struct task_files *files, struct file *file, bool close_on_exec, uint64_t limit)
{
    return files_add_from(files, file, 0, close_on_exec, limit);
}

int files_add_from(struct task_files *files, struct file *file, int first, bool close_on_exec, uint64_t limit)
{
    int result = -EMFILE;
    spin_lock(&files->lock);
    for (int fd = first; fd < (int)min_u64(limit, FILES_MAX); fd++) {
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
    bitmap_clear(files->close_on_exec, (size_t)fd);
    spin_unlock(&files->lock);
    if (file == NULL)
        return -EBADF;
    close(files, file);
    return 0;
}

int files_replace(struct task_files *files, struct file *file, int fd, bool close_on_exec, uint64_t limit)
{
    if (fd < 0 || (uint64_t)fd >= min_u64(limit, FILES_MAX))
        return -EBADF;
    spin_lock(&files->lock);
    struct file *before = files->slots[fd];
    files->slots[fd] = file;
    (close_on_exec ? bitmap_set : bitmap_clear)(files->close_on_exec, (size_t)fd);
    spin_unlock(&files->lock);
    if (before)
        close(files, before);
    return fd;
}

int files_get_close_on_exec(struct task_files *files, int fd)
{
    if (fd < 0 || fd >= FILES_MAX || files->slots[fd] == NULL)
        return -EBADF;
    return bitmap_test(files->close_on_exec, (size_t)fd);
}

int files_set_close_on_exec(struct task_files *files, int fd, bool close_on_exec)
{
    int result = -EBADF;
    if (fd < 0 || fd >= FILES_MAX)
        return result;
    spin_lock(&files->lock);
    if (files->slots[fd]) {
        (close_on_exec ? bitmap_set : bitmap_clear)(files->close_on_exec, (size_t)fd);
        result = 0;
    }
    spin_unlock(&files->lock);
    return result;
}
