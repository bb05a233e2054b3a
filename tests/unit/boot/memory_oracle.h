/*
 * What the memory map must say, worked out page by page from the rules in boot/loader/memory_map.h and in no other way:
 * slow, plain, and independent of the sanitiser.
 */
#ifndef CORRODE_TESTS_BOOT_MEMORY_ORACLE_H
#define CORRODE_TESTS_BOOT_MEMORY_ORACLE_H

#include "boot/loader/memory_map.h"

#include <stddef.h>

/* An entry as firmware reports it. */
struct memory_entry {
    uint64_t base, length;
    uint32_t type;
};

/* The type of page number PAGE under all entries; 0: not memory. */
uint32_t oracle_type(const struct memory_entry *entries, size_t count, uint64_t page);

/*
 * Each returns NULL, or what is wrong. The first checks a map that all ENTRIES were added to, the second an answer of
 * memory_map_find(MAP, SIZE, LIMIT) with that map. When the map has overflowed, USABLE may be missing, never wrong.
 */
const char *oracle_check(struct memory_map *map, const struct memory_entry *entries, size_t count);
const char *oracle_check_find(const struct memory_map *map, uint64_t size, paddr_t limit, paddr_t found,
    const struct memory_entry *entries, size_t count);

#endif
