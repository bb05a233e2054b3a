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

#define ISA_HOLE MIB(15)
#define ISA_HOLE_END MIB(16)

/* Forgets the smallest USABLE range, which is always safe, to make room for one that matters. */
static bool raw_drop_smallest_usable(struct memory_map *map)
{
    uint32_t smallest = map->raw_count;
    for (uint32_t i = 0; i < map->raw_count; i++) {
        if (map->raw[i].type != BOOT_MEMORY_USABLE)
            continue;
        if (smallest == map->raw_count
            || map->raw[i].end - map->raw[i].base < map->raw[smallest].end - map->raw[smallest].base)
            smallest = i;
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
    paddr_t end = length > MEMORY_MAP_LIMIT - base ? MEMORY_MAP_LIMIT : base + length;
    if (type < BOOT_MEMORY_USABLE || type > BOOT_MEMORY_BAD)
        type = BOOT_MEMORY_RESERVED;

    if (type == BOOT_MEMORY_USABLE) {
        base = max_u64(align_up(base, PAGE_SIZE), PAGE_SIZE);
        end = align_down(end, PAGE_SIZE);
    } else {
        base = align_down(base, PAGE_SIZE);
        end = align_up(end, PAGE_SIZE);
    }
    if (base >= end)
        return;
    map->stale = true;

    /* Firmware reports neighbours one after the other: let the last one grow. */
    if (map->raw_count > 0 && map->raw[map->raw_count - 1].type == type
        && map->raw[map->raw_count - 1].end == base) {
        map->raw[map->raw_count - 1].end = end;
        return;
    }
    if (map->raw_count == MEMORY_MAP_MAX) {
        if (type == BOOT_MEMORY_USABLE)
            return;
        if (!raw_drop_smallest_usable(map)) {
            map->overflowed = true;
            return;
        }
    }
    if (map->overflowed && type == BOOT_MEMORY_USABLE)
        return;
    map->raw[map->raw_count].base = base;
    map->raw[map->raw_count].end = end;
    map->raw[map->raw_count].type = type;
    map->raw_count++;
}

/* The strongest type that covers the piece at ADDRESS; 0 when nothing does. */
static uint32_t raw_type_at(const struct memory_map *map, paddr_t address)
{
    uint32_t type = 0;
    for (uint32_t i = 0; i < map->raw_count; i++)
        if (map->raw[i].type > type && map->raw[i].base <= address && address < map->raw[i].end)
            type = map->raw[i].type;
    return type;
}

/* Insertion sort: what comes from firmware is nearly sorted already. */
static void sort(paddr_t *edges, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        paddr_t edge = edges[i];
        uint32_t j = i;
        for (; j > 0 && edges[j - 1] > edge; j--)
            edges[j] = edges[j - 1];
        edges[j] = edge;
    }
}

void memory_map_refresh(struct memory_map *map)
{
    static paddr_t edges[2 * MEMORY_MAP_MAX];

    if (!map->stale)
        return;
    uint32_t edge_count = 0;
    for (uint32_t i = 0; i < map->raw_count; i++) {
        edges[edge_count++] = map->raw[i].base;
        edges[edge_count++] = map->raw[i].end;
    }
    sort(edges, edge_count);

    map->count = 0;
    for (uint32_t i = 0; i + 1 < edge_count; i++) {
        if (edges[i] == edges[i + 1])
            continue;
        uint32_t type = raw_type_at(map, edges[i]);
        if (type == 0)
            continue;
        struct boot_memory *last = map->count > 0 ? &map->ranges[map->count - 1] : NULL;
        if (last && last->type == type && last->base + last->length == edges[i]) {
            last->length += edges[i + 1] - edges[i];
            continue;
        }
        map->ranges[map->count++] = (struct boot_memory) {
            .base = edges[i],
            .length = edges[i + 1] - edges[i],
            .type = type,
        };
    }
    map->stale = false;
}

/* The lowest address in [base, end) at which SIZE bytes avoid [hole, hole_end); END when there is none. */
static paddr_t step_over(paddr_t base, paddr_t end, uint64_t size, paddr_t hole, paddr_t hole_end)
{
    if (base < hole_end && base + size > hole)
        base = align_up(hole_end, PAGE_SIZE);
    return base < end ? base : end;
}

paddr_t memory_map_find(struct memory_map *map, const struct memory_wish *wish)
{
    memory_map_refresh(map);
    uint64_t size = align_up(wish->size, PAGE_SIZE);
    if (size == 0 || size > MEMORY_MAP_LIMIT)
        return 0;
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory *range = &map->ranges[i];
        if (range->type != BOOT_MEMORY_USABLE)
            continue;
        paddr_t base = max_u64(range->base, MIB(1));
        paddr_t end = range->base + range->length;
        if (wish->limit)
            end = min_u64(end, wish->limit);
        if (base >= end)
            continue;
        /* Twice, since stepping over one hole may lead into the other. */
        for (int pass = 0; pass < 2; pass++) {
            base = step_over(base, end, size, ISA_HOLE, ISA_HOLE_END);
            base = step_over(base, end, size, wish->avoid, wish->avoid_end);
        }
        if (end - base >= size)
            return base;
    }
    return 0;
}

bool memory_map_is_usable(struct memory_map *map, paddr_t base, uint64_t length)
{
    memory_map_refresh(map);
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory *range = &map->ranges[i];
        if (range->type == BOOT_MEMORY_USABLE && base >= range->base && base - range->base <= range->length
            && length <= range->length - (base - range->base))
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
