/*
 * Bitmaps: sets of small numbers, one bit each, in 64-bit words. The caller gives the number of bits; bits beyond it in
 * the last word are never looked at as members. Bitmaps lock nothing.
 */
#ifndef CORRODE_LIB_BITMAP_H
#define CORRODE_LIB_BITMAP_H

#include "lib/types.h"

#define BITMAP_WORDS(bits) (((bits) + 63) / 64)

/* DECLARE_BITMAP(vectors, 256): an array of words. */
#define DECLARE_BITMAP(name, bits) uint64_t name[BITMAP_WORDS(bits)]

static inline bool bitmap_test(const uint64_t *map, size_t bit)
{
    return map[bit / 64] >> bit % 64 & 1;
}

static inline void bitmap_set(uint64_t *map, size_t bit)
{
    map[bit / 64] |= 1ull << bit % 64;
}

static inline void bitmap_clear(uint64_t *map, size_t bit)
{
    map[bit / 64] &= ~(1ull << bit % 64);
}

/* FIRST to FIRST + COUNT - 1. */
void bitmap_set_range(uint64_t *map, size_t first, size_t count);
void bitmap_clear_range(uint64_t *map, size_t first, size_t count);

/* The first bit at or after FROM that is set (or clear); BITS when there is none. */
size_t bitmap_find_set(const uint64_t *map, size_t bits, size_t from);
size_t bitmap_find_clear(const uint64_t *map, size_t bits, size_t from);

/* The first of COUNT (at least 1) clear bits in a row, at or after FROM; BITS when there is no such row. */
size_t bitmap_find_clear_range(const uint64_t *map, size_t bits, size_t from, size_t count);

size_t bitmap_count(const uint64_t *map, size_t bits);

#endif
