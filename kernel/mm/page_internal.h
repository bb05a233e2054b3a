/*
 * What the files on page frames know of each other: page.c allocates and frees, page_boot.c fills the lists when the
 * machine starts, page_check.c looks whether all of it makes sense.
 */
#ifndef CORRODE_MM_PAGE_INTERNAL_H
#define CORRODE_MM_PAGE_INTERNAL_H

#include "arch/x86_64/spinlock.h"
#include "mm/page.h"

#define BLOCK_FRAMES (1ull << PAGE_ORDER_MAX) /* of the largest block */
#define BLOCK_SIZE (BLOCK_FRAMES << PAGE_SHIFT)

/* Frames [first, end). */
struct page_range {
    uint64_t first, end;
};

enum page_zone { ZONE_LOW, ZONE_NORMAL, ZONE_COUNT }; /* below and from 4 GiB */
#define ZONE_NORMAL_FIRST (GIB(4) >> PAGE_SHIFT)

/*
 * The free frames of one half of memory. Large blocks that no one has touched since the machine started are not in the
 * lists: they are cut off the `fresh` ranges when the lists have nothing left, so that neither they nor their struct
 * page cost anything before.
 */
struct zone {
    struct spinlock lock;                   /* PAGES; guards everything here and the struct page of free blocks */
    uint32_t orders;                        /* bit n: blocks[n] is not empty */
    uint64_t frames;                        /* that it was ever given */
    uint64_t free;                          /* frames */
    uint64_t reserve;                       /* frames that only ALLOC_URGENT takes */
    uint64_t keep;                          /* frames that only ALLOC_LOW takes (and ALLOC_URGENT) */
    struct list blocks[PAGE_ORDER_MAX + 1]; /* free blocks by order */
    struct page_range *fresh;               /* multiples of BLOCK_FRAMES; the last is used first */
    unsigned fresh_count;
};
extern struct zone page_zones[ZONE_COUNT];

extern uint64_t page_total;  /* frames that the lists were ever given */
extern uint64_t page_margin; /* so many are to be free after ALLOC_MODEST, reserves included */

extern struct list page_shrinkers; /* only grows, at start-up */

static inline uint64_t page_number(const struct page *page)
{
    return (uint64_t)(page - page_array);
}

static inline struct zone *page_zone_of(const struct page *page)
{
    return &page_zones[page_number(page) < ZONE_NORMAL_FIRST ? ZONE_LOW : ZONE_NORMAL];
}

/* Gives frames to the lists that were not there before; all of their struct page that will be looked at are valid. */
void page_add_range(struct page_range range);

/* The ranges that the lists were given when the machine started, for page_check. */
extern struct page_range *page_boot_ranges;
extern unsigned page_boot_range_count;

/* What every CPU keeps: an array, so that the frame that was freed last is used next. */
#define PAGE_CACHE_SIZE 64
#define PAGE_CACHE_BATCH 32 /* how many move between cache and lists at a time */
struct page_cache {
    unsigned count;
    struct page *pages[PAGE_CACHE_SIZE];
};
DECLARE_PER_CPU(struct page_cache, page_cache);

#endif
