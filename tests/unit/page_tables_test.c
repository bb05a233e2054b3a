/*
 * Page tables (kernel/arch/x86_64/paging.c): random mapping, unmapping and protecting, of pages of all sizes, with and
 * without memory for tables, against a model that knows every 4 KiB.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging_internal.h"
#include "lib/errno.h"
#include "tests/unit/boot/random.h"

#include <stdlib.h>
#include <string.h>

/* The build says that physical memory begins at 0, so that a frame of the host's is what direct_map makes of it. */
_Static_assert(DIRECT_MAP_BASE == 0, "tests/unit/module.mk");

#define WINDOW 0xffffd00000000000ull /* 1 GiB aligned */
#define BEFORE MIB(64)               /* what is modelled before it ... */
#define PAGES ((GIB(1) + 2 * BEFORE) / PAGE_SIZE)
#define BASE (WINDOW - BEFORE)

uint64_t cpu_feature_bits;

static struct {
    paddr_t physical;
    uint8_t flags;
    bool mapped;
} model[PAGES];

static struct page_table table;
static void **frames; /* of all tables, to free them */
static unsigned frame_count, frames_left;

static paddr_t allocate_frame(void)
{
    if (frames_left == 0)
        return 0;
    frames_left--;
    void *frame = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
    memset(frame, 0, PAGE_SIZE);
    frames = realloc(frames, (frame_count + 1) * sizeof *frames);
    frames[frame_count++] = frame;
    return (uintptr_t)frame;
}

static int start(void **state)
{
    memset(model, 0, sizeof model);
    cpu_feature_bits = 1ull << CPU_PAT;
    frames_left = 1000000;
    paging_set_frame_source(allocate_frame);
    table.root = allocate_frame();
    return 0;
}

static int stop(void **state)
{
    while (frame_count > 0)
        free(frames[--frame_count]);
    free(frames);
    frames = NULL;
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Against the model
 */

static void check_page(uint64_t i)
{
    paddr_t physical = 0;
    unsigned flags = 0;
    uint64_t offset = i * 37 % PAGE_SIZE;
    uint64_t size = paging_lookup(&table, BASE + i * PAGE_SIZE + offset, &physical, &flags);
    if (!model[i].mapped) {
        assert_int_equal(size, 0);
        return;
    }
    assert_true(size == PAGE_SIZE || size == MIB(2) || size == GIB(1));
    assert_int_equal(physical, model[i].physical + offset);
    assert_int_equal(flags, model[i].flags);
}

static void check_all(void)
{
    for (uint64_t i = 0; i < PAGES; i++)
        check_page(i);
}

static bool any_mapped(uint64_t first, uint64_t count)
{
    for (uint64_t i = first; i < first + count; i++)
        if (model[i].mapped)
            return true;
    return false;
}

/* A range of pages, often one that large pages fit. */
static void choose(struct random *random, uint64_t *first, uint64_t *count)
{
    static const uint64_t units[] = {1, 1, 512, 512, 262144};
    uint64_t unit = units[random_below(random, ARRAY_LENGTH(units))];
    *first = unit == 262144 ? BEFORE / PAGE_SIZE : random_below(random, PAGES / unit) * unit;
    *count = unit * (1 + random_below(random, unit == 512 ? 20 : 3));
    if (random_below(random, 3) == 0)
        *count += random_below(random, 600);
    if (*count > PAGES - *first)
        *count = PAGES - *first;
}

static unsigned choose_flags(struct random *random)
{
    static const unsigned flags[] = {
        0, MAP_WRITE, MAP_EXECUTE, MAP_WRITE | MAP_UNCACHED, MAP_WRITE | MAP_COMBINING, MAP_USER, MAP_USER | MAP_WRITE};
    return flags[random_below(random, ARRAY_LENGTH(flags))];
}

static void try_map(struct random *random, uint64_t first, uint64_t count)
{
    static const uint64_t aligns[] = {PAGE_SIZE, MIB(2), GIB(1)};
    paddr_t physical = random_below(random, 1000) * aligns[random_below(random, 3)];
    if (random_below(random, 4))
        physical += first * PAGE_SIZE % MIB(2); /* so that large pages fit where they do in virtual addresses */
    unsigned flags = choose_flags(random);
    unsigned small = random_below(random, 5) ? 0 : MAP_SMALL_PAGES;
    int error = paging_map(&table, BASE + first * PAGE_SIZE, physical, count * PAGE_SIZE, flags | small);
    if (error == -ENOMEM && frames_left == 0)
        return;
    assert_int_equal(error, any_mapped(first, count) ? -EEXIST : 0);
    for (uint64_t i = 0; !error && i < count; i++) {
        model[first + i].mapped = true;
        model[first + i].physical = physical + i * PAGE_SIZE;
        model[first + i].flags = (uint8_t)flags;
    }
}

static void try_unmap(uint64_t first, uint64_t count)
{
    int error = paging_unmap(&table, BASE + first * PAGE_SIZE, count * PAGE_SIZE);
    if (error == -ENOMEM && frames_left == 0)
        return;
    assert_int_equal(error, 0);
    for (uint64_t i = 0; i < count; i++)
        model[first + i].mapped = false;
}

static void try_protect(struct random *random, uint64_t first, uint64_t count)
{
    unsigned flags = choose_flags(random);
    int error = paging_protect(&table, BASE + first * PAGE_SIZE, count * PAGE_SIZE, flags);
    if (error == -ENOMEM && frames_left == 0)
        return;
    assert_int_equal(error, 0);
    for (uint64_t i = 0; i < count; i++)
        model[first + i].flags = (uint8_t)flags;
}

static void random_work(uint64_t seed, bool gigabyte_pages)
{
    struct random random = {seed};
    uint64_t first, count;
    cpu_feature_bits = 1ull << CPU_PAT | (uint64_t)gigabyte_pages << CPU_GIB_PAGES;
    for (unsigned i = 0; i < 400; i++) {
        frames_left = random_below(&random, 4) ? 1000000 : (unsigned)random_below(&random, 3);
        choose(&random, &first, &count);
        switch (random_below(&random, 5)) {
        case 0:
        case 1: try_map(&random, first, count); break;
        case 2: try_protect(&random, first, count); break;
        default: try_unmap(first, count); break;
        }
        if (i % 16 == 0)
            check_all();
        for (unsigned n = 0; n < 300; n++)
            check_page(random_below(&random, PAGES));
    }
    check_all();
}

static void test_random(void **state)
{
    random_work(1, false);
}

static void test_random_with_gigabyte_pages(void **state)
{
    random_work(2, true);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Entries as the processor reads them
 */

static void test_sizes(void **state)
{
    cpu_feature_bits = 1ull << CPU_GIB_PAGES;
    assert_int_equal(paging_map(&table, WINDOW, GIB(4), GIB(1), MAP_WRITE), 0);
    assert_int_equal(paging_lookup(&table, WINDOW, NULL, NULL), GIB(1));
    assert_int_equal(paging_protect(&table, WINDOW + MIB(4) + PAGE_SIZE, PAGE_SIZE, 0), 0);
    assert_int_equal(paging_lookup(&table, WINDOW + MIB(4), NULL, NULL), PAGE_SIZE);
    assert_int_equal(paging_lookup(&table, WINDOW + MIB(6), NULL, NULL), MIB(2));
    assert_int_equal(paging_unmap(&table, WINDOW, GIB(1)), 0);
    assert_int_equal(paging_lookup(&table, WINDOW, NULL, NULL), 0);

    cpu_feature_bits = 0;
    assert_int_equal(paging_map(&table, WINDOW + GIB(1), GIB(4), GIB(1), MAP_WRITE), 0);
    assert_int_equal(paging_lookup(&table, WINDOW + GIB(1), NULL, NULL), MIB(2));
    assert_int_equal(paging_map(&table, WINDOW + GIB(2), MIB(2), MIB(2), MAP_SMALL_PAGES), 0);
    assert_int_equal(paging_lookup(&table, WINDOW + GIB(2), NULL, NULL), PAGE_SIZE);
}

static void test_misuse(void **state)
{
    assert_int_equal(paging_map(&table, WINDOW, 0, PAGE_SIZE, MAP_WRITE | MAP_EXECUTE), -EINVAL);
    assert_int_equal(paging_map(&table, WINDOW + 1, 0, PAGE_SIZE, 0), -EINVAL);
    assert_int_equal(paging_map(&table, WINDOW, 1, PAGE_SIZE, 0), -EINVAL);
    assert_int_equal(paging_map(&table, WINDOW, 0, 1, 0), -EINVAL);
    assert_int_equal(paging_unmap(&table, WINDOW, 1), -EINVAL);
    assert_int_equal(paging_protect(&table, WINDOW, PAGE_SIZE, MAP_WRITE | MAP_EXECUTE), -EINVAL);
    assert_int_equal(paging_lookup(&table, WINDOW, NULL, NULL), 0);
}

/* The leaf entry for ADDRESS in tables of 4 KiB pages. */
static uint64_t entry_of(vaddr_t address, unsigned to_level)
{
    uint64_t *entries = (uint64_t *)table.root;
    for (unsigned level = 3;; level--) {
        uint64_t entry = entries[address >> (12 + 9 * level) & 511];
        if (level == to_level)
            return entry;
        entries = (uint64_t *)(entry & 0x000ffffffffff000ull);
    }
}

/* Intel SDM volume 3A, tables 4-17 to 4-20, by number. */
static void test_bits(void **state)
{
    cpu_feature_bits = 1ull << CPU_PAT;
    assert_int_equal(paging_map(&table, WINDOW, 0x5000, PAGE_SIZE, MAP_WRITE | MAP_COMBINING), 0);
    assert_int_equal(entry_of(WINDOW, 0), 0x8000000000005000 | 0x1eb); /* NX G PAT D A PWT W P */
    assert_int_equal(paging_map(&table, WINDOW + MIB(2), MIB(2), MIB(2), MAP_COMBINING), 0);
    assert_int_equal(entry_of(WINDOW + MIB(2), 1), 0x8000000000200000 | 0x11e9); /* NX PAT G PS D A PWT P */
    assert_int_equal(paging_map(&table, WINDOW + MIB(4), MIB(4), PAGE_SIZE, MAP_EXECUTE), 0);
    assert_int_equal(entry_of(WINDOW + MIB(4), 0), 0x400000 | 0x161); /* G D A P */
    assert_int_equal(paging_map(&table, WINDOW + MIB(6), MIB(6), PAGE_SIZE, MAP_UNCACHED), 0);
    assert_int_equal(entry_of(WINDOW + MIB(6), 0), 0x8000000000600000 | 0x179); /* NX G D A PCD PWT P */
    assert_int_equal(paging_map(&table, 0x7000, 0x7000, PAGE_SIZE, MAP_USER | MAP_WRITE), 0);
    assert_int_equal(entry_of(0x7000, 0), 0x8000000000007000 | 7); /* NX U W P */
    assert_int_equal(entry_of(0x7000, 1) & 7, 7);
    assert_int_equal(entry_of(WINDOW, 1) & 7, 3);
    /* A large page that is write-combining stays so when it is split: the bit moves. */
    assert_int_equal(paging_unmap(&table, WINDOW + MIB(2), PAGE_SIZE), 0);
    assert_int_equal(entry_of(WINDOW + MIB(2) + PAGE_SIZE, 0), 0x8000000000201000 | 0x1e9);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
UNIT_MAIN(
    TEST(test_random), TEST(test_random_with_gigabyte_pages), TEST(test_sizes), TEST(test_misuse), TEST(test_bits))
