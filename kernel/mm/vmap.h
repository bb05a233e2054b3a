/*
 * Virtual areas of the kernel: memory that needs an address of its own, with an unmapped guard page on either side:
 * kernel stacks, large buffers from scattered frames, device registers. Areas are kept in a balanced tree by address.
 *
 * Any context, with locks below VMAP held; but where interrupts are off, what is freed may come back only later, since
 * other CPUs have to forget it first.
 */
#ifndef CORRODE_MM_VMAP_H
#define CORRODE_MM_VMAP_H

#include "mm/page.h"

/* SIZE bytes (rounded up to pages) of new frames, MAP_WRITE and never executable; NULL when memory is short. */
void *vmap_allocate(size_t size, unsigned alloc_flags);

/*
 * Physical memory that exists already: device registers (MAP_UNCACHED), tables. ADDRESS need not be aligned. map_flags:
 * MAP_WRITE, MAP_UNCACHED, MAP_COMBINING. NULL when memory is short, or there is no such physical address.
 */
void *vmap_physical(paddr_t address, size_t size, unsigned map_flags);

/* Undoes either. The pointer is what they returned; NULL is allowed. */
void vmap_free(void *address);

/* What area is there? For fault reports: false when ADDRESS is in none. Takes no lock, as in a panic. */
struct vmap_area_info {
    vaddr_t base; /* without guard pages */
    size_t size;
    bool guard; /* ADDRESS is in a guard page of the area */
};
bool vmap_find(vaddr_t address, struct vmap_area_info *info);

/* Areas that are in use: for reports and leak checks. */
uint64_t vmap_area_count(void);

/* Gives back what was freed lately; for leak checks and when memory is short. */
void vmap_reclaim(void);

/* Walks everything, and panics at the first contradiction. */
void vmap_check(void);

void vmap_init(void); /* after slab_init; works without other CPUs or threads from then on */

#endif
