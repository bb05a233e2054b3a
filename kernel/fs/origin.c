/*
 * The path by which memory was mapped: see origin.h. Made when a file is first mapped.
 */
#include "fs/origin.h"

#include "mm/slab.h"

struct file_origin {
    struct vm_origin origin;
    struct path path;
};

static void release(struct vm_origin *origin)
{
    struct file_origin *of_file = container_of(origin, struct file_origin, origin);
    path_put(&of_file->path);
    kfree(of_file);
}

struct vm_origin *file_origin(struct file *file)
{
    struct vm_origin *there = __atomic_load_n(&file->origin, __ATOMIC_ACQUIRE);
    if (there)
        return there;
    struct file_origin *made = kmalloc(sizeof *made, 0);
    if (made == NULL)
        return NULL;
    *made = (struct file_origin){.origin = {.references = 1, .release = release}, .path = file->path};
    path_get(&made->path);
    if (__atomic_compare_exchange_n(&file->origin, &there, &made->origin, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return &made->origin;
    release(&made->origin); /* another thread was faster */
    return there;
}

const struct path *origin_path(const struct vm_origin *origin)
{
    return origin && origin->release == release ? &container_of(origin, struct file_origin, origin)->path : NULL;
}
