/*
 * Tables of descriptors: see files.h.
 */
#include "proc/files.h"

#include "fs/lock.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmap.h"

struct task_files *files_create(void)
{
    struct task_files *files = kmalloc(sizeof *files, ALLOC_ZERO);
    if (files == NULL)
        return NULL;
    files->references = files->tasks = 1;
    files->size = FILES_FEW;
    files->slots = files->few;
    files->open = files->few_open;
    files->close_on_exec = files->few_close_on_exec;
    spin_lock_init(&files->lock, LOCK_RANK_DESCRIPTORS);
    return files;
}

void files_get(struct task_files *files)
{
    __atomic_fetch_add(&files->references, 1, __ATOMIC_RELAXED);
}

struct task_files *files_share(struct task_files *files)
{
    files_get(files);
    __atomic_fetch_add(&files->tasks, 1, __ATOMIC_RELAXED);
    return files;
}

/* A descriptor no longer refers to FILE: what the process has locked in it goes with the first. */
static void close(struct task_files *files, struct file *file)
{
    locks_drop_owner(file, files);
    file_put(file);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Room for more: one piece of memory for slots and both bitmaps
 */

#define LARGE KIB(64) /* from here on pages that need not be neighbours */

static size_t room_size(uint32_t slots)
{
    return slots * sizeof(struct file *) + 2 * (slots / 8);
}

static void *room_allocate(uint32_t slots)
{
    size_t size = room_size(slots);
    return size < LARGE ? kmalloc(size, ALLOC_ZERO) : vmap_allocate(size, ALLOC_ZERO);
}

static void room_free(void *room, uint32_t slots)
{
    if (room_size(slots) < LARGE)
        kfree(room);
    else
        vmap_free(room);
}

/* With the lock, or before anyone else has the table. */
static void room_set(struct task_files *files, void *room, uint32_t slots)
{
    files->slots = room;
    files->open = (uint64_t *)(files->slots + slots);
    files->close_on_exec = files->open + slots / 64;
    files->size = slots;
}

static uint32_t slots_for(unsigned fd)
{
    uint32_t slots = FILES_FEW;
    while (slots <= fd)
        slots *= 2;
    return slots;
}

/* Makes room for FD, which is below FILES_MAX. 0 or -ENOMEM. The table's lock is not held: it may change meanwhile. */
static int grow(struct task_files *files, unsigned fd)
{
    uint32_t slots = slots_for(fd), old_size = slots;
    void *room = room_allocate(slots), *old = room;
    if (room == NULL)
        return -ENOMEM;
    spin_lock(&files->lock);
    if (files->size < slots) {
        const struct task_files before = {
            .slots = files->slots, .open = files->open, .close_on_exec = files->close_on_exec, .size = files->size};
        room_set(files, room, slots);
        memcpy(files->slots, before.slots, before.size * sizeof *before.slots);
        memcpy(files->open, before.open, before.size / 8);
        memcpy(files->close_on_exec, before.close_on_exec, before.size / 8);
        old = before.slots == files->few ? NULL : before.slots;
        old_size = before.size;
    }
    spin_unlock(&files->lock);
    if (old)
        room_free(old, old_size);
    return 0;
}

static void free_table(struct task_files *files)
{
    if (files->slots != files->few)
        room_free(files->slots, files->size);
    kfree(files);
}

void files_put(struct task_files *files)
{
    if (__atomic_sub_fetch(&files->references, 1, __ATOMIC_ACQ_REL) == 0)
        free_table(files);
}

void files_leave(struct task_files *files)
{
    if (files == NULL)
        return;
    if (__atomic_sub_fetch(&files->tasks, 1, __ATOMIC_ACQ_REL) == 0)
        files_close_range(files, 0, UINT32_MAX);
    files_put(files);
}

/* How many slots hold all that is open. */
static uint32_t slots_in_use(const struct task_files *files)
{
    uint32_t words = files->size / 64;
    while (words > 1 && files->open[words - 1] == 0)
        words--;
    return slots_for(words * 64 - 1);
}

struct task_files *files_copy(struct task_files *files)
{
    struct task_files *copy = files_create();
    if (copy == NULL)
        return NULL;
    spin_lock(&files->lock);
    for (uint32_t slots; (slots = slots_in_use(files)) > copy->size;) {
        spin_unlock(&files->lock); /* it may need even more, afterwards */
        if (grow(copy, slots - 1) < 0) {
            free_table(copy);
            return NULL;
        }
        spin_lock(&files->lock);
    }
    uint32_t slots = min_u64(copy->size, files->size);
    for (size_t fd = 0; (fd = bitmap_find_set(files->open, slots, fd)) < slots; fd++) {
        copy->slots[fd] = files->slots[fd];
        file_get(copy->slots[fd]);
    }
    memcpy(copy->open, files->open, slots / 8);
    memcpy(copy->close_on_exec, files->close_on_exec, slots / 8);
    copy->first_free = files->first_free;
    spin_unlock(&files->lock);
    return copy;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Looking
 */

/* Does nobody else have the table, so that it stays as it is while this task looks? */
static bool is_alone(const struct task_files *files)
{
    return __atomic_load_n(&files->references, __ATOMIC_ACQUIRE) == 1;
}

/* One whose flags have none of WITHOUT. */
static struct file *find_here(const struct task_files *files, int fd, unsigned without)
{
    struct file *file = (unsigned)fd < files->size ? files->slots[fd] : NULL;
    if (file == NULL || file->flags & without)
        return NULL;
    file_get(file);
    return file;
}

static struct file *find(struct task_files *files, int fd, unsigned without)
{
    if (is_alone(files))
        return find_here(files, fd, without);
    spin_lock(&files->lock);
    struct file *file = find_here(files, fd, without);
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

int files_next(struct task_files *files, unsigned fd, unsigned *flags)
{
    spin_lock(&files->lock);
    size_t found = fd < files->size ? bitmap_find_set(files->open, files->size, fd) : files->size;
    bool any = found < files->size;
    if (any)
        *flags = files->slots[found]->flags;
    spin_unlock(&files->lock);
    return any ? (int)found : -1;
}

unsigned files_size(struct task_files *files)
{
    return __atomic_load_n(&files->size, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Changing. The lock is held in what is called _locked
 */

static void put_locked(struct task_files *files, unsigned fd, struct file *file, bool close_on_exec)
{
    files->slots[fd] = file;
    bitmap_set(files->open, fd);
    (close_on_exec ? bitmap_set : bitmap_clear)(files->close_on_exec, fd);
}

/* What was open there. */
static struct file *take_locked(struct task_files *files, unsigned fd)
{
    struct file *file = fd < files->size ? files->slots[fd] : NULL;
    if (file == NULL)
        return NULL;
    files->slots[fd] = NULL;
    bitmap_clear(files->open, fd);
    bitmap_clear(files->close_on_exec, fd);
    if (fd < files->first_free)
        files->first_free = fd;
    return file;
}

/* The number that FILE has got; or that of the first that is free, when there is no room for it or it is not < END. */
static unsigned add_locked(
    struct task_files *files, struct file *file, unsigned first, bool close_on_exec, unsigned end)
{
    bool from_start = first <= files->first_free;
    unsigned fd = (unsigned)max_u64(first, files->first_free);
    if (fd < files->size)
        fd = (unsigned)bitmap_find_clear(files->open, files->size, fd);
    if (fd < files->size && fd < end)
        put_locked(files, fd, file, close_on_exec);
    if (from_start && fd < files->size && fd < end)
        files->first_free = fd + 1;
    return fd;
}

int files_add(struct task_files *files, struct file *file, bool close_on_exec, uint64_t limit)
{
    return files_add_from(files, file, 0, close_on_exec, limit);
}

int files_add_from(struct task_files *files, struct file *file, int first, bool close_on_exec, uint64_t limit)
{
    unsigned end = (unsigned)min_u64(limit, FILES_MAX);
    for (;;) {
        spin_lock(&files->lock);
        uint32_t size = files->size;
        unsigned fd = add_locked(files, file, (unsigned)first, close_on_exec, end);
        spin_unlock(&files->lock);
        if (fd >= end)
            return -EMFILE;
        if (fd < size)
            return (int)fd;
        int error = grow(files, fd);
        if (error)
            return error;
    }
}

int files_replace(struct task_files *files, struct file *file, int fd, bool close_on_exec, uint64_t limit)
{
    if (fd < 0 || (uint64_t)fd >= min_u64(limit, FILES_MAX))
        return -EBADF;
    if ((unsigned)fd >= files_size(files) && grow(files, (unsigned)fd) < 0)
        return -ENOMEM;
    spin_lock(&files->lock);
    struct file *before = files->slots[fd];
    put_locked(files, (unsigned)fd, file, close_on_exec);
    spin_unlock(&files->lock);
    if (before)
        close(files, before);
    return fd;
}

int files_close(struct task_files *files, int fd)
{
    spin_lock(&files->lock);
    struct file *file = take_locked(files, (unsigned)fd);
    spin_unlock(&files->lock);
    if (file == NULL)
        return -EBADF;
    close(files, file);
    return 0;
}

/* Closes those that SET has, a bitmap of the table. */
static void close_set(struct task_files *files, bool close_on_exec, unsigned first, unsigned last)
{
    for (;;) {
        spin_lock(&files->lock);
        const uint64_t *set = close_on_exec ? files->close_on_exec : files->open;
        size_t fd = first < files->size ? bitmap_find_set(set, files->size, first) : files->size;
        struct file *file = fd <= last ? take_locked(files, (unsigned)fd) : NULL;
        spin_unlock(&files->lock);
        if (file == NULL)
            return;
        close(files, file);
        first = (unsigned)fd + 1;
    }
}

void files_close_range(struct task_files *files, unsigned first, unsigned last)
{
    close_set(files, false, first, last);
}

void files_close_on_exec(struct task_files *files)
{
    close_set(files, true, 0, UINT32_MAX);
}

int files_get_close_on_exec(struct task_files *files, int fd)
{
    int result = -EBADF;
    spin_lock(&files->lock);
    if ((unsigned)fd < files->size && files->slots[fd])
        result = bitmap_test(files->close_on_exec, (size_t)fd);
    spin_unlock(&files->lock);
    return result;
}

int files_set_close_on_exec(struct task_files *files, int fd, bool close_on_exec)
{
    int result = -EBADF;
    spin_lock(&files->lock);
    if ((unsigned)fd < files->size && files->slots[fd]) {
        (close_on_exec ? bitmap_set : bitmap_clear)(files->close_on_exec, (size_t)fd);
        result = 0;
    }
    spin_unlock(&files->lock);
    return result;
}

void files_set_close_on_exec_range(struct task_files *files, unsigned first, unsigned last)
{
    spin_lock(&files->lock);
    for (size_t fd = first; fd < files->size; fd++) {
        fd = bitmap_find_set(files->open, files->size, fd);
        if (fd >= files->size || fd > last)
            break;
        bitmap_set(files->close_on_exec, fd);
    }
    spin_unlock(&files->lock);
}
