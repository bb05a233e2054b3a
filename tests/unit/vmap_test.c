/*
 * Virtual areas (kernel/mm/vmap.c): random making and freeing against a list of what there is, with page tables that
 * only remember; guard pages, the dead that wait for a flush, and memory that runs out at every place.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/cpu.h"
#include "debug/fault_injection.h"
#include "mm/page_internal.h"
#include "mm/slab_internal.h"
#include "mm/vmap.h"
#include "tests/unit/boot/random.h"
#include "tests/unit/mm/machine.h"

#include <string.h>

#define AREAS 200

static uint64_t frames_at_start;
static unsigned flushes;

void tlb_flush_kernel(vaddr_t address, uint64_t size)
{
    assert_true(address > VMAP_BASE && address + size < VMAP_BASE + VMAP_SIZE);
    flushes++;
}

unsigned cpu_physical_bits(void)
{
    return 40;
}

static int start(void **state)
{
    static const struct machine_range map[] = {{0x100000, 0x4000000, BOOT_MEMORY_USABLE}};
    static bool started;
    if (started)
        return 0;
    started = true;
    machine_start_pages(machine_create(map, 1));
    slab_init();
    vmap_init();
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------ */

struct area {
    void *pointer;
    vaddr_t base;
    uint64_t size; /* whole pages */
};
static struct area areas[AREAS];

static void check_area(unsigned index)
{
    struct vmap_area_info info;
    const struct area *area = &areas[index];
    if (!area->pointer)
        return;
    assert_true(area->base > VMAP_BASE && area->base + area->size < VMAP_BASE + VMAP_SIZE);
    assert_true(vmap_find(area->base, &info));
    assert_true(info.base == area->base && info.size == area->size && !info.guard);
    assert_true(vmap_find(area->base + area->size - 1, &info) && info.base == area->base);
    assert_true(vmap_find(area->base - 1, &info) && info.guard);
    assert_true(vmap_find(area->base + area->size, &info) && info.guard);
    for (unsigned i = 0; i < AREAS; i++)
        if (i != index && areas[i].pointer)
            assert_true(areas[i].base + areas[i].size + PAGE_SIZE <= area->base ||
                        area->base + area->size + PAGE_SIZE <= areas[i].base);
}

static void make_area(struct random *random, struct area *area)
{
    uint64_t size = 1 + random_below(random, 1 << random_below(random, 17));
    if (random_below(random, 4)) {
        area->pointer = vmap_allocate(size, 0);
        assert_non_null(area->pointer);
        area->base = (vaddr_t)area->pointer;
        area->size = align_up(size, PAGE_SIZE);
        assert_true(is_aligned(area->base, PAGE_SIZE));
        return;
    }
    paddr_t physical = random_below(random, 1ull << 39);
    size <<= random_below(random, 12);
    area->pointer = vmap_physical(physical, size, MAP_UNCACHED);
    assert_non_null(area->pointer);
    uint64_t offset = (uintptr_t)area->pointer % PAGE_SIZE;
    assert_int_equal(offset, physical % PAGE_SIZE);
    area->base = (vaddr_t)area->pointer - offset;
    area->size = align_up(offset + size, PAGE_SIZE);
    if (area->size >= PAGE_SIZE_2M)
        assert_int_equal(area->base % PAGE_SIZE_2M, (physical - offset) % PAGE_SIZE_2M);
}

static void test_against_model(void **state)
{
    struct random random = {99};
    for (unsigned i = 0; i < 6000; i++) {
        unsigned index = (unsigned)random_below(&random, AREAS);
        if (areas[index].pointer) {
            vmap_free(areas[index].pointer);
            areas[index].pointer = NULL;
        } else {
            make_area(&random, &areas[index]);
        }
        if (i % 64 == 0) {
            vmap_check();
            for (unsigned a = 0; a < AREAS; a++)
                check_area(a);
        }
    }
    uint64_t count = 0;
    for (unsigned i = 0; i < AREAS; i++)
        count += areas[i].pointer != NULL;
    assert_int_equal(vmap_area_count(), count);
    for (unsigned i = 0; i < AREAS; i++) {
        vmap_free(areas[i].pointer);
        areas[i].pointer = NULL;
    }
    assert_int_equal(vmap_area_count(), 0);
    vmap_reclaim();
    vmap_check();
}

static void test_find_near_the_ends(void **state)
{
    struct vmap_area_info info;
    assert_false(vmap_find(VMAP_BASE, &info));
    assert_false(vmap_find(0, &info));
    uint8_t *area = vmap_allocate(1, 0);
    assert_true(vmap_find((vaddr_t)area - PAGE_SIZE, &info) && info.guard);
    assert_false(vmap_find((vaddr_t)area - PAGE_SIZE - 1, &info));
    assert_true(vmap_find((vaddr_t)area + 2 * PAGE_SIZE - 1, &info) && info.guard);
    assert_false(vmap_find((vaddr_t)area + 2 * PAGE_SIZE, &info));
    vmap_free(area);
    assert_false(vmap_find((vaddr_t)area, &info));
}

/* Many areas are forgotten with one flush. */
static void test_flushes_are_rare(void **state)
{
    vmap_reclaim();
    flushes = 0;
    for (unsigned i = 0; i < 1000; i++)
        vmap_free(vmap_allocate(4 * PAGE_SIZE, 0));
    assert_in_range(flushes, 1, 10);
}

/* With interrupts off, no CPU can be asked; what is freed waits. */
static void test_nothing_is_flushed_with_interrupts_off(void **state)
{
    vmap_reclaim();
    cpu_count = 2;
    flushes = 0;
    for (unsigned i = 0; i < 500; i++)
        vmap_free(vmap_allocate(4 * PAGE_SIZE, 0));
    assert_int_equal(flushes, 0);
    cpu_count = 1;
    vmap_reclaim();
    assert_int_equal(flushes, 1);
}

static void test_refused(void **state)
{
    assert_null(vmap_allocate(0, 0));
    assert_null(vmap_allocate(SIZE_MAX, 0));
    assert_null(vmap_allocate(VMAP_SIZE, 0));
    assert_null(vmap_allocate(MIB(100), 0));
    assert_null(vmap_physical(0x1000, 0, 0));
    assert_null(vmap_physical(1ull << 40, 1, 0));
    assert_null(vmap_physical((1ull << 40) - 1, 2, 0));
    assert_null(vmap_physical(UINT64_MAX, 1, 0));
    assert_null(vmap_physical(UINT64_MAX, 2, 0));
    vmap_free(NULL);
    if (machine_expects_panic())
        vmap_free((void *)(VMAP_BASE + MIB(1)));
    assert_true(machine_panicked("where no virtual area begins"));
    vmap_check();
}

static uint64_t frames_free(void)
{
    vmap_reclaim();
    slab_reclaim();
    page_cache_drain();
    return page_free_count();
}

static void test_every_failure(void **state)
{
    unsigned refused = 0;
    frames_at_start = frames_free();
    for (uint64_t n = 1; n < 1000; n++) {
        fault_injection_arm(n);
        void *area = vmap_allocate(20 * PAGE_SIZE, 0), *registers = vmap_physical(0x1000, 1, 0);
        bool failed = fault_injection_disarm() >= n;
        refused += !area || !registers; /* without magazines it goes on */
        vmap_free(area);
        vmap_free(registers);
        vmap_check();
        assert_int_equal(frames_free(), frames_at_start);
        assert_int_equal(vmap_area_count(), 0);
        if (!failed) {
            assert_true(area && registers);
            assert_in_range(refused, 22, n);
            return;
        }
    }
    fail_msg("it asks for ever");
}

#define TEST(name) cmocka_unit_test_setup(name, start)
UNIT_MAIN(TEST(test_against_model), TEST(test_find_near_the_ends), TEST(test_flushes_are_rare),
    TEST(test_nothing_is_flushed_with_interrupts_off), TEST(test_refused), TEST(test_every_failure))
