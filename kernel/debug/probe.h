/*
 * Memory that may not be there, looked at without a fault: by way of the page tables, as the processor would. For
 * reports about a kernel that is broken. Takes no lock; a table that changes meanwhile gives an old or a new answer.
 *
 * Source: Intel SDM volume 3A, 4.5 (4-level and 5-level paging).
 */
#ifndef CORRODE_DEBUG_PROBE_H
#define CORRODE_DEBUG_PROBE_H

#include "lib/types.h"

/* Where all of RAM is mapped, and how much: the boot loader's place first, then the kernel's own. Until then nothing
 * can be probed. */
void probe_init(vaddr_t direct_map, uint64_t size);

#define PROBE_LEVELS 5

/* What the page tables say of an address. */
struct probe_walk {
    unsigned top;                       /* level of the root: 4 or 5 */
    unsigned last;                      /* of the last table that was read; 1 is that of 4 KiB pages */
    uint64_t entries[PROBE_LEVELS + 1]; /* of levels last to top, as they are */
    bool broken;                        /* the walk led out of RAM */
    bool mapped;
    /* If it is mapped: */
    bool writable, executable, user;
    uint64_t page_size;
    paddr_t physical; /* of the address itself */
};

/* Walks the tables that this CPU uses. False when it is not mapped, or not canonical. */
bool probe_walk(vaddr_t address, struct probe_walk *walk);

/* The same for other tables: ROOT is that of level TOP. */
bool probe_walk_from(paddr_t root, unsigned top, vaddr_t address, struct probe_walk *walk);

/* Is all of it mapped? SIZE is not 0. */
bool probe_is_mapped(vaddr_t address, size_t size);

/* Copies as much as is mapped; returns how many bytes that is. Not for device registers: it reads. */
size_t probe_read(void *to, vaddr_t from, size_t size);

/* An address is canonical when the bits above the highest that is translated are all like it. */
bool probe_is_canonical(vaddr_t address);

#endif
