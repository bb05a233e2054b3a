/*
 * Bitmaps: see bitmap.h. Searches go word by word; the bits before the place where they start are masked off.
 */
#include "lib/bitmap.h"

/* Bits of the word that holds bit AT, from AT on, limited to COUNT of them. */
static uint64_t mask_from(size_t at, size_t count)
{
    size_t shift = at % 64;
    uint64_t ones = count >= 64 ? ~0ull : (1ull << count) - 1;
    return ones << shift;
}

void bitmap_set_range(uint64_t *map, size_t first, size_t count)
{
    while (count > 0) {
        size_t here = min_u64(count, 64 - first % 64);
        map[first / 64] |= mask_from(first, here);
        first += here;
        count -= here;
    }
}

void bitmap_clear_range(uint64_t *map, size_t first, size_t count)
{
    while (count > 0) {
        size_t here = min_u64(count, 64 - first % 64);
        map[first / 64] &= ~mask_from(first, here);
        first += here;
        count -= here;
    }
}

/* FLIP is all ones to look for clear bits, 0 for set ones. */
static inline size_t find(const uint64_t *map, size_t bits, size_t from, uint64_t flip)
{
    while (from < bits) {
        uint64_t word = (map[from / 64] ^ flip) & mask_from(from, 64);
        if (word != 0)
            return min_u64(from / 64 * 64 + (size_t)__builtin_ctzll(word), bits);
        from = (from / 64 + 1) * 64;
    }
    return bits;
}

size_t bitmap_find_set(const uint64_t *map, size_t bits, size_t from)
{
    return find(map, bits, from, 0);
}

size_t bitmap_find_clear(const uint64_t *map, size_t bits, size_t from)
{
    return find(map, bits, from, ~0ull);
}

size_t bitmap_find_clear_range(const uint64_t *map, size_t bits, size_t from, size_t count)
{
    for (;;) {
        size_t first = bitmap_find_clear(map, bits, from);
        if (first >= bits || count > bits - first)
            return bits;
        size_t end = bitmap_find_set(map, first + count, first);
        if (end == first + count)
            return first;
        from = end;
    }
}

size_t bitmap_count(const uint64_t *map, size_t bits)
{
    size_t count = 0;
    for (size_t at = 0; at < bits; at += 64)
        count += (size_t)__builtin_popcountll(map[at / 64] & mask_from(at, bits - at));
    return count;
}
