/*
 * memcpy, memmove, memset and memcmp (kernel/arch/x86_64/memory.c), against plain loops: every size up to 300 and some
 * beyond, at every alignment and every overlap; with guard bytes around the memory, and against pages that cannot be
 * touched. Each is tested both ways of `rep`: the file is compiled in here, because which way is its own business.
 */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/mman.h>

/* What the tests use of the C library. */
static void *(*const libc_memmove)(void *, const void *, size_t) = memmove;
static void *(*const libc_memset)(void *, int, size_t) = memset;
static int (*const libc_memcmp)(const void *, const void *, size_t) = memcmp;

#define memcpy tested_memcpy
#define memmove tested_memmove
#define memset tested_memset
#define memcmp tested_memcmp
void *tested_memcpy(void *restrict to, const void *restrict from, size_t size);
void *tested_memmove(void *to, const void *from, size_t size);
void *tested_memset(void *to, int byte, size_t size);
int tested_memcmp(const void *left, const void *right, size_t size);
#include "kernel/arch/x86_64/memory.c"

#define GUARD 64
#define SIZE_MAX_TESTED 1200
#define ROOM (SIZE_MAX_TESTED + 4 * GUARD)

/* Every size to 300, then around what the code might treat specially. */
static size_t next_size(size_t size)
{
    static const size_t large[] = {500, 511, 512, 513, 520, 543, 544, 545, 1000, 1024, SIZE_MAX_TESTED};
    if (size < 300)
        return size + 1;
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        if (large[i] > size)
            return large[i];
    }
    return SIZE_MAX;
}

#define FOR_EACH_SIZE(size) for (size_t size = 0; size != SIZE_MAX; size = next_size(size))

static void fill(uint8_t *p, size_t size, unsigned seed)
{
    for (size_t i = 0; i < size; i++)
        p[i] = (uint8_t)((i + seed) * 167 >> 3 ^ i);
}

static void check_equal(const uint8_t *actual, const uint8_t *expected, size_t length, size_t size, long at)
{
    for (size_t i = 0; i < length; i++) {
        if (actual[i] != expected[i])
            fail_msg("size %zu, at %ld: byte %zu is %#x, not %#x", size, at, i, actual[i], expected[i]);
    }
}

static void test_memcpy(void **state)
{
    static uint8_t from[ROOM], to[ROOM], expected[ROOM];

    FOR_EACH_SIZE(size)
    {
        for (unsigned to_shift = 0; to_shift < 16; to_shift++) {
            for (unsigned from_shift = 0; from_shift < 16; from_shift += 1 + (size > 64) * 2) {
                fill(from, sizeof from, 1);
                fill(to, size + 2 * GUARD, 2);
                libc_memmove(expected, to, size + 2 * GUARD);
                for (size_t i = 0; i < size; i++)
                    expected[GUARD + to_shift + i] = from[GUARD + from_shift + i];
                assert_ptr_equal(
                    tested_memcpy(to + GUARD + to_shift, from + GUARD + from_shift, size), to + GUARD + to_shift);
                check_equal(to, expected, size + 2 * GUARD, size, to_shift);
            }
        }
    }
}

static void test_memmove(void **state)
{
    static uint8_t memory[3 * ROOM], expected[3 * ROOM];

    FOR_EACH_SIZE(size)
    {
        /* Apart on either side, and every overlap up to 40 bytes; beyond that, some. */
        long reach = (long)size + 3, step;
        size_t length = 3 * size + 6 + 2 * GUARD;
        uint8_t *from = memory + GUARD + reach;
        for (long shift = -reach; shift <= reach; shift += step) {
            step = size < 80 || (shift > -40 && shift < 40) || shift > reach - 8 ? 1 : 7;
            fill(memory, length, 3);
            libc_memmove(expected, memory, length);
            for (size_t i = 0; i < size; i++)
                expected[GUARD + reach + shift + (long)i] = from[i];
            assert_ptr_equal(tested_memmove(from + shift, from, size), from + shift);
            check_equal(memory, expected, length, size, shift);
        }
    }
}

static void test_memset(void **state)
{
    static uint8_t memory[ROOM], expected[ROOM];
    static const int bytes[] = {0, 1, 0x80, 0xff, -1, 0x1a5}; /* only the low eight bits count */

    FOR_EACH_SIZE(size)
    {
        for (unsigned shift = 0; shift < 16; shift++) {
            for (size_t b = 0; b < sizeof bytes / sizeof bytes[0]; b++) {
                fill(memory, size + 2 * GUARD, 4);
                libc_memmove(expected, memory, size + 2 * GUARD);
                for (size_t i = 0; i < size; i++)
                    expected[GUARD + shift + i] = (uint8_t)bytes[b];
                assert_ptr_equal(tested_memset(memory + GUARD + shift, bytes[b], size), memory + GUARD + shift);
                check_equal(memory, expected, size + 2 * GUARD, size, shift);
            }
        }
    }
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void test_memcmp(void **state)
{
    static uint8_t left[ROOM], right[ROOM];

    for (size_t size = 0; size <= 300; size++) {
        for (unsigned shift = 0; shift < 8; shift++) {
            uint8_t *l = left + shift, *r = right + (shift * 3) % 8;
            fill(left, sizeof left, 5);
            libc_memmove(r, l, size + 1);
            r[size] = (uint8_t)~l[size]; /* just beyond: must not matter */
            assert_int_equal(tested_memcmp(l, r, size), 0);
            /* A difference at each place, with an opposite one behind it that must not matter. */
            for (size_t at = 0; at < size; at += 1 + size / 40) {
                libc_memmove(r, l, size);
                l[at] = 0x7f;
                r[at] = 0x80;
                if (at + 1 < size)
                    r[at + 1] = (uint8_t)(l[at + 1] - 1);
                assert_int_equal(sign(tested_memcmp(l, r, size)), -1);
                assert_int_equal(sign(tested_memcmp(r, l, size)), 1);
                fill(left, sizeof left, 5);
            }
        }
    }
}

/* Nothing before or after the memory is read or written: it lies flush with pages that fault. */
static void test_page_boundaries(void **state)
{
    size_t page = 4096;
    uint8_t *from = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *to = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(from != MAP_FAILED && to != MAP_FAILED);
    from += page;
    to += page;
    assert_int_equal(mprotect(from, page, PROT_READ | PROT_WRITE), 0);
    assert_int_equal(mprotect(to, page, PROT_READ | PROT_WRITE), 0);
    fill(from, page, 6);

    FOR_EACH_SIZE(size)
    {
        for (unsigned side = 0; side < 4; side++) {
            uint8_t *f = side & 1 ? from + page - size : from, *t = side & 2 ? to + page - size : to;
            tested_memset(t, 0x55, size);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(t[i], 0x55);
            tested_memcpy(t, f, size);
            assert_int_equal(libc_memcmp(t, f, size), 0);
            assert_int_equal(tested_memcmp(t, f, size), 0);
            libc_memset(t, 0, size);
            tested_memmove(t, f, size);
            assert_int_equal(libc_memcmp(t, f, size), 0);
        }
        /* Overlapping, from one end of the page to the other. */
        if (size > 0) {
            tested_memmove(to + page - size, to + page - size - (page - size) % 31, size);
            tested_memmove(to, to + (page - size) % 31, size);
        }
    }
    munmap(from - page, 3 * page);
    munmap(to - page, 3 * page);
}

static int with_words(void **state)
{
    rep_kind = REP_WORDS;
    return 0;
}

static int with_bytes(void **state)
{
    rep_kind = REP_BYTES;
    return 0;
}

static void test_detection(void **state)
{
    static uint8_t from[4096], to[4096];
    rep_kind = REP_UNKNOWN;
    fill(from, sizeof from, 7);
    tested_memcpy(to, from, sizeof from);
    assert_int_not_equal(rep_kind, REP_UNKNOWN);
    assert_int_equal(libc_memcmp(to, from, sizeof from), 0);
}

#define BOTH(test)                                                                                                     \
    {#test " (rep by words)", test, with_words, NULL, NULL},                                                           \
    {                                                                                                                  \
        #test " (rep by bytes)", test, with_bytes, NULL, NULL                                                          \
    }

UNIT_MAIN(BOTH(test_memcpy), BOTH(test_memmove), BOTH(test_memset), cmocka_unit_test(test_memcmp),
    BOTH(test_page_boundaries), cmocka_unit_test(test_detection))
