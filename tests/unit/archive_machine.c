/*
 * The memory of who undoes compressions, on the host.
 */
#include "mm/slab.h"
#include "mm/vmap.h"

#include <stdlib.h>

void *kmalloc(size_t size, unsigned flags)
{
    return flags & ALLOC_ZERO ? calloc(1, size) : malloc(size);
}

void kfree(void *memory)
{
    free(memory);
}

void *vmap_allocate(size_t size, unsigned flags)
{
    return malloc(size);
}

void vmap_free(void *memory)
{
    free(memory);
}
