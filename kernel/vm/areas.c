/*
 * The tree of areas of an address space, by address. Each area knows the hole before it, and each node the largest hole
 * of its subtree, so that a free place is found without looking at every area.
 */
#include "vm/vm_internal.h"

static struct vm_area *area_of(const struct rb_node *node)
{
    return node ? container_of(node, struct vm_area, node) : NULL;
}

static uint64_t gap_of(const struct rb_node *node)
{
    return node ? area_of(node)->gap : 0;
}

static void update_gap(struct rb_node *node)
{
    struct vm_area *area = area_of(node);
    area->gap = max_u64(area->hole, max_u64(gap_of(node->left), gap_of(node->right)));
}

static const struct rb_augment gaps = {.update = update_gap};

struct vm_area *vm_area_next(const struct vm_area *area)
{
    return area_of(rb_next(&area->node));
}

struct vm_area *vm_area_previous(const struct vm_area *area)
{
    return area_of(rb_previous(&area->node));
}

struct vm_area *vm_find_locked(struct vm_space *space, vaddr_t address)
{
    struct vm_area *best = NULL;
    for (struct rb_node *node = space->areas.root; node;) {
        struct vm_area *area = area_of(node);
        if (address < area->end) {
            best = area;
            if (address >= area->start)
                break;
            node = node->left;
        } else {
            node = node->right;
        }
    }
    return best;
}

/* Brings AREA's hole up to date, and with it the summaries above. */
static void measure_hole(struct vm_area *area)
{
    const struct vm_area *previous = vm_area_previous(area);
    uint64_t hole = area->start - (previous ? previous->end : 0);
    if (hole == area->hole)
        return;
    area->hole = hole;
    rb_augment_propagate(&area->node, &gaps);
}

void vm_area_moved(struct vm_space *space, struct vm_area *area)
{
    struct vm_area *next = vm_area_next(area);
    measure_hole(area);
    if (next)
        measure_hole(next);
}

void vm_area_insert(struct vm_space *space, struct vm_area *area)
{
    struct rb_node *parent = NULL;
    bool left = false;
    for (struct rb_node *node = space->areas.root; node; node = left ? node->left : node->right) {
        parent = node;
        left = area->start < area_of(node)->start;
    }
    area->hole = area->gap = 0;
    rb_insert_augmented(&space->areas, &area->node, parent, left, &gaps);
    space->area_count++;
    vm_area_moved(space, area);
}

void vm_area_remove(struct vm_space *space, struct vm_area *area)
{
    struct vm_area *next = vm_area_next(area);
    rb_remove_augmented(&space->areas, &area->node, &gaps);
    space->area_count--;
    if (next)
        measure_hole(next);
}

/* The end of the highest place for SIZE bytes in [start, end) and [low, high) both; 0: none. */
static vaddr_t place_in(vaddr_t start, vaddr_t end, uint64_t size, vaddr_t low, vaddr_t high)
{
    start = max_u64(start, low);
    end = min_u64(end, high);
    return start < end && end - start >= size ? end - size : 0;
}

/* The highest fitting hole of the subtree. Holes that are large enough but not within bounds are few: above HIGH. */
static vaddr_t find_in(const struct rb_node *node, uint64_t size, vaddr_t low, vaddr_t high)
{
    while (node && gap_of(node) >= size) {
        const struct vm_area *area = area_of(node);
        vaddr_t place = area->end < high ? find_in(node->right, size, low, high) : 0;
        if (place == 0 && area->hole >= size)
            place = place_in(area->start - area->hole, area->start, size, low, high);
        if (place)
            return place;
        node = node->left;
    }
    return 0;
}

vaddr_t vm_find_hole(const struct vm_space *space, uint64_t size, vaddr_t low, vaddr_t high)
{
    const struct vm_area *last = area_of(rb_last(&space->areas));
    vaddr_t place = place_in(last ? last->end : 0, USER_END, size, low, high);
    return place ? place : find_in(space->areas.root, size, low, high);
}
