/*
 * Reads 4-level page tables the way the processor does, for tests. The bits are written out anew from the Intel SDM
 * (volume 3, 4.5), so that a wrong constant in the loader shows.
 */
#ifndef CORRODE_TESTS_BOOT_PAGE_WALK_H
#define CORRODE_TESTS_BOOT_PAGE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum page_memory { PAGE_MEMORY_WB, PAGE_MEMORY_WC, PAGE_MEMORY_UC, PAGE_MEMORY_OTHER };

/* One page as it is mapped. */
struct page_leaf {
    uint64_t address, physical, size;
    bool writable, executable;
    enum page_memory memory; /* by a PAT with write-combining in entry 5 and the others as they were at reset */
};

/* Where the tables are: physical address P lies at WINDOW + P. */
struct page_walk {
    uintptr_t window;
    uint64_t root;
    uint64_t low, high;  /* every table must lie in [low, high) */
    const char *problem; /* an entry that no processor should see, once a walk has met one */
};

/* What is at ADDRESS? False: nothing. */
bool page_walk_find(struct page_walk *walk, uint64_t address, struct page_leaf *leaf);

/* Calls VISIT for every page, in the order of their addresses. */
void page_walk_all(struct page_walk *walk, void (*visit)(const struct page_leaf *leaf, void *context), void *context);

#endif
