/*
 * Building 4-level page tables for the kernel. See paging.c.
 */
#ifndef CORRODE_BOOT_PAGING_H
#define CORRODE_BOOT_PAGING_H

#include "lib/types.h"

/* Intel SDM volume 3, 4.5, table 4-20: bits of an entry that maps a page. */
#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_PWT (1ull << 3)
#define PTE_PCD (1ull << 4)
#define PTE_LARGE (1ull << 7)      /* in a directory: this entry is a page */
#define PTE_PAT_SMALL (1ull << 7)  /* in a page table */
#define PTE_PAT_LARGE (1ull << 12) /* in a directory entry that is a page */
#define PTE_NX (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

enum page_cache {
    PAGE_CACHE_WRITE_BACK,
    PAGE_CACHE_UNCACHED,
    PAGE_CACHE_WRITE_COMBINING, /* entry 5 of the PAT, as boot/handoff sets it */
};

#define PAGE_WRITABLE 1u
#define PAGE_EXECUTABLE 2u

struct page_tables {
    paddr_t root;        /* the PML4 */
    bool gigabyte_pages; /* CPUID 80000001h, EDX bit 26 */
    bool no_pat;         /* not CPUID 1, EDX bit 16: write-combining becomes write-through */
    /* A zeroed page for a table, below 4 GiB; 0 after loader_error. */
    paddr_t (*page)(struct page_tables *tables);
    /* Where physical memory appears to the builder: 0 in the loader, whose memory is mapped one to one. */
    uintptr_t window;
};

/* Makes an empty PML4. 0, or -1 after loader_error, as below. */
int page_tables_init(struct page_tables *tables);

/*
 * Maps [physical, physical + size) at ADDRESS, all whole pages, with the largest pages that fit. It is an error when
 * something is mapped there already: no two claims on one address are both right.
 */
int page_tables_map(struct page_tables *tables, vaddr_t address, paddr_t physical, uint64_t size, unsigned access,
    enum page_cache cache);

#endif
