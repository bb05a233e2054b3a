/*
 * The walk of page tables without a processor (kernel/debug/probe.c), in tables that the test builds, sound and broken.
 */
#include "debug/probe.h"
#include "tests/unit/unit.h"

#include <string.h>

#define FRAMES 8
#define P 1ull
#define W 2ull
#define U 4ull
#define LARGE 0x80ull
#define NX (1ull << 63)

static _Alignas(4096) uint64_t memory[FRAMES][512]; /* the machine's RAM, from physical 0 */

static int setup(void **state)
{
    memset(memory, 0, sizeof memory);
    probe_init((vaddr_t)memory, sizeof memory);
    /* 0xffff800000000000: frames 1 to 4 are the tables; the page is physical 5000h */
    memory[1][256] = 0x2000 | P | W | U;
    memory[2][0] = 0x3000 | P | W;
    memory[3][0] = 0x4000 | P | W;
    memory[4][3] = 0x5000 | P | W | NX;
    memory[4][4] = 0x6000 | P;
    memory[3][1] = 0x40200000 | P | W | LARGE | NX | 1 << 12; /* with a PAT bit where an address bit would be */
    memory[2][2] = 0x80000000 | P | LARGE;
    return 0;
}

#define BASE 0xffff800000000000ull

static void test_small_pages(void **state)
{
    struct probe_walk walk;
    assert_true(probe_walk_from(0x1000, 4, BASE + 0x3123, &walk));
    assert_true(walk.mapped && walk.writable && !walk.executable && !walk.user && !walk.broken);
    assert_int_equal(walk.physical, 0x5123);
    assert_int_equal(walk.page_size, 4096);
    assert_int_equal(walk.last, 1);
    assert_int_equal(walk.entries[1], 0x5000 | P | W | NX);
    assert_true(probe_walk_from(0x1000 | 0xfff, 4, BASE + 0x4fff, &walk)); /* flags in CR3 */
    assert_true(!walk.writable && walk.executable);
    assert_int_equal(walk.physical, 0x6fff);
}

static void test_large_pages(void **state)
{
    struct probe_walk walk;
    assert_true(probe_walk_from(0x1000, 4, BASE + 0x200000 + 0x12345, &walk));
    assert_int_equal(walk.page_size, 2 << 20);
    assert_int_equal(walk.physical, 0x40212345);
    assert_true(probe_walk_from(0x1000, 4, BASE + 0x80000000 + 0x3fffffff, &walk));
    assert_int_equal(walk.page_size, 1 << 30);
    assert_int_equal(walk.physical, 0xbfffffff);
    assert_int_equal(walk.last, 3);
}

static void test_what_is_not_mapped(void **state)
{
    struct probe_walk walk;
    assert_false(probe_walk_from(0x1000, 4, 0, &walk));
    assert_int_equal(walk.last, 4);
    assert_false(probe_walk_from(0x1000, 4, BASE + 0x40000000, &walk));
    assert_int_equal(walk.last, 3);
    assert_false(probe_walk_from(0x1000, 4, BASE + 0x400000, &walk));
    assert_int_equal(walk.last, 2);
    assert_false(probe_walk_from(0x1000, 4, BASE + 0x5000, &walk));
    assert_int_equal(walk.last, 1);
    assert_false(walk.mapped || walk.broken);
}

static void test_addresses_that_are_not_canonical(void **state)
{
    struct probe_walk walk;
    static const vaddr_t bad[] = {0x0000800000000000, 0xffff7fffffffffff, 0x8000000000000000, 0x1234567812345678};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(probe_walk_from(0x1000, 4, bad[i], &walk));
        assert_int_equal(walk.last, 5);
    }
    /* With five levels the first of them is. */
    memory[7][1] = 0x1000 | P | W;
    assert_false(probe_walk_from(0x7000, 5, 0x0000800000000000, &walk));
    assert_int_equal(walk.last, 5);
    memory[7][0] = 0x1000 | P | W;
    assert_true(probe_walk_from(0x7000, 5, 0x0000800000003000, &walk));
    assert_int_equal(walk.physical, 0x5000);
}

/* Tables that lead out of RAM are not followed. */
static void test_broken_tables(void **state)
{
    struct probe_walk walk;
    static const uint64_t wild[] = {FRAMES * 4096, 0xffffffffff000, FRAMES * 4096 + 0x1000};
    for (size_t i = 0; i < sizeof wild / sizeof wild[0]; i++) {
        memory[2][0] = wild[i] | P | W;
        assert_false(probe_walk_from(0x1000, 4, BASE + 0x3000, &walk));
        assert_true(walk.broken);
        assert_false(probe_walk_from(wild[i], 4, BASE, &walk));
        assert_true(walk.broken);
    }
    memory[2][0] = (FRAMES - 1) * 4096 | P | W; /* the last frame is still RAM */
    assert_false(probe_walk_from(0x1000, 4, BASE + 0x3000, &walk));
    assert_false(walk.broken);
    memory[1][256] = 0x1000 | P | W; /* a table that contains itself: the walk has an end all the same */
    memory[1][0] = 0x1000 | P | W;
    probe_walk_from(0x1000, 4, BASE, &walk);
    assert_true(walk.mapped);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)
UNIT_MAIN(TEST(test_small_pages), TEST(test_large_pages), TEST(test_what_is_not_mapped),
    TEST(test_addresses_that_are_not_canonical), TEST(test_broken_tables))
