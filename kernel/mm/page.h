/*
 * Page frames: who owns each 4 KiB of RAM.
 *
 * Every frame has a struct page in one array, indexed by frame number, in virtual memory that is backed only where
 * there is RAM. Free frames are kept as blocks of 2^order frames, aligned to their size (the buddy system); each CPU
 * keeps some single frames of its own, so that most allocations and frees take no lock.
 *
 * Only the struct page of a block's first frame means anything, free or allocated: whoever splits a block writes the
 * new halves' first. So starting up costs the same whatever the RAM, and nothing is zeroed. An owner of a block may use
 * the others as it likes.
 *
 * Source: Knowlton, "A fast storage allocator" (1965); Knuth, The Art of Computer Programming 1, 2.5 (buddy system).
 */
#ifndef CORRODE_MM_PAGE_H
#define CORRODE_MM_PAGE_H

#include "arch/x86_64/paging.h"
#include "arch/x86_64/percpu.h"
#include "lib/list.h"

#define PAGE_ORDER_MAX 10 /* the largest block: 4 MiB */

enum page_state {
    PAGE_UNUSABLE, /* not RAM, or never ours: firmware's, the kernel's own image */
    PAGE_FREE,     /* first frame of a free block of `order` in the buddy lists */
    PAGE_CACHED,   /* free, in a CPU's cache */
    PAGE_USED,     /* allocated; `order` in the first frame of the block */
    PAGE_SLAB,     /* allocated by slab.c: `slab` tells which */
};

/* What frames are used for, as far as reports tell it: page_mark. */
enum page_use {
    PAGE_OTHER,
    PAGE_ANONYMOUS,     /* programs' own */
    PAGE_FILE,          /* contents of files, which can be read again */
    PAGE_SHARED_MEMORY, /* contents of files that are nowhere else */
    PAGE_TABLE,         /* page tables of programs */
    PAGE_USES,
};

/* One page frame. 64 bytes, so that one page of the array describes 64 frames. */
struct page {
    uint8_t state; /* enum page_state */
    uint8_t order : 4;
    uint8_t use : 4;       /* enum page_use; of a used page */
    uint16_t flags;        /* the owner's */
    uint32_t references;   /* of a used page: page_get, page_put */
    struct list_node link; /* in a free list, or the owner's */
    union {
        void *slab;  /* PAGE_SLAB: mm/slab.c's struct slab */
        void *owner; /* what the page belongs to: an object, an inode; NULL: anonymous */
    };
    uint64_t index; /* the owner's: offset in a file */
    uint64_t reserved[3];
};
_Static_assert(sizeof(struct page) == 64, "struct page");

#define page_array ((struct page *)PAGE_ARRAY_BASE)

static inline struct page *page_of(paddr_t address)
{
    return &page_array[address >> PAGE_SHIFT];
}
static inline paddr_t page_address(const struct page *page)
{
    return (paddr_t)(page - page_array) << PAGE_SHIFT;
}
static inline void *page_memory(const struct page *page)
{
    return direct_map(page_address(page));
}

/* How to allocate; for pages and slabs alike. */
#define ALLOC_ZERO (1u << 0) /* filled with zeros */
#define ALLOC_URGENT                                                                                                   \
    (1u << 1)               /* may take the last reserve: the caller is about to free memory, or cannot fail well      \
                             */
#define ALLOC_LOW (1u << 2) /* pages only: below 4 GiB, for devices and start-up */
#define ALLOC_MODEST                                                                                                   \
    (1u << 3) /* leaves a margin to others: for what a program could fill all memory with, and not give back by        \
               * being ended */

/*
 * 2^order frames, contiguous and aligned to their size, with one reference; NULL when there are none. Any context.
 */
struct page *page_allocate(unsigned order, unsigned flags);

/* Gives back what page_allocate returned (its first page). Any context. */
void page_free(struct page *page, unsigned order);

/* References to a used block's first page. The last page_put frees the block. */
void page_get(struct page *page);
void page_put(struct page *page);

/* Its owner says, once, what a block of his is used for. Until it is freed it is counted there. */
DECLARE_PER_CPU(int64_t[PAGE_USES], page_uses);
static inline void page_mark(struct page *page, enum page_use use)
{
    page->use = use;
    this_cpu(page_uses)[use] += 1l << page->order;
}
uint64_t page_use_count(enum page_use use); /* frames */

/* The free blocks of one part of memory, by order; false past the last part. */
struct page_zone_report {
    const char *name;
    uint64_t frames, free, reserve; /* free: without what CPUs keep */
    uint64_t blocks[PAGE_ORDER_MAX + 1];
};
bool page_zone_report(unsigned index, struct page_zone_report *report);

/* Frames that are free (CPU caches included), and that there are: for reports and leak checks. */
uint64_t page_free_count(void);
uint64_t page_total_count(void);

/*
 * Empties the CPUs' caches into the buddy lists: all of them where interrupts are on, else this CPU's. For leak checks
 * and when memory is short.
 */
void page_cache_drain(void);

/* Asks everybody who can give memory back. Contexts as for the shrinkers below. */
void page_shrink(void);

/* Is there nothing left but the reserves, or very nearly? Best asked after page_shrink. */
bool page_is_scarce(void);

/* Walks everything, and panics when the lists and the array disagree. Slow: for tests and debug builds. */
void page_check(void);

/*
 * What gives memory back when it runs short: called when an allocation is about to fail, in its context, and must not
 * allocate. That may be any context, with locks below SLAB held, in which only locks from SLAB on can be taken; but
 * where interrupts are on, no spin lock is held, and it may wait for other CPUs. For start-up.
 */
struct page_shrinker {
    struct list_node link;
    void (*shrink)(void);
};
void page_add_shrinker(struct page_shrinker *shrinker);

/*
 * Start-up, in this order:
 *
 *     page_early_init(info);                  reads the boot loader's memory map
 *     paging_init(info, page_early_frame);    single frames for page tables
 *     page_init();                            the array, then the lists; page_early_frame ends here
 *
 * Usable memory is ours, from 1 MiB on. What the loader still keeps for us (boot_info and all it points to) becomes
 * ours with page_release_boot, once nobody reads it; a module with page_release, once it is used up. The stack of the
 * boot CPU's first thread and the ACPI tables stay as they are.
 */
void page_early_init(const struct boot_info *info);
paddr_t page_early_frame(void);
void page_init(void);
void page_release_boot(void);

/* Gives the lists a piece of RAM that they never had, in whole pages; ends that are none stay unused. */
void page_release(paddr_t address, uint64_t size);

#endif
