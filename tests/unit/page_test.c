/*
 * Page frames (kernel/mm/page*.c): on memory maps of real and of impossible machines, against a model that knows the
 * owner of every frame, to the last frame, and by several CPUs at once.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/io.h"
#include "arch/x86_64/percpu.h"
#include "mm/page_internal.h"
#include "tests/unit/boot/random.h"
#include "tests/unit/mm/machine.h"

#include <pthread.h>
#include <string.h>

#define USABLE BOOT_MEMORY_USABLE
#define RESERVED BOOT_MEMORY_RESERVED
#define BOOT BOOT_MEMORY_BOOT
#define KERNEL BOOT_MEMORY_KERNEL
#define MODULE BOOT_MEMORY_MODULE

/* The model: what is allocated. */
struct block {
    struct page *page;
    unsigned order;
    uint64_t mark;
};

#define BLOCKS_MAX 70000
static struct block blocks[BLOCKS_MAX];
static unsigned block_count;
static uint64_t frames_held;

static const struct machine_range *map;
static unsigned map_count;

/* What a machine leaves behind, for the next. */
static void reset(void)
{
    memset(page_zones, 0, sizeof page_zones);
    memset(percpu_page_cache, 0, sizeof percpu_page_cache);
    page_total = 0;
    page_boot_range_count = 0;
    block_count = 0;
    frames_held = 0;
}

static void start(const struct machine_range *ranges, unsigned count)
{
    map = ranges;
    map_count = count;
    reset();
    machine_start_pages(machine_create(ranges, count));
    page_check();
}

#define START(...)                                                                                                     \
    static const struct machine_range ranges[] = {__VA_ARGS__};                                                        \
    start(ranges, ARRAY_LENGTH(ranges))

static bool is_ours(uint64_t frame)
{
    for (unsigned i = 0; i < map_count; i++)
        if (map[i].type == USABLE && frame >= map[i].base >> PAGE_SHIFT && frame < map[i].end >> PAGE_SHIFT)
            return frame >= MIB(1) >> PAGE_SHIFT && !machine_is_taken(frame);
    return false;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Allocating, against the model
 */

/* Every frame of a block begins with the same mark, so a frame of two blocks has the wrong one for one. */
static bool hold(unsigned order, unsigned flags, uint64_t mark)
{
    struct page *page = page_allocate(order, flags);
    if (!page)
        return false;
    uint64_t first = page_number(page);
    assert_in_range(block_count, 0, BLOCKS_MAX - 1);
    assert_true(is_aligned(first, 1ull << order));
    assert_int_equal(page->references, 1);
    assert_int_equal(page->state, PAGE_USED);
    if (flags & ALLOC_LOW)
        assert_true(page_address(page) < GIB(4));
    for (uint64_t i = 0; i < 1ull << order; i++) {
        if (!is_ours(first + i))
            fail_msg("frame %#llx is not ours", (unsigned long long)(first + i));
        uint64_t *word = page_memory(page + i);
        if (flags & ALLOC_ZERO)
            assert_true(word[0] == 0 && word[511] == 0);
        *word = mark + i;
    }
    blocks[block_count++] = (struct block){page, order, mark};
    frames_held += 1ull << order;
    return true;
}

static void let_go(unsigned index)
{
    struct block block = blocks[index];
    for (uint64_t i = 0; i < 1ull << block.order; i++)
        assert_int_equal(*(uint64_t *)page_memory(block.page + i), block.mark + i);
    page_free(block.page, block.order);
    frames_held -= 1ull << block.order;
    blocks[index] = blocks[--block_count];
}

static void let_all_go(void)
{
    while (block_count > 0)
        let_go(block_count - 1);
    assert_int_equal(page_free_count(), page_total_count());
    page_cache_drain();
    page_check();
    assert_int_equal(page_free_count(), page_total_count());
}

/* Takes everything, in blocks of at most that order. */
static void exhaust(unsigned order, unsigned flags)
{
    for (int o = (int)order; o >= 0; o--)
        while (hold((unsigned)o, flags, 0x1111111100000000ull + block_count * 0x10000ull))
            ;
    page_check();
}

static void random_work(uint64_t seed, unsigned operations)
{
    struct random random = {seed};
    for (unsigned i = 0; i < operations; i++) {
        uint64_t dice = random_next(&random);
        cpu_count = 3;
        fake_cpu = dice % 3;
        if (dice >> 8 & 1 || block_count == 0)
            hold(dice >> 16 & 3 ? 0 : (dice >> 20) % (PAGE_ORDER_MAX + 1),
                (dice >> 32 & 15 ? 0 : ALLOC_LOW) | (dice >> 36 & 15 ? 0 : ALLOC_ZERO), dice & ~0xffffull);
        else
            let_go((unsigned)((dice >> 16) % block_count));
        assert_int_equal(page_free_count() + frames_held, page_total_count());
        if (i % 512 == 0)
            page_check();
    }
    let_all_go();
    fake_cpu = 0;
    cpu_count = 1;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Machines
 */

static void test_small_pc(void **state)
{
    START({0x1000, 0x9f000, USABLE}, {0x9f000, 0xa0000, RESERVED}, {0xf0000, 0x100000, RESERVED},
        {0x100000, 0x131000, USABLE}, {0x131000, 0x19e000, KERNEL}, {0x19e000, 0x1c8000, BOOT},
        {0x1c8000, 0xfe0000, USABLE}, {0xfe0000, 0x1000000, RESERVED});
    assert_true(page_total_count() * PAGE_SIZE > MIB(13));
    exhaust(PAGE_ORDER_MAX, 0);
    let_all_go();
    exhaust(0, 0);
    let_all_go();
    random_work(1, 20000);
    random_work(2, 20000);
}

static void test_pc_with_6_gib(void **state)
{
    START({0x1000, 0x9f000, USABLE}, {0x100000, 0xbffe0000, USABLE}, {0xbffe0000, 0xc0000000, RESERVED},
        {0xfffc0000, 0x100000000, RESERVED}, {0x100000000, 0x1c0000000, USABLE});
    assert_true(page_total_count() * PAGE_SIZE > GIB(6) - GIB(6) / 32);
    assert_true(hold(PAGE_ORDER_MAX, 0, 1));
    assert_true(page_address(blocks[0].page) >= GIB(4));
    assert_true(hold(0, ALLOC_LOW, 2));
    assert_true(hold(3, ALLOC_LOW, 3));
    random_work(3, 2000);
}

/* Everything above 4 GiB, but what the loader needs. */
static void test_little_below_4_gib(void **state)
{
    START({0x100000, 0x500000, USABLE}, {0x500000, 0x600000, KERNEL}, {0x100000000, 0x140000000, USABLE});
    assert_true(page_total_count() * PAGE_SIZE > GIB(1) - MIB(18));
    random_work(4, 2000);
    assert_true(hold(0, ALLOC_LOW, 1));
    let_all_go();
}

/* A board with a bank at 1 TiB: the array has an island there. */
static void test_bank_at_1_tib(void **state)
{
    START({0x100000, 0x4000000, USABLE}, {0x10000000000, 0x10000400000 + 0x5000, USABLE},
        {0x10000800000 + 0x3000, 0x10000900000, USABLE});
    assert_true(page_total_count() * PAGE_SIZE > MIB(64) + MIB(4) - MIB(3));
    exhaust(PAGE_ORDER_MAX, 0);
    let_all_go();
    random_work(5, 5000);
}

/* One range that reaches over 4 GiB. */
static void test_range_across_4_gib(void **state)
{
    START({0x100000, 0x2000000, USABLE}, {0xffe00000 - 0x3000, 0x100a00000, USABLE});
    exhaust(PAGE_ORDER_MAX, 0);
    let_all_go();
    random_work(6, 5000);
}

/* Ranges that no large block fits in, and pieces that are worth nothing. */
static void test_confetti(void **state)
{
    static struct machine_range ranges[700];
    unsigned count = 0;
    ranges[count++] = (struct machine_range){0x100000, 0x1900000, USABLE};
    for (unsigned i = 0; i < 600; i++) {
        uint64_t base = 0x2000000 + i * 0x180000ull, size = 0x1000 + (i * 0x7000) % 0x170000;
        ranges[count++] = (struct machine_range){base, base + size, i % 7 ? USABLE : RESERVED};
    }
    start(ranges, count);
    exhaust(PAGE_ORDER_MAX, 0);
    let_all_go();
    random_work(7, 5000);
}

/* Neighbours of all types within one of the largest blocks. */
static void test_many_in_one_block(void **state)
{
    static struct machine_range ranges[300];
    unsigned count = 0;
    ranges[count++] = (struct machine_range){0x100000, 0x1000000, USABLE};
    for (unsigned i = 0; i < 256; i++)
        ranges[count++] = (struct machine_range){0x1000000 + i * 0x4000ull, 0x1000000 + i * 0x4000ull + 0x4000,
            i % 2   ? USABLE
            : i % 3 ? KERNEL
                    : RESERVED};
    ranges[count++] = (struct machine_range){0x1400000, 0x1800000, USABLE};
    start(ranges, count);
    exhaust(PAGE_ORDER_MAX, 0);
    let_all_go();
    random_work(8, 5000);
}

static void refuses(const struct machine_range *ranges, unsigned count, const char *sentence)
{
    reset();
    const struct boot_info *info = machine_create(ranges, count);
    if (machine_expects_panic())
        machine_start_pages(info);
    assert_true(machine_panicked(sentence));
}

static void test_hopeless_machines(void **state)
{
    static const struct machine_range small[] = {{0x1000, 0x9f000, USABLE}, {0x100000, 0xc00000, USABLE}};
    static const struct machine_range high[] = {{0x1000, 0x9f000, USABLE}, {0x100000000, 0x200000000, USABLE}};
    static const struct machine_range reserved[] = {{0x100000, 0x40000000, RESERVED}};
    static const struct machine_range taken[] = {{0x100000, 0x40000000, KERNEL}};
    refuses(NULL, 0, "give it at least 16 MiB");
    refuses(small, ARRAY_LENGTH(small), "the machine has 11896 KiB of memory; give it at least 16 MiB");
    refuses(reserved, ARRAY_LENGTH(reserved), "give it at least 16 MiB");
    refuses(high, ARRAY_LENGTH(high), "no usable memory below 4 GiB");
    refuses(taken, ARRAY_LENGTH(taken), "no usable memory below 4 GiB");
}

/* ------------------------------------------------------------------------------------------------------------------
 * Rules
 */

static void start_64_mib(void)
{
    START({0x100000, 0x1800000, USABLE}, {0x1800000, 0x1a3d000, BOOT}, {0x1a3d000, 0x1e00000, MODULE},
        {0x1e00000, 0x4000000, USABLE});
}

/* The last frames are for those who are in need. */
static void test_reserve(void **state)
{
    start_64_mib();
    exhaust(0, 0);
    uint64_t left = page_free_count();
    assert_in_range(left, 16, page_total_count() / 64);
    assert_null(page_allocate(0, 0));
    assert_null(page_allocate(0, ALLOC_LOW));
    exhaust(0, ALLOC_URGENT);
    assert_int_equal(page_free_count(), 0);
    assert_null(page_allocate(0, ALLOC_URGENT));
    assert_null(page_allocate(PAGE_ORDER_MAX + 1, ALLOC_URGENT));
    let_all_go();
}

static unsigned asked;
static struct page *hoard[8];
static void shrink(void)
{
    asked++;
    for (unsigned i = 0; i < ARRAY_LENGTH(hoard); i++) {
        if (hoard[i])
            page_free(hoard[i], 0);
        hoard[i] = NULL;
    }
}

/* Who keeps memory gives it back before an allocation fails. */
static void test_shrinkers(void **state)
{
    static struct page_shrinker shrinker = {.shrink = shrink};
    start_64_mib();
    page_add_shrinker(&shrinker);
    for (unsigned i = 0; i < ARRAY_LENGTH(hoard); i++)
        hoard[i] = page_allocate(0, 0);
    asked = 0;
    exhaust(PAGE_ORDER_MAX, 0);
    assert_true(asked > 0);
    assert_null(hoard[0]);
    let_all_go();
}

/* What other CPUs have in their caches counts, and is found. */
static void test_caches_of_other_cpus(void **state)
{
    start_64_mib();
    cpu_count = 2;
    fake_cpu = 1;
    struct page *page = page_allocate(0, 0);
    page_free(page, 0);
    fake_cpu = 0;
    assert_int_equal(page_free_count(), page_total_count());
    exhaust(0, ALLOC_URGENT);
    assert_int_equal(page_free_count(), 0);
    let_all_go();
    cpu_count = 1;
}

static void test_references(void **state)
{
    start_64_mib();
    struct page *page = page_allocate(2, 0);
    page_get(page);
    page_put(page);
    assert_int_equal(page_free_count(), page_total_count() - 4);
    page_put(page);
    assert_int_equal(page_free_count(), page_total_count());
}

static void test_release(void **state)
{
    start_64_mib();
    uint64_t before = page_total_count();
    page_release_boot();
    assert_int_equal(page_total_count(), before + 0x23d);
    page_release_boot();
    assert_int_equal(page_total_count(), before + 0x23d);
    page_check();
    page_release(0x1a3d000 + 5, 0x1e00000 - 0x1a3d000 - 5);
    assert_int_equal(page_total_count(), before + 0x600 - 1);
    page_check();
    assert_int_equal(page_free_count(), page_total_count());
}

static void test_misuse(void **state)
{
    start_64_mib();
    struct page *page = page_allocate(0, 0), *block = page_allocate(3, 0);
    if (machine_expects_panic())
        page_free(block, 2);
    assert_true(machine_panicked("is freed as a block of order 2, but it is allocated, of order 3"));
    page_free(block, 3);
    if (machine_expects_panic())
        page_free(block, 3);
    assert_true(machine_panicked("is freed as a block of order 3, but it is free"));
    page_free(page, 0);
    if (machine_expects_panic())
        page_free(page, 0);
    assert_true(machine_panicked("but it is free (in a cache)"));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Several CPUs
 */

#define THREADS 4

static void *play_cpu(void *argument)
{
    struct page *mine[100] = {0};
    struct random random = {(uintptr_t)argument + 77};
    fake_cpu = (unsigned)(uintptr_t)argument;
    for (unsigned i = 0; i < 20000; i++) {
        struct page **place = &mine[random_below(&random, ARRAY_LENGTH(mine))];
        if (*place) {
            assert_int_equal(*(uint64_t *)page_memory(*place), (uintptr_t)place);
            page_free(*place, (*place)->order);
            *place = NULL;
        } else if ((*place = page_allocate(i % 8 ? 0 : i % 5, 0)) != NULL) {
            *(uint64_t *)page_memory(*place) = (uintptr_t)place;
        }
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(mine); i++)
        if (mine[i])
            page_free(mine[i], mine[i]->order);
    page_cache_drain();
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[THREADS];
    start_64_mib();
    machine_has_threads = true;
    cpu_count = THREADS;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, play_cpu, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    machine_has_threads = false;
    page_check();
    assert_int_equal(page_free_count(), page_total_count());
    cpu_count = 1;
}

UNIT_MAIN(cmocka_unit_test(test_small_pc), cmocka_unit_test(test_pc_with_6_gib),
    cmocka_unit_test(test_little_below_4_gib), cmocka_unit_test(test_bank_at_1_tib),
    cmocka_unit_test(test_range_across_4_gib), cmocka_unit_test(test_confetti),
    cmocka_unit_test(test_many_in_one_block), cmocka_unit_test(test_hopeless_machines), cmocka_unit_test(test_reserve),
    cmocka_unit_test(test_shrinkers), cmocka_unit_test(test_caches_of_other_cpus), cmocka_unit_test(test_references),
    cmocka_unit_test(test_release), cmocka_unit_test(test_misuse), cmocka_unit_test(test_threads))
