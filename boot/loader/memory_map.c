/*
 * The memory-map sanitiser: see memory_map.h for the rules.
 *
 * The method is the plainest that can be right: the edges of all raw ranges, sorted, cut the address space into pieces
 * in which nothing changes; each piece takes the strongest type that covers it; equal neighbours merge. That is
 * quadratic in the number of raw ranges, which is about ten on BIOS and some hundreds on UEFI.
 *
 * Source: ACPI 6.5, chapter 15 (what E820 and UEFI types mean).
 */
#include "boot/loader/memory_map.h"

#include "lib/string.h"

#define PAGE_SHIFT 12
#define LOW_END (MIB(1) >> PAGE_SHIFT) /* in pages, as everything in here */
#define ISA_HOLE (MIB(15) >> PAGE_SHIFT)
#define ISA_HOLE_END (MIB(16) >> PAGE_SHIFT)

/* Forgets the smallest USABLE range, which is always safe, to make room for one that matters. */
static bool raw_drop_smallest_usable(struct memory_map *map)
{
    uint32_t smallest = map->raw_count, smallest_size = UINT32_MAX;
    for (uint32_t i = 0; i < map->raw_count; i++) {
        uint32_t size = map->raw[i].end - map->raw[i].first;
        if (map->raw[i].type == BOOT_MEMORY_USABLE && size < smallest_size) {
            smallest = i;
            smallest_size = size;
        }
    }
    if (smallest == map->raw_count)
        return false;
    map->raw[smallest] = map->raw[--map->raw_count];
    return true;
}

void memory_map_add(struct memory_map *map, paddr_t base, uint64_t length, uint32_t type)
{
    if (length == 0 || base >= MEMORY_MAP_LIMIT)
        return;
    length = min_u64(length, MEMORY_MAP_LIMIT - base);
    if (type < BOOT_MEMORY_USABLE || type > BOOT_MEMORY_BAD)
        type = BOOT_MEMORY_RESERVED;

    bool inwards = type == BOOT_MEMORY_USABLE;
    uint32_t first = (uint32_t)((base + (inwards ? PAGE_SIZE - 1 : 0)) >> PAGE_SHIFT);
    uint32_t end = (uint32_t)((base + length + (inwards ? 0 : PAGE_SIZE - 1)) >> PAGE_SHIFT);
    if (inwards && first == 0)
        first = 1;
    if (first >= end)
        return;
    if (inwards && map->overflowed)
        return;
    map->stale = true;

    /* Firmware reports neighbours one after the other: let the last one grow. */
    uint32_t last = map->raw_count - 1;
    if (map->raw_count > 0 && map->raw[last].type == type && map->raw[last].end == first) {
        map->raw[last].end = end;
        return;
    }
    if (inwards && map->raw_count == MEMORY_MAP_MAX)
        return;
    if (map->raw_count == MEMORY_MAP_MAX && !raw_drop_smallest_usable(map)) {
        map->overflowed = true;
        return;
    }
    map->raw[map->raw_count].first = first;
    map->raw[map->raw_count].end = end;
    map->raw[map->raw_count].type = type;
    map->raw_count++;
}

/* The strongest type that covers PAGE; 0 when nothing does. */
static uint32_t raw_type_at(const struct memory_map *map, uint32_t page)
{
    uint32_t type = 0;
    for (uint32_t i = 0; i < map->raw_count; i++)
        if (map->raw[i].type > type && map->raw[i].first <= page && page < map->raw[i].end)
            type = map->raw[i].type;
    return type;
}

/* Insertion sort: what comes from firmware is nearly sorted already. */
static void sort(uint32_t *edges, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        uint32_t edge = edges[i], j = i;
        for (; j > 0 && edges[j - 1] > edge; j--)
            edges[j] = edges[j - 1];
        edges[j] = edge;
    }
}

void memory_map_refresh(struct memory_map *map)
{
    static uint32_t edges[2 * MEMORY_MAP_MAX];

    if (!map->stale)
        return;
    uint32_t edge_count = 0, last_end = 0;
    for (uint32_t i = 0; i < map->raw_count; i++) {
        edges[edge_count++] = map->raw[i].first;
        edges[edge_count++] = map->raw[i].end;
    }
    sort(edges, edge_count);

    struct boot_memory *range = NULL;
    map->count = 0;
    for (uint32_t i = 0; i + 1 < edge_count; i++) {
        uint32_t type = edges[i] < edges[i + 1] ? raw_type_at(map, edges[i]) : 0;
        if (type == 0)
            continue;
        if (!range || range->type != type || last_end != edges[i]) {
            range = &map->ranges[map->count++];
            range->base = (paddr_t)edges[i] << PAGE_SHIFT;
            range->type = type;
            range->reserved = 0;
        }
        last_end = edges[i + 1];
        range->length = ((paddr_t)last_end << PAGE_SHIFT) - range->base;
    }
    map->stale = false;
}

paddr_t memory_map_find(struct memory_map *map, uint64_t size, paddr_t limit)
{
    memory_map_refresh(map);
    if (size == 0 || size > MEMORY_MAP_LIMIT)
        return 0;
    uint32_t pages = (uint32_t)((size + PAGE_SIZE - 1) >> PAGE_SHIFT);
    uint32_t limit_page = limit && limit < MEMORY_MAP_LIMIT ? (uint32_t)(limit >> PAGE_SHIFT) : UINT32_MAX;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory *range = &map->ranges[i];
        if (range->type != BOOT_MEMORY_USABLE)
            continue;
        uint32_t first = (uint32_t)(range->base >> PAGE_SHIFT);
        uint32_t end = first + (uint32_t)(range->length >> PAGE_SHIFT);
        if (first < LOW_END)
            first = LOW_END;
        if (end > limit_page)
            end = limit_page;
        if (first < ISA_HOLE_END && first + (uint64_t)pages > ISA_HOLE)
            first = ISA_HOLE_END;
        if (first < end && end - first >= pages)
            return (paddr_t)first << PAGE_SHIFT;
    }
    return 0;
}

bool memory_map_is_usable(struct memory_map *map, paddr_t base, uint64_t length)
{
    memory_map_refresh(map);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory *range = &map->ranges[i];
        uint64_t skip = base - range->base;
        if (range->type == BOOT_MEMORY_USABLE && skip <= range->length && length <= range->length - skip)
            return true;
    }
    return false;
}

uint64_t memory_map_total(struct memory_map *map, uint32_t type)
{
    uint64_t total = 0;
    memory_map_refresh(map);
    for (uint32_t i = 0; i < map->count; i++)
        if (map->ranges[i].type == type)
            total += map->ranges[i].length;
    return total;
}
