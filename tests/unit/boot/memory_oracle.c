/*
 * The oracle for the memory map: see memory_oracle.h.
 *
 * Nothing changes between two edges, of an entry or of a range of the map. So it is enough to look at the pages next to
 * every edge, and every page is as good as checked.
 */
#include "tests/unit/boot/memory_oracle.h"

#include <stdlib.h>

#define LAST_PAGE (UINT32_MAX - 1ull) /* the number of the page behind it has 32 bits, too */
#define AROUND 2                      /* pages looked at on either side of an edge */

typedef unsigned __int128 wide; /* so that no sum here can wrap */

uint32_t oracle_type(const struct memory_entry *entries, size_t count, uint64_t page)
{
    wide first = (wide)page * PAGE_SIZE, end = first + PAGE_SIZE;
    uint32_t strongest = 0;
    if (page > LAST_PAGE)
        return 0;
    for (size_t i = 0; i < count; i++) {
        wide from = entries[i].base, to = from + entries[i].length;
        uint32_t type = entries[i].type;
        if (type < BOOT_MEMORY_USABLE || type > BOOT_MEMORY_BAD)
            type = BOOT_MEMORY_RESERVED;
        bool covered;
        if (type == BOOT_MEMORY_USABLE)
            covered = from <= first && end <= to && page != 0;
        else
            covered = from < to && from < end && first < to;
        if (covered && type > strongest)
            strongest = type;
    }
    return strongest;
}

static uint32_t map_type(const struct memory_map *map, uint64_t page)
{
    uint64_t address = page * PAGE_SIZE;
    for (uint32_t i = 0; i < map->count; i++) {
        if (map->ranges[i].base <= address && address - map->ranges[i].base < map->ranges[i].length)
            return map->ranges[i].type;
    }
    return 0;
}

static const char *check_shape(const struct memory_map *map)
{
    for (uint32_t i = 0; i < map->count; i++) {
        const struct boot_memory *range = &map->ranges[i], *next = range + 1;
        if (!is_aligned(range->base | range->length, PAGE_SIZE))
            return "a range is not whole pages";
        if (range->length == 0 || range->length > MEMORY_MAP_LIMIT || range->base > MEMORY_MAP_LIMIT - range->length)
            return "a range is empty or leaves the limit";
        if (range->type < BOOT_MEMORY_USABLE || range->type > BOOT_MEMORY_BAD || range->reserved != 0)
            return "a range has an unknown type";
        if (i + 1 == map->count)
            break;
        if (next->base < range->base + range->length)
            return "ranges are not sorted, or overlap";
        if (next->base == range->base + range->length && next->type == range->type)
            return "neighbours of one type were not merged";
    }
    return NULL;
}

static const char *check_around(
    const struct memory_map *map, uint64_t address, const struct memory_entry *entries, size_t count)
{
    uint64_t page = address / PAGE_SIZE;
    for (uint64_t p = page > AROUND ? page - AROUND : 0; p <= page + AROUND && p <= LAST_PAGE + 1; p++) {
        uint32_t expected = oracle_type(entries, count, p), type = map_type(map, p);
        if (type == BOOT_MEMORY_USABLE && expected != BOOT_MEMORY_USABLE)
            return "a page is USABLE that must not be";
        if (type == expected)
            continue;
        /* Without room for all entries, USABLE ones are forgotten first, then others. */
        bool forgotten = map->raw_count == MEMORY_MAP_MAX && expected == BOOT_MEMORY_USABLE && type == 0;
        if (!forgotten && !map->overflowed)
            return "a page has the wrong type";
    }
    return NULL;
}

const char *oracle_check(struct memory_map *map, const struct memory_entry *entries, size_t count)
{
    memory_map_refresh(map);
    const char *problem = check_shape(map);
    for (size_t i = 0; !problem && i < count; i++) {
        wide end = (wide)entries[i].base + entries[i].length;
        problem = check_around(map, entries[i].base, entries, count);
        if (!problem)
            problem = check_around(map, end > UINT64_MAX ? UINT64_MAX : (uint64_t)end, entries, count);
    }
    for (uint32_t i = 0; !problem && i < map->count; i++) {
        problem = check_around(map, map->ranges[i].base, entries, count);
        if (!problem)
            problem = check_around(map, map->ranges[i].base + map->ranges[i].length, entries, count);
    }
    if (!problem)
        problem = check_around(map, 0, entries, count);
    return problem ? problem : check_around(map, MEMORY_MAP_LIMIT, entries, count);
}

/* ------------------------------------------------------------------------------------------------------------------
 * memory_map_find
 */

#define HOLE_FIRST (MIB(15) / PAGE_SIZE)
#define HOLE_END (MIB(16) / PAGE_SIZE)

/* May PAGES pages from FIRST on be handed out? Asked of the pages behind every edge: between them nothing changes. */
static bool may_take(const struct memory_map *map, uint64_t first, uint64_t pages, uint64_t limit)
{
    if (first < MIB(1) / PAGE_SIZE || first + pages > limit / PAGE_SIZE)
        return false;
    if (first < HOLE_END && first + pages > HOLE_FIRST)
        return false;
    if (map_type(map, first) != BOOT_MEMORY_USABLE)
        return false;
    for (uint32_t i = 0; i < map->count; i++) {
        uint64_t start = map->ranges[i].base / PAGE_SIZE, end = start + map->ranges[i].length / PAGE_SIZE;
        if (start > first && start < first + pages && map_type(map, start) != BOOT_MEMORY_USABLE)
            return false;
        if (end > first && end < first + pages && map_type(map, end) != BOOT_MEMORY_USABLE)
            return false;
    }
    return true;
}

const char *oracle_check_find(const struct memory_map *map, uint64_t size, paddr_t limit, paddr_t found,
    const struct memory_entry *entries, size_t count)
{
    uint64_t pages = size / PAGE_SIZE + (size % PAGE_SIZE != 0), lowest = UINT64_MAX;
    if (limit == 0 || limit > MEMORY_MAP_LIMIT)
        limit = MEMORY_MAP_LIMIT;

    /* The lowest place begins where a range does, or where something stops being in the way. */
    for (uint32_t i = 0; size > 0 && i < map->count + 2; i++) {
        uint64_t first = i == map->count  ? MIB(1) / PAGE_SIZE
                         : i > map->count ? HOLE_END
                                          : map->ranges[i].base / PAGE_SIZE;
        if (first < lowest && may_take(map, first, pages, limit))
            lowest = first;
    }
    if (found == 0)
        return lowest == UINT64_MAX ? NULL : "a place was not found";
    if (!is_aligned(found, PAGE_SIZE) || lowest == UINT64_MAX || found != lowest * PAGE_SIZE)
        return "the place is not the lowest that may be taken";
    if (oracle_type(entries, count, lowest) != BOOT_MEMORY_USABLE ||
        oracle_type(entries, count, lowest + pages - 1) != BOOT_MEMORY_USABLE)
        return "the place is not USABLE";
    return NULL;
}
