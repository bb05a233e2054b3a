/*
 * What the files on page tables know of each other: paging.c changes tables, paging_init.c makes the first, tlb.c
 * forgets translations.
 *
 * Source: Intel SDM volume 3A, 4.5 (entries of 4-level paging) and 4.9.2 (memory types by PAT).
 */
#ifndef CORRODE_ARCH_PAGING_INTERNAL_H
#define CORRODE_ARCH_PAGING_INTERNAL_H

#include "arch/x86_64/paging.h"

#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_USER (1ull << 2)
#define PTE_PWT (1ull << 3)
#define PTE_PCD (1ull << 4)
#define PTE_ACCESSED (1ull << 5)
#define PTE_DIRTY (1ull << 6)
#define PTE_LARGE (1ull << 7)      /* in a directory: this entry is a page */
#define PTE_PAT_SMALL (1ull << 7)  /* in a page table */
#define PTE_GLOBAL (1ull << 8)     /* of a page */
#define PTE_PAT_LARGE (1ull << 12) /* in a directory entry that is a page */
#define PTE_NX (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

/* Levels as we count them: 0 is the PT, whose entries are 4 KiB pages; 3 is the PML4. */
#define LEVEL_PML4 3u

/* Bytes that an entry of a level covers. */
static inline uint64_t paging_span(unsigned level)
{
    return (uint64_t)PAGE_SIZE << (9 * level);
}

/* Makes sure that ADDRESS's entry in the PML4 is filled. 0 or -ENOMEM. */
int paging_fill_root(struct page_table *table, vaddr_t address);

/* Makes this CPU forget every translation. */
void tlb_flush_cpu(void);

#endif
