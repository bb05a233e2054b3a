/*
 * Does all of it make sense? The lists are walked, and then the struct page of every block, from one block's first to
 * the next's, of memory that was ever touched.
 */
#include "mm/page_internal.h"

#include "panic.h"

static _Noreturn void contradiction(const struct page *page, const char *what)
{
    panic(
        "page frame %#lx (state %u, order %u): %s", (unsigned long)page_address(page), page->state, page->order, what);
}

static uint64_t check_free_block(const struct zone *zone, const struct page *page, unsigned order)
{
    uint64_t number = page_number(page);
    if (page->state != PAGE_FREE || page->order != order)
        contradiction(page, "is in a list of free blocks of another order");
    if (!is_aligned(number, 1ull << order) || page_zone_of(page) != zone)
        contradiction(page, "is free at a place where no such block can be");
    if (page->link.next->previous != &page->link || page->link.previous->next != &page->link)
        contradiction(page, "its list is damaged");
    const struct page *buddy = page_array + (number ^ 1ull << order);
    if (order < PAGE_ORDER_MAX && buddy->state == PAGE_FREE && buddy->order == order)
        contradiction(page, "and its buddy are free and are two");
    return 1ull << order;
}

static void check_zone(const struct zone *zone)
{
    uint64_t free = 0;
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++) {
        const struct list *list = &zone->blocks[order];
        if (list_is_empty(list) == (zone->orders >> order & 1))
            panic("the list of free blocks of order %u is not as its bit says", order);
        list_for_each(struct page, page, list, link) free += check_free_block(zone, page, order);
    }
    for (unsigned i = 0; i < zone->fresh_count; i++) {
        const struct page_range *range = &zone->fresh[i];
        if (range->first >= range->end || !is_aligned(range->first | range->end, BLOCK_FRAMES))
            panic("the untouched memory from frame %#lx to %#lx is no range", (unsigned long)range->first,
                (unsigned long)range->end);
        free += range->end - range->first;
    }
    if (free != zone->free)
        panic("%lu page frames are free, not %lu", (unsigned long)free, (unsigned long)zone->free);
}

static bool is_fresh(uint64_t frame)
{
    for (unsigned z = 0; z < ZONE_COUNT; z++)
        for (unsigned i = 0; i < page_zones[z].fresh_count; i++)
            if (frame >= page_zones[z].fresh[i].first && frame < page_zones[z].fresh[i].end)
                return true;
    return false;
}

/* The blocks within one of the largest, which cover it without a gap. */
static void check_block(uint64_t first)
{
    for (uint64_t i = 0; i < BLOCK_FRAMES;) {
        const struct page *page = page_array + first + i;
        unsigned order = page->state == PAGE_UNUSABLE ? 0 : page->order;
        if (page->state > PAGE_SLAB || order > PAGE_ORDER_MAX || !is_aligned(first + i, 1ull << order))
            contradiction(page, "is nonsense");
        if (page->state == PAGE_CACHED && order != 0)
            contradiction(page, "is in a cache and is not single");
        if (page->state == PAGE_FREE && page->link.next->previous != &page->link)
            contradiction(page, "is free and in no list");
        i += 1ull << order;
    }
}

static void check_array(void)
{
    for (unsigned i = 0; i < page_boot_range_count; i++) {
        const struct page_range *range = &page_boot_ranges[i];
        for (uint64_t block = align_down(range->first, BLOCK_FRAMES); block < range->end; block += BLOCK_FRAMES)
            if (range->first < range->end && !is_fresh(block))
                check_block(block);
    }
}

void page_check(void)
{
    spin_lock(&page_zones[ZONE_LOW].lock);
    spin_lock_nested(&page_zones[ZONE_NORMAL].lock);
    for (unsigned i = 0; i < ZONE_COUNT; i++)
        check_zone(&page_zones[i]);
    check_array();
    spin_unlock(&page_zones[ZONE_NORMAL].lock);
    spin_unlock(&page_zones[ZONE_LOW].lock);
}
