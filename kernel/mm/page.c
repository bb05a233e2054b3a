/*
 * The page-frame allocator: a buddy system under per-CPU caches.
 *
 * A free block is in the list of its order. Its buddy is the block whose number differs in the one bit of its size: a
 * block that is freed while its buddy is free becomes one with it, and so on. The buddy's struct page can be trusted
 * whatever it is: the two came out of one block, and who split that wrote both (or page_boot.c did, at the edges of
 * memory), and since then the frame has been the first of some block.
 *
 * Frames come from memory above 4 GiB first, since devices may need the rest. The last frames of each zone are for
 * ALLOC_URGENT.
 *
 * A CPU's cache belongs to that CPU, and is used with interrupts off and no lock. It gets and gives PAGE_CACHE_BATCH
 * frames at a time. States of a frame, as of enum page_state:
 *
 *     FREE (in a list) -> CACHED -> USED -> CACHED -> FREE          single frames
 *     FREE -> USED -> FREE                                          blocks
 *
 * When nothing is left, all caches are drained and the shrinkers asked, and then it is tried once more.
 *
 * Locks: one PAGES lock for each zone; the two are never taken together, but by page_check.
 *
 * In debug builds a free frame is filled with a pattern, which is checked when it is allocated.
 */
#include "mm/page_internal.h"

#include "arch/x86_64/smp.h"
#include "debug/fault_injection.h"
#include "lib/string.h"
#include "panic.h"

struct zone page_zones[ZONE_COUNT];
uint64_t page_total, page_margin;
PER_CPU(struct page_cache, page_cache);
PER_CPU(int64_t[PAGE_USES], page_uses); /* marked less freed on this CPU: only the sum of all means anything */

struct list page_shrinkers = LIST_INIT(page_shrinkers);

/* ------------------------------------------------------------------------------------------------------------------
 * Debug: whoever writes to a free frame is found when it is allocated again
 */

#ifdef DEBUG
#define POISON_WORD 0x5af75af75af75af7ull
#define POISONED 0x706f69736f6e6564ull /* in struct page: never there by chance */

static void poison(struct page *page, unsigned order)
{
    for (uint64_t i = 0; i < 1ull << order; i++) {
        uint64_t *words = page_memory(page + i);
        for (unsigned w = 0; w < PAGE_SIZE / sizeof *words; w++)
            words[w] = POISON_WORD;
        page[i].reserved[0] = POISONED;
    }
}

static void check_poison(struct page *page, unsigned order)
{
    for (uint64_t i = 0; i < 1ull << order; i++) {
        if (page[i].reserved[0] != POISONED)
            continue; /* not freed since the machine started */
        page[i].reserved[0] = 0;
        const uint64_t *words = page_memory(page + i);
        for (unsigned w = 0; w < PAGE_SIZE / sizeof *words; w++)
            if (words[w] != POISON_WORD)
                panic("page frame %#lx was written to while it was free: %#lx at offset %#lx",
                    (unsigned long)page_address(page + i), (unsigned long)words[w], (unsigned long)(w * sizeof *words));
    }
}
#else
static void poison(struct page *page, unsigned order) {}
static void check_poison(struct page *page, unsigned order) {}
#endif

/* ------------------------------------------------------------------------------------------------------------------
 * Blocks of a zone; its lock is held
 */

static struct page *buddy_of(struct page *page, unsigned order)
{
    return page_array + (page_number(page) ^ 1ull << order);
}

static void push_block(struct zone *zone, struct page *page, unsigned order)
{
    page->state = PAGE_FREE;
    page->order = (uint8_t)order;
    list_push_front(&zone->blocks[order], &page->link);
    zone->orders |= 1u << order;
}

static void remove_block(struct zone *zone, struct page *page, unsigned order)
{
    list_remove(&page->link);
    if (list_is_empty(&zone->blocks[order]))
        zone->orders &= ~(1u << order);
}

/* The next of the largest blocks that was never used. */
static struct page *take_fresh(struct zone *zone)
{
    if (zone->fresh_count == 0)
        return NULL;
    struct page_range *range = &zone->fresh[zone->fresh_count - 1];
    struct page *page = page_array + range->first;
    range->first += BLOCK_FRAMES;
    if (range->first == range->end)
        zone->fresh_count--;
    return page;
}

/* A block of ORDER, split off a larger one if need be. */
static struct page *take_block(struct zone *zone, unsigned order)
{
    uint32_t large_enough = zone->orders >> order << order;
    unsigned have = PAGE_ORDER_MAX;
    struct page *page;
    if (large_enough) {
        have = (unsigned)__builtin_ctz(large_enough);
        page = container_of(list_first(&zone->blocks[have]), struct page, link);
        remove_block(zone, page, have);
    } else if ((page = take_fresh(zone)) == NULL) {
        return NULL;
    }
    while (have > order) {
        have--;
        push_block(zone, page + (1ull << have), have);
    }
    page->state = PAGE_USED;
    page->order = (uint8_t)order;
    zone->free -= 1ull << order;
    return page;
}

static void free_block(struct zone *zone, struct page *page, unsigned order)
{
    zone->free += 1ull << order;
    while (order < PAGE_ORDER_MAX) {
        struct page *buddy = buddy_of(page, order);
        if (buddy->state != PAGE_FREE || buddy->order != order)
            break;
        remove_block(zone, buddy, order);
        page = page < buddy ? page : buddy;
        order++;
    }
    push_block(zone, page, order);
}

/* May a request with these flags take so many frames? */
static bool has_room(const struct zone *zone, uint64_t frames, unsigned flags)
{
    uint64_t leave = 0;
    if (!(flags & ALLOC_URGENT))
        leave = zone->reserve + (flags & ALLOC_LOW ? 0 : zone->keep);
    return zone->free >= frames + leave;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Zones
 */

/* A block, or NULL. */
static struct page *take_from_zone(struct zone *zone, unsigned order, unsigned flags)
{
    struct page *page = NULL;
    spin_lock(&zone->lock);
    if (has_room(zone, 1ull << order, flags))
        page = take_block(zone, order);
    spin_unlock(&zone->lock);
    return page;
}

static struct page *take(unsigned order, unsigned flags)
{
    struct page *page = NULL;
    if (!(flags & ALLOC_LOW))
        page = take_from_zone(&page_zones[ZONE_NORMAL], order, flags);
    return page ? page : take_from_zone(&page_zones[ZONE_LOW], order, flags);
}

/* Up to COUNT single frames; a small block is used up at once, which is cheaper than to split it. */
static unsigned take_frames_from_zone(struct zone *zone, struct page **pages, unsigned count)
{
    unsigned got = 0;
    spin_lock(&zone->lock);
    while (got < count && has_room(zone, count - got, 0)) {
        unsigned order = 31 - (unsigned)__builtin_clz(count - got);
        unsigned smallest = zone->orders ? (unsigned)__builtin_ctz(zone->orders) : PAGE_ORDER_MAX;
        order = order < smallest ? order : smallest;
        struct page *page = take_block(zone, order);
        if (!page)
            break;
        for (unsigned i = 0; i < 1u << order; i++, page++) {
            page->state = PAGE_CACHED;
            page->order = 0;
            pages[got++] = page;
        }
    }
    spin_unlock(&zone->lock);
    return got;
}

static void give(struct page *page, unsigned order)
{
    struct zone *zone = page_zone_of(page);
    spin_lock(&zone->lock);
    free_block(zone, page, order);
    spin_unlock(&zone->lock);
}

void page_add_range(struct page_range range)
{
    page_total += range.end - range.first;
    while (range.first < range.end) {
        unsigned order = range.first ? (unsigned)__builtin_ctzll(range.first) : PAGE_ORDER_MAX;
        order = order < PAGE_ORDER_MAX ? order : PAGE_ORDER_MAX;
        while (range.first + (1ull << order) > range.end)
            order--;
        __atomic_fetch_add(&page_zone_of(page_array + range.first)->frames, 1ull << order, __ATOMIC_RELAXED);
        give(page_array + range.first, order);
        range.first += 1ull << order;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Caches: interrupts are off
 */

/* Gives the COUNT frames that were freed longest ago back. */
static void cache_give(struct page_cache *cache, unsigned count)
{
    for (unsigned i = 0; i < count;) {
        struct zone *zone = page_zone_of(cache->pages[i]);
        spin_lock(&zone->lock);
        for (; i < count && page_zone_of(cache->pages[i]) == zone; i++)
            free_block(zone, cache->pages[i], 0);
        spin_unlock(&zone->lock);
    }
    cache->count -= count;
    memmove(cache->pages, cache->pages + count, cache->count * sizeof cache->pages[0]);
}

static void cache_fill(struct page_cache *cache)
{
    cache->count = take_frames_from_zone(&page_zones[ZONE_NORMAL], cache->pages, PAGE_CACHE_BATCH);
    if (cache->count == 0)
        cache->count = take_frames_from_zone(&page_zones[ZONE_LOW], cache->pages, PAGE_CACHE_BATCH);
}

/* A frame from this CPU's cache; NULL when that is empty. */
static inline struct page *cache_pop(void)
{
    struct page *page = NULL;
    bool interrupts = cpu_interrupts_disable();
    unsigned count = this_cpu(page_cache).count;
    if (__builtin_expect(count != 0, 1)) {
        page = this_cpu(page_cache).pages[--count];
        this_cpu(page_cache).count = count;
    }
    if (interrupts)
        cpu_interrupts_enable();
    return page;
}

/* False when the cache is full. */
static inline bool cache_push(struct page *page)
{
    bool interrupts = cpu_interrupts_disable();
    unsigned count = this_cpu(page_cache).count;
    bool room = count < PAGE_CACHE_SIZE;
    if (__builtin_expect(room, 1)) {
        page->state = PAGE_CACHED;
        this_cpu(page_cache).pages[count] = page;
        this_cpu(page_cache).count = count + 1;
    }
    if (interrupts)
        cpu_interrupts_enable();
    return room;
}

static __attribute__((noinline)) void free_slowly(struct page *page, unsigned order)
{
    if (order > 0) {
        give(page, order);
        return;
    }
    bool interrupts = cpu_interrupts_disable();
    if (this_cpu(page_cache).count == PAGE_CACHE_SIZE)
        cache_give(this_cpu_pointer(page_cache), PAGE_CACHE_BATCH);
    cache_push(page);
    if (interrupts)
        cpu_interrupts_enable();
}

static void drain_this_cpu(void *unused)
{
    cache_give(this_cpu_pointer(page_cache), this_cpu(page_cache).count);
}

void page_cache_drain(void)
{
    smp_call_all_if_possible(drain_this_cpu, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Allocating
 */

void page_add_shrinker(struct page_shrinker *shrinker)
{
    list_push_front(&page_shrinkers, &shrinker->link); /* who came later stands on those before, and frees to them */
}

void page_shrink(void)
{
    list_for_each(struct page_shrinker, shrinker, &page_shrinkers, link) shrinker->shrink();
    page_cache_drain();
}

#define SCARCE_FRAMES 32u /* a fault takes up to four; a slab some in one piece */

bool page_is_scarce(void)
{
    uint64_t left = 0;
    for (unsigned i = 0; i < ZONE_COUNT; i++) {
        const struct zone *zone = &page_zones[i];
        uint64_t free = __atomic_load_n(&zone->free, __ATOMIC_RELAXED), kept = zone->reserve + zone->keep;
        left += free > kept ? free - kept : 0;
    }
    return left < SCARCE_FRAMES;
}

/* Would the margin be left after 2^order frames? What CPUs keep does not count. */
static bool leaves_margin(unsigned order)
{
    uint64_t free = 0;
    for (unsigned i = 0; i < ZONE_COUNT; i++)
        free += __atomic_load_n(&page_zones[i].free, __ATOMIC_RELAXED);
    return free >= page_margin + (1ull << order);
}

/* The same, when others have given back what they can. */
static bool may_be_modest(unsigned order)
{
    if (leaves_margin(order))
        return true;
    page_shrink();
    return leaves_margin(order);
}

/* From the zones, by way of the cache where that serves: the last frames are given out one by one. */
static struct page *take_one(unsigned order, unsigned flags)
{
    struct page *page = NULL;
    if (order == 0 && !(flags & ALLOC_LOW)) {
        bool interrupts = cpu_interrupts_disable();
        if (this_cpu(page_cache).count == 0)
            cache_fill(this_cpu_pointer(page_cache));
        page = cache_pop();
        if (interrupts)
            cpu_interrupts_enable();
    }
    return page ? page : take(order, flags);
}

static __attribute__((noinline)) struct page *allocate_slowly(unsigned order, unsigned flags)
{
    if (order > PAGE_ORDER_MAX)
        return NULL;
    struct page *page = take_one(order, flags);
    if (page)
        return page;
    page_shrink();
    return take_one(order, flags);
}

/* What is as good as new: as no one knows it yet, the stores become one. */
static inline struct page *begin(struct page *page, unsigned order)
{
    check_poison(page, order);
    page->state = PAGE_USED;
    page->order = (uint8_t)order;
    page->use = PAGE_OTHER;
    page->flags = 0;
    page->references = 1;
    page->owner = NULL;
    return page;
}

/* Any order, any flags. */
static __attribute__((noinline)) struct page *allocate(unsigned order, unsigned flags)
{
    if (fault_injection_should_fail() || (flags & ALLOC_MODEST && !may_be_modest(order)))
        return NULL;
    struct page *page = order == 0 && !(flags & ALLOC_LOW) ? cache_pop() : NULL;
    if (!page && (page = allocate_slowly(order, flags)) == NULL)
        return NULL;
    begin(page, order);
    if (flags & ALLOC_ZERO)
        memset(page_memory(page), 0, (size_t)PAGE_SIZE << order);
    return page;
}

/* Most want one frame, and nothing else. */
struct page *page_allocate(unsigned order, unsigned flags)
{
    if (__builtin_expect(order == 0 && flags == 0 && !fault_injection_armed, 1)) {
        struct page *page = cache_pop();
        if (__builtin_expect(page != NULL, 1))
            return begin(page, 0);
    }
    return allocate(order, flags);
}

static __attribute__((noinline, cold)) _Noreturn void panic_at_free(const struct page *page, unsigned order)
{
    static const char *const states[] = {"not ours", "free", "free (in a cache)", "allocated", "a slab's"};
    panic("page frame %#lx is freed as a block of order %u, but it is %s, of order %u",
        (unsigned long)page_address(page), order, page->state < ARRAY_LENGTH(states) ? states[page->state] : "nonsense",
        page->order);
}

void page_free(struct page *page, unsigned order)
{
    if (__builtin_expect(page->state != PAGE_USED || page->order != order, 0))
        panic_at_free(page, order);
    if (page->use)
        this_cpu(page_uses)[page->use] -= 1l << order;
    poison(page, order);
    if (__builtin_expect(order > 0 || !cache_push(page), 0))
        free_slowly(page, order);
}

void page_get(struct page *page)
{
    __atomic_fetch_add(&page->references, 1, __ATOMIC_RELAXED);
}

void page_put(struct page *page)
{
    if (__atomic_fetch_sub(&page->references, 1, __ATOMIC_ACQ_REL) == 1)
        page_free(page, page->order);
}

uint64_t page_free_count(void)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < ZONE_COUNT; i++)
        count += __atomic_load_n(&page_zones[i].free, __ATOMIC_RELAXED);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        count += __atomic_load_n(&cpu_local(page_cache, cpu).count, __ATOMIC_RELAXED);
    return count;
}

uint64_t page_total_count(void)
{
    return page_total;
}
