/*
 * The builder of page tables (boot/loader/paging.c), checked by a walker that reads them like a processor
 * (tests/unit/boot/page_walk.h): what was asked for is mapped, with the largest pages that fit, and nothing else.
 */
#include "tests/unit/unit.h"

#include "boot/loader/error.h"
#include "boot/loader/paging.h"
#include "tests/unit/boot/page_walk.h"
#include "tests/unit/boot/random.h"

#include <stdio.h>
#include <string.h>

#define ARENA_PAGES 4096
#define ARENA_PHYSICAL 0x7ff000ull /* where the arena seems to be */
#define LAST_2M (-(uint64_t)MIB(2))

static _Alignas(4096) uint8_t arena[ARENA_PAGES][PAGE_SIZE];
static uint32_t arena_used, arena_limit;
static struct page_tables tables;

static paddr_t take_page(struct page_tables *t)
{
    assert_ptr_equal(t, &tables);
    if (arena_used == arena_limit) {
        loader_error("No page is left.");
        return 0;
    }
    memset(arena[arena_used], 0, PAGE_SIZE);
    return ARENA_PHYSICAL + PAGE_SIZE * arena_used++;
}

static void start(bool gigabyte_pages)
{
    arena_used = 0;
    arena_limit = ARENA_PAGES;
    memset(arena, 0x5a, 64 * PAGE_SIZE);
    tables = (struct page_tables){
        .page = take_page,
        .gigabyte_pages = gigabyte_pages,
        .window = (uintptr_t)arena - ARENA_PHYSICAL,
    };
    assert_int_equal(page_tables_init(&tables), 0);
}

struct range {
    uint64_t address, physical, size;
    unsigned access;
    enum page_cache cache;
};

static int map(const struct range *range)
{
    return page_tables_map(&tables, range->address, range->physical, range->size, range->access, range->cache);
}

/* What the walker met, and what is expected next: RANGES in the order of their addresses. */
struct check {
    const struct range *ranges;
    size_t count, current;
    uint64_t done; /* bytes of the current range */
};

static void check_leaf(const struct page_leaf *leaf, void *context)
{
    struct check *check = context;
    assert_in_range(check->current, 0, check->count - 1);
    const struct range *range = &check->ranges[check->current];
    uint64_t address = range->address + check->done, physical = range->physical + check->done;
    uint64_t left = range->size - check->done, size = PAGE_SIZE;
    for (uint64_t larger = MIB(2); larger <= (tables.gigabyte_pages ? GIB(1) : MIB(2)); larger *= 512) {
        if (address % larger == 0 && physical % larger == 0 && left >= larger)
            size = larger;
    }
    enum page_memory memory = range->cache == PAGE_CACHE_WRITE_BACK ? PAGE_MEMORY_WB
                              : range->cache == PAGE_CACHE_UNCACHED ? PAGE_MEMORY_UC
                                                                    : PAGE_MEMORY_WC;
    assert_int_equal(leaf->address, address);
    assert_int_equal(leaf->physical, physical);
    assert_int_equal(leaf->size, size);
    assert_int_equal(leaf->writable, !!(range->access & PAGE_WRITABLE));
    assert_int_equal(leaf->executable, !!(range->access & PAGE_EXECUTABLE));
    assert_int_equal(leaf->memory, memory);
    check->done += size;
    if (check->done == range->size) {
        check->done = 0;
        check->current++;
    }
}

/* Is exactly this mapped? */
static void assert_mapped(const struct range *ranges, size_t count)
{
    struct check check = {ranges, count, 0, 0};
    struct page_walk walk = {.window = tables.window,
        .root = tables.root,
        .low = ARENA_PHYSICAL,
        .high = ARENA_PHYSICAL + (uint64_t)PAGE_SIZE * arena_used};
    page_walk_all(&walk, check_leaf, &check);
    if (walk.problem)
        fail_msg("%s", walk.problem);
    assert_int_equal(check.current, count);
    assert_int_equal(check.done, 0);
}

static void map_and_check(const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (map(&ranges[i]) < 0)
            fail_msg("%#llx: %s", (unsigned long long)ranges[i].address, loader_error_text());
    }
    assert_mapped(ranges, count);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void test_empty(void **state)
{
    start(true);
    assert_int_equal(arena_used, 1);
    struct range nothing = {.address = MIB(2), .size = 0};
    map_and_check(&nothing, 0);
    assert_int_equal(map(&nothing), 0);
    assert_int_equal(arena_used, 1);
}

static void test_access_and_cache(void **state)
{
    for (int gigabyte_pages = 0; gigabyte_pages < 2; gigabyte_pages++) {
        for (unsigned access = 0; access < 4; access++) {
            for (enum page_cache cache = PAGE_CACHE_WRITE_BACK; cache <= PAGE_CACHE_WRITE_COMBINING; cache++) {
                struct range ranges[] = {{0x1000, 0xabc000, 0x1000, access, cache},
                    {MIB(4), MIB(6), MIB(2), access, cache}, {GIB(3), GIB(5), GIB(2), access, cache}};
                start(gigabyte_pages);
                map_and_check(ranges, 3);
            }
        }
    }
}

/* A processor without a PAT has the bit reserved: entry 1, write-through, in a small page and in a large one. */
static void test_no_pat(void **state)
{
    start(false);
    tables.no_pat = true;
    const struct range range = {0xffff8000001ff000, 0xe01ff000, PAGE_SIZE + MIB(2), 0, PAGE_CACHE_WRITE_COMBINING};
    assert_int_equal(map(&range), 0);
    const uint64_t *pml4 = (const uint64_t *)(tables.window + tables.root);
    const uint64_t *pdpt = (const uint64_t *)(tables.window + (pml4[256] & PTE_ADDRESS));
    const uint64_t *pd = (const uint64_t *)(tables.window + (pdpt[0] & PTE_ADDRESS));
    const uint64_t *pt = (const uint64_t *)(tables.window + (pd[0] & PTE_ADDRESS));
    assert_int_equal(pt[511], 0xe01ff000 | PTE_PRESENT | PTE_PWT | PTE_NX);
    assert_int_equal(pd[1], 0xe0200000 | PTE_PRESENT | PTE_PWT | PTE_LARGE | PTE_NX);
}

static void test_edges_of_the_address_space(void **state)
{
    static const struct range ranges[] = {
        {0, 0, PAGE_SIZE, 0, 0},
        {0x00007ffffffff000, 0x000ffffffffff000, PAGE_SIZE, PAGE_WRITABLE, 0},
        {0xffff800000000000, 0, GIB(1) + PAGE_SIZE, PAGE_WRITABLE, 0},
        {LAST_2M, MIB(2), MIB(2), PAGE_EXECUTABLE, 0},
    };
    start(false);
    map_and_check(ranges, 4);
    start(true);
    map_and_check(ranges, 4);
}

/* Sizes and offsets around the sizes of pages; address and physical address aligned alike, or not. */
static void test_largest_pages(void **state)
{
    static const uint64_t starts[] = {0, PAGE_SIZE, MIB(2) - PAGE_SIZE, MIB(2), MIB(2) + PAGE_SIZE, GIB(1) - MIB(2),
        GIB(1) - PAGE_SIZE, GIB(1), GIB(512) - MIB(4)};
    static const uint64_t sizes[] = {PAGE_SIZE, MIB(2) - PAGE_SIZE, MIB(2), MIB(2) + PAGE_SIZE, MIB(6), GIB(1),
        GIB(1) + MIB(2), GIB(2) + PAGE_SIZE, GIB(3)};
    static const uint64_t shifts[] = {0, PAGE_SIZE, MIB(2), MIB(4) + PAGE_SIZE, GIB(1), GIB(600)};
    for (size_t i = 0; i < ARRAY_LENGTH(starts); i++) {
        for (size_t j = 0; j < ARRAY_LENGTH(sizes); j++) {
            for (size_t k = 0; k < ARRAY_LENGTH(shifts); k++) {
                if ((shifts[k] & (MIB(2) - 1)) && sizes[j] > GIB(1))
                    continue; /* millions of small pages */
                struct range range = {
                    0xffff800000000000 + starts[i] + shifts[k], starts[i], sizes[j], PAGE_WRITABLE, 0};
                start((i + j) % 4 > 0);
                map_and_check(&range, 1);
            }
        }
    }
}

/* A direct map of 1 TiB costs a few pages. */
static void test_few_tables(void **state)
{
    struct range range = {0xffff800000000000, 0, GIB(1024), PAGE_WRITABLE, 0};
    start(true);
    map_and_check(&range, 1);
    assert_int_equal(arena_used, 1 + 2);
    range.size = GIB(64);
    start(false);
    map_and_check(&range, 1);
    assert_int_equal(arena_used, 1 + 1 + 64);
}

/* Mapped twice, by pages of every size over pages of every size: refused, whoever comes first. */
static void test_conflicts(void **state)
{
    static const uint64_t sizes[] = {PAGE_SIZE, MIB(2), GIB(1)};
    static const uint64_t base = 0xffffffff80000000;
    for (size_t first = 0; first < 3; first++) {
        for (size_t second = 0; second < 3; second++) {
            uint64_t smaller = sizes[first < second ? first : second], larger = sizes[first < second ? second : first];
            for (uint64_t offset = 0; offset < larger; offset += larger - smaller ? larger - smaller : larger) {
                uint64_t a = base + (sizes[first] < larger ? offset : 0),
                         b = base + (sizes[second] < larger ? offset : 0);
                struct range ranges[] = {{a, 0, sizes[first], 0, 0}, {b, GIB(1), sizes[second], 0, 0}};
                char sentence[128];
                start(true);
                assert_int_equal(map(&ranges[0]), 0);
                assert_int_equal(map(&ranges[1]), -1);
                snprintf(sentence, sizeof sentence,
                    "Two things want the virtual address %#llx; link the kernel elsewhere.", (unsigned long long)b);
                assert_string_equal(loader_error_text(), sentence);
                assert_mapped(ranges, 1);
            }
        }
    }
    /* The last page of a long range is taken. */
    struct range taken = {base + MIB(8) - PAGE_SIZE, 0, PAGE_SIZE, 0, 0},
                 range = {base + 0x5000, 0, MIB(8) - 0x5000, 0, 0};
    start(true);
    assert_int_equal(map(&taken), 0);
    assert_int_equal(map(&range), -1);
    assert_string_equal(
        loader_error_text(), "Two things want the virtual address 0xffffffff807ff000; link the kernel elsewhere.");
}

static void test_out_of_pages(void **state)
{
    struct range range = {0xffff800000001000, 0x1000, MIB(4), 0, 0};
    start(false);
    assert_int_equal(map(&range), 0);
    uint32_t needed = arena_used;
    for (uint32_t limit = 1; limit < needed; limit++) {
        start(false);
        arena_limit = limit;
        assert_int_equal(map(&range), -1);
        assert_string_equal(loader_error_text(), "No page is left.");
    }
    arena_used = arena_limit;
    assert_int_equal(page_tables_init(&tables), -1);
}

/* Neighbours of all kinds, in random order. */
static void test_random(void **state)
{
    static struct range ranges[24];
    struct random random = {9};
    for (int round = 0; round < 200; round++) {
        size_t count = 1 + random_below(&random, ARRAY_LENGTH(ranges));
        uint64_t address = round % 2 ? 0xffffffff80000000 : GIB(3), step;
        for (size_t i = 0; i < count; i++) {
            step = random_below(&random, 3) ? PAGE_SIZE : MIB(2);
            ranges[i] = (struct range){align_up(address, step), step * random_below(&random, 1000),
                step * (1 + random_below(&random, 20)), (unsigned)random_below(&random, 4),
                (enum page_cache)random_below(&random, 3)};
            address = ranges[i].address + ranges[i].size + (random_below(&random, 2) ? 0 : PAGE_SIZE);
        }
        start(round % 3);
        for (size_t i = 0, n = random_below(&random, count); i < count; i++, n = (n + 1) % count)
            assert_int_equal(map(&ranges[n]), 0);
        assert_mapped(ranges, count);
    }
}

/* The walker itself: one address at a time. */
static void test_find(void **state)
{
    struct range range = {0xffff800000200000, MIB(4), MIB(2) + PAGE_SIZE, PAGE_WRITABLE, PAGE_CACHE_UNCACHED};
    struct page_leaf leaf;
    start(false);
    assert_int_equal(map(&range), 0);
    struct page_walk walk = {tables.window, tables.root, ARENA_PHYSICAL, ARENA_PHYSICAL + sizeof arena, NULL};
    assert_true(page_walk_find(&walk, 0xffff8000003fffff, &leaf));
    assert_int_equal(leaf.physical, MIB(4));
    assert_int_equal(leaf.size, MIB(2));
    assert_true(page_walk_find(&walk, 0xffff800000400fff, &leaf));
    assert_int_equal(leaf.physical, MIB(6));
    assert_int_equal(leaf.memory, PAGE_MEMORY_UC);
    assert_false(page_walk_find(&walk, 0xffff800000401000, &leaf));
    assert_false(page_walk_find(&walk, 0xffff8000001fffff, &leaf));
    assert_false(page_walk_find(&walk, 0x0000800000200000, &leaf));
    assert_false(page_walk_find(&walk, 0, &leaf));
    assert_null(walk.problem);
}

UNIT_MAIN(cmocka_unit_test(test_empty), cmocka_unit_test(test_access_and_cache), cmocka_unit_test(test_no_pat),
    cmocka_unit_test(test_edges_of_the_address_space), cmocka_unit_test(test_largest_pages),
    cmocka_unit_test(test_few_tables), cmocka_unit_test(test_conflicts), cmocka_unit_test(test_out_of_pages),
    cmocka_unit_test(test_random), cmocka_unit_test(test_find))
