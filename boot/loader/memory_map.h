/*
 * The memory map: what the firmware says, what the loader has taken, and the sanitised union of both.
 *
 * Ranges are added in any order, overlapping, unaligned, empty or absurd: firmware does all of that. Where several
 * cover an address the strongest type wins, and strength is the order of enum boot_memory_type: a claim of the
 * loader's beats USABLE, anything the firmware reserves beats a claim. Because claims go through the same ledger, what
 * the loader took can neither be reported usable nor be forgotten.
 */
#ifndef CORRODE_BOOT_MEMORY_MAP_H
#define CORRODE_BOOT_MEMORY_MAP_H

#include "boot/protocol.h"
#include "lib/types.h"

#define MEMORY_MAP_MAX 384 /* ranges as reported; neighbours of one type that follow each other count as one */

/* What lies beyond is not reported: 16 TiB less a page, so that the number of the page after the last has 32 bits. */
#define MEMORY_MAP_LIMIT ((1ull << 44) - PAGE_SIZE)

struct memory_map {
    struct { /* as added: pages [first, end) */
        uint32_t first, end;
        uint32_t type;
    } raw[MEMORY_MAP_MAX];
    uint32_t raw_count;
    bool overflowed; /* no room was left for something that must not be used: nothing further becomes USABLE */
    bool stale;      /* raw has changed since ranges was made */

    uint32_t count;
    struct boot_memory ranges[2 * MEMORY_MAP_MAX]; /* sorted, disjoint; see memory_map_refresh */
};

/* USABLE shrinks to whole pages and leaves out page 0, everything else grows to whole pages. */
void memory_map_add(struct memory_map *map, paddr_t base, uint64_t length, uint32_t type);

/* Brings `ranges` and `count` up to date. */
void memory_map_refresh(struct memory_map *map);

/*
 * The lowest USABLE place from 1 MiB on that has room for SIZE bytes and ends at or below LIMIT (0: anywhere), outside
 * the hole at 15..16 MiB that some chip sets leave for ISA cards; 0: none. It stays USABLE until it is added with
 * another type.
 */
paddr_t memory_map_find(struct memory_map *map, uint64_t size, paddr_t limit);

/* Is every byte of the range USABLE? */
bool memory_map_is_usable(struct memory_map *map, paddr_t base, uint64_t length);

/* Bytes of the given type. */
uint64_t memory_map_total(struct memory_map *map, uint32_t type);

/* Is the type RAM, which the direct map covers? (RESERVED may be, but might as well be a device.) */
static inline bool memory_is_ram(uint32_t type)
{
    return type <= BOOT_MEMORY_FIRMWARE;
}

#endif
