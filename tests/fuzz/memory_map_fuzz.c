/*
 * Fuzzes the memory-map sanitiser (boot/loader/memory_map.c): whatever firmware reports, the map must agree with the
 * oracle of the unit test, and a place that is found must be one that may be taken.
 *
 * Input: records of 8 bytes, each an entry: type, shift of the base, base (2), a signed offset, shift of the length,
 * length (2). The first record says what is asked for: length is the size, base the limit.
 */
#include "tests/unit/boot/memory_oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ENTRIES (MEMORY_MAP_MAX + 100)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct memory_entry entry_of(const uint8_t *record)
{
    uint64_t base = record[2] | (uint64_t)record[3] << 8, length = record[6] | (uint64_t)record[7] << 8;
    return (struct memory_entry){
        .type = record[0],
        .base = (base << record[1] % 64) + (uint64_t)(int8_t)record[4],
        .length = length << record[5] % 64,
    };
}

static void require(const char *problem)
{
    if (problem) {
        fprintf(stderr, "%s\n", problem);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct memory_map map;
    static struct memory_entry entries[MAX_ENTRIES];
    size_t count = 0;
    if (size < 8)
        return 0;
    memset(&map, 0, sizeof map);
    for (size_t at = 8; at + 8 <= size && count < MAX_ENTRIES; at += 8) {
        entries[count] = entry_of(data + at);
        memory_map_add(&map, entries[count].base, entries[count].length, entries[count].type);
        count++;
    }
    require(oracle_check(&map, entries, count));

    struct memory_entry wish = entry_of(data);
    paddr_t found = memory_map_find(&map, wish.length, wish.base);
    require(oracle_check_find(&map, wish.length, wish.base, found, entries, count));
    if (found && count < MAX_ENTRIES) {
        entries[count] = (struct memory_entry){found, wish.length, BOOT_MEMORY_BOOT};
        memory_map_add(&map, found, wish.length, BOOT_MEMORY_BOOT);
        count++;
        require(oracle_check(&map, entries, count));
        if (memory_map_is_usable(&map, found, 1))
            require("what was taken is USABLE again");
    }
    return 0;
}
