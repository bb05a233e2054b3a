/*
 * The kernel's virtual areas.
 *
 * Areas are in a red-black tree by address. Behind each lies a page that is never mapped, and one lies before the
 * first: so every area has a guard page on either side, which neighbours share. Each area knows the gap before it
 * (between its begin and the end of the guard page of the area before), and the largest gap of its subtree, by which
 * the first place that is large enough is found in O(log n).
 *
 * States of an area:
 *
 *     NEW     it has its place in the tree and is being mapped: only its maker knows it
 *     LIVE    its maker has returned its address
 *     DEAD    it is unmapped, but CPUs may still remember the mapping, so that its place and its frames are not free
 * yet
 *
 * Dead areas are gathered, and forgotten by all CPUs at once (purge): when there are many pages of them, when memory or
 * places are short. That waits for other CPUs, for which interrupts must be on; where they are off, areas stay dead.
 *
 * Locks: VMAP guards the tree, the list of the dead and the states. It is not held while pages are mapped: the page
 * tables of an area belong to whoever makes or frees it.
 */
#include "mm/vmap.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/spinlock.h"
#include "lib/rbtree.h"
#include "mm/slab.h"
#include "panic.h"

#define GUARD PAGE_SIZE
#define DEAD_PAGES_MAX 512 /* 2 MiB; beyond, freeing purges */
#define FIRST_BASE (VMAP_BASE + GUARD)
#define VMAP_END (VMAP_BASE + VMAP_SIZE)
#define DEPTH_MAX 128 /* of the tree, for who walks without the lock */

enum area_state { AREA_NEW, AREA_LIVE, AREA_DEAD };

struct vmap_area {
    struct rb_node node;
    vaddr_t base;
    size_t size;          /* without guard pages */
    uint64_t gap;         /* before `base`, see above */
    uint64_t largest_gap; /* in the subtree */
    uint8_t state;        /* enum area_state */
    struct list frames;   /* struct page, by link; empty for physical memory that is someone else's */
    struct list_node dead;
};

static struct spinlock lock = SPINLOCK_INIT(VMAP);
static struct rb_tree areas;
static uint64_t live_count;
static struct list dead_areas = LIST_INIT(dead_areas);
static uint64_t dead_pages;
static struct slab_cache *area_cache;

/* ------------------------------------------------------------------------------------------------------------------
 * The tree; the lock is held
 */

static struct vmap_area *area_of(const struct rb_node *node)
{
    return rb_entry((struct rb_node *)node, struct vmap_area, node);
}

static vaddr_t end_of(const struct vmap_area *area)
{
    return area->base + area->size + GUARD;
}

static uint64_t largest_gap_of(const struct rb_node *node)
{
    return node ? area_of(node)->largest_gap : 0;
}

static void update_gap(struct rb_node *node)
{
    struct vmap_area *area = area_of(node);
    area->largest_gap = max_u64(area->gap, max_u64(largest_gap_of(node->left), largest_gap_of(node->right)));
}
static const struct rb_augment gaps = {.update = update_gap};

/* Sets the gap before AREA from the area before it, and mends what follows from it. */
static void mend_gap(struct rb_node *node)
{
    if (!node)
        return;
    struct vmap_area *area = area_of(node), *before = area_of(rb_previous(node));
    area->gap = area->base - (before ? end_of(before) : FIRST_BASE);
    rb_augment_propagate(node, &gaps);
}

/* The end of the area before the first gap of at least SIZE bytes; 0: there is none. */
static vaddr_t find_gap(uint64_t size)
{
    struct rb_node *node = areas.root;
    while (largest_gap_of(node) >= size) {
        if (largest_gap_of(node->left) >= size)
            node = node->left;
        else if (area_of(node)->gap >= size)
            return area_of(node)->base - area_of(node)->gap;
        else
            node = node->right;
    }
    const struct vmap_area *last = area_of(rb_last(&areas));
    vaddr_t end = last ? end_of(last) : FIRST_BASE;
    return VMAP_END - end >= size ? end : 0;
}

static void insert(struct vmap_area *area)
{
    struct rb_node *parent = NULL;
    bool left = false;
    for (struct rb_node *place = areas.root; place; place = left ? place->left : place->right) {
        parent = place;
        left = area->base < area_of(place)->base;
    }
    area->gap = area->largest_gap = 0;
    rb_insert_augmented(&areas, &area->node, parent, left, &gaps);
    mend_gap(&area->node);
    mend_gap(rb_next(&area->node));
}

static void remove(struct vmap_area *area)
{
    struct rb_node *next = rb_next(&area->node);
    rb_remove_augmented(&areas, &area->node, &gaps);
    mend_gap(next);
}

/* Gives the area a place, AHEAD bytes past a multiple of ALIGN. */
static bool place(struct vmap_area *area, uint64_t align, uint64_t ahead)
{
    spin_lock(&lock);
    vaddr_t from = find_gap(area->size + GUARD + align - PAGE_SIZE);
    if (from) {
        area->base = align_up(from - ahead, align) + ahead;
        insert(area);
    }
    spin_unlock(&lock);
    return from != 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The dead
 */

static void free_frames(struct list *frames)
{
    struct list_node *node;
    while ((node = list_pop_front(frames)) != NULL)
        page_free(container_of(node, struct page, link), 0);
}

/* Makes all CPUs forget the dead areas, and frees them. Interrupts are on, or no other CPU runs. */
static void purge(void)
{
    struct list gone;
    vaddr_t from = VMAP_END, to = 0;

    list_init(&gone);
    spin_lock(&lock);
    list_splice_back(&gone, &dead_areas);
    dead_pages = 0;
    spin_unlock(&lock);
    list_for_each(struct vmap_area, area, &gone, dead)
    {
        from = min_u64(from, area->base);
        to = max_u64(to, area->base + area->size);
    }
    if (to == 0)
        return;
    tlb_flush_kernel(from, to - from);
    list_for_each_safe(struct vmap_area, gone_area, &gone, dead)
    {
        spin_lock(&lock);
        remove(gone_area);
        spin_unlock(&lock);
        free_frames(&gone_area->frames);
        slab_free(area_cache, gone_area);
    }
}

static bool can_purge(void)
{
    return cpu_count == 1 || cpu_interrupts_are_on();
}

/* Unmaps an area that no one will use any more. */
static void bury(struct vmap_area *area)
{
    /* Pages of an area are never larger than the area, so nothing is split, which could fail. */
    paging_unmap(&paging_kernel, area->base, area->size);
    spin_lock(&lock);
    live_count -= area->state == AREA_LIVE;
    area->state = AREA_DEAD;
    list_push_back(&dead_areas, &area->dead);
    dead_pages += area->size >> PAGE_SHIFT;
    bool many = dead_pages > DEAD_PAGES_MAX;
    spin_unlock(&lock);
    if (many && can_purge())
        purge();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Making and freeing
 */

static struct vmap_area *new_area(size_t size, unsigned alloc_flags)
{
    struct vmap_area *area = slab_allocate(area_cache, alloc_flags & ALLOC_URGENT);
    if (!area)
        return NULL;
    area->size = size;
    area->state = AREA_NEW;
    list_init(&area->frames);
    return area;
}

/* Tries again when the dead have left. */
static bool find_place(struct vmap_area *area, uint64_t align, uint64_t ahead)
{
    if (place(area, align, ahead))
        return true;
    if (!can_purge())
        return false;
    purge();
    return place(area, align, ahead);
}

static void *finish(struct vmap_area *area)
{
    spin_lock(&lock);
    area->state = AREA_LIVE;
    live_count++;
    spin_unlock(&lock);
    return (void *)area->base;
}

static int map_new_frames(struct vmap_area *area, unsigned alloc_flags)
{
    for (uint64_t done = 0; done < area->size; done += PAGE_SIZE) {
        struct page *page = page_allocate(0, alloc_flags);
        if (!page)
            return -1;
        list_push_back(&area->frames, &page->link);
        int error = paging_map(&paging_kernel, area->base + done, page_address(page), PAGE_SIZE, MAP_WRITE);
        if (error)
            return error;
    }
    return 0;
}

void *vmap_allocate(size_t size, unsigned alloc_flags)
{
    if (size == 0 || size > VMAP_SIZE / 2)
        return NULL;
    struct vmap_area *area = new_area(align_up(size, PAGE_SIZE), alloc_flags);
    if (!area)
        return NULL;
    if (!find_place(area, PAGE_SIZE, 0)) {
        slab_free(area_cache, area);
        return NULL;
    }
    if (map_new_frames(area, alloc_flags) != 0) {
        bury(area);
        return NULL;
    }
    return finish(area);
}

void *vmap_physical(paddr_t address, size_t size, unsigned map_flags)
{
    paddr_t base = align_down(address, PAGE_SIZE);
    if (size == 0 || size > VMAP_SIZE / 2 || address + size < address || (address + size - 1) >> cpu_physical_bits())
        return NULL;
    uint64_t length = align_up(address + size, PAGE_SIZE) - base;
    struct vmap_area *area = new_area(length, 0);
    if (!area)
        return NULL;
    /* Where the virtual address agrees with the physical, large pages fit. */
    uint64_t align = length >= PAGE_SIZE_2M ? PAGE_SIZE_2M : PAGE_SIZE;
    if (!find_place(area, align, base & (align - 1))) {
        slab_free(area_cache, area);
        return NULL;
    }
    unsigned flags = map_flags & (MAP_WRITE | MAP_UNCACHED | MAP_COMBINING);
    if (paging_map(&paging_kernel, area->base, base, length, flags) != 0) {
        bury(area);
        return NULL;
    }
    return (char *)finish(area) + (address - base);
}

/* The area that ADDRESS is in or whose guard page it is in, by the next one first: stacks grow downwards. */
static struct vmap_area *find(vaddr_t address)
{
    struct vmap_area *before = NULL, *after = NULL;
    unsigned depth = 0;
    for (struct rb_node *node = areas.root; node && depth < DEPTH_MAX; depth++) {
        struct vmap_area *area = area_of(node);
        if (area->base <= address) {
            before = area;
            node = node->right;
        } else {
            after = area;
            node = node->left;
        }
    }
    if (before && address - before->base < before->size)
        return before;
    if (after && after->state != AREA_DEAD && after->base - address <= GUARD)
        return after;
    return before && address - before->base < before->size + GUARD ? before : NULL;
}

void vmap_free(void *address)
{
    if (!address)
        return;
    spin_lock(&lock);
    struct vmap_area *area = find((vaddr_t)address);
    spin_unlock(&lock);
    if (!area || area->state != AREA_LIVE || area->base != align_down((vaddr_t)address, PAGE_SIZE))
        panic("vmap_free of %p, where no virtual area begins", address);
    bury(area);
}

bool vmap_find(vaddr_t address, struct vmap_area_info *info)
{
    const struct vmap_area *area = find(address);
    if (!area || area->state == AREA_DEAD)
        return false;
    info->base = area->base;
    info->size = area->size;
    info->guard = address - area->base >= area->size;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The whole
 */

uint64_t vmap_area_count(void)
{
    return __atomic_load_n(&live_count, __ATOMIC_RELAXED);
}

void vmap_reclaim(void)
{
    if (can_purge())
        purge();
}

void vmap_check(void)
{
    uint64_t live = 0;
    vaddr_t end = FIRST_BASE;
    spin_lock(&lock);
    for (struct rb_node *node = rb_first(&areas); node; node = rb_next(node)) {
        struct vmap_area *area = area_of(node);
        uint64_t largest = area->largest_gap;
        update_gap(node);
        if (area->base < end || area->gap != area->base - end || area->largest_gap != largest ||
            !is_aligned(area->base | area->size, PAGE_SIZE) || area->state > AREA_DEAD)
            panic("the virtual area at %#lx, %lu bytes, does not fit in after %#lx", (unsigned long)area->base,
                (unsigned long)area->size, (unsigned long)end);
        end = end_of(area);
        live += area->state == AREA_LIVE;
    }
    if (live != live_count || end > VMAP_END)
        panic("%lu virtual areas are in use, not %lu", (unsigned long)live, (unsigned long)live_count);
    spin_unlock(&lock);
}

/* Where interrupts are on, no lock is held that comes after ours. */
static void shrink(void)
{
    if (cpu_interrupts_are_on())
        purge();
}

void vmap_init(void)
{
    static struct page_shrinker shrinker = {.shrink = shrink};
    area_cache = slab_cache_create("vmap-area", sizeof(struct vmap_area), _Alignof(struct vmap_area));
    page_add_shrinker(&shrinker);
}
