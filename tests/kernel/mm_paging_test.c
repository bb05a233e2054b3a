/*
 * Page tables in use: large pages and their splitting, permissions that change, other CPUs that must forget what they
 * know, and memory that runs out on the way.
 */
#include "ktest.h"

#include "arch/x86_64/paging.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/trap.h"
#include "lib/errno.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "mm/vmap.h"

/* Far from where virtual areas are. */
#define PLACE (VMAP_BASE + VMAP_SIZE - GIB(1))
#define BLOCK ((uint64_t)PAGE_SIZE << PAGE_ORDER_MAX)

static uint64_t page_size_at(vaddr_t address)
{
    return paging_lookup(&paging_kernel, address, NULL, NULL);
}

static void write(void *at)
{
    *(volatile uint8_t *)at = 1;
}

static bool can_write(vaddr_t address)
{
    struct trap_frame frame;
    vaddr_t where;
    return trap_try(write, (void *)address, &frame, &where);
}

static void check_split(paddr_t physical)
{
    paddr_t found;
    unsigned flags;
    vaddr_t page = PLACE + 5 * PAGE_SIZE;

    KTEST_EQUAL(page_size_at(page), MIB(2));
    KTEST_EQUAL(paging_protect(&paging_kernel, page, PAGE_SIZE, 0), 0);
    tlb_flush_kernel(page, PAGE_SIZE);
    KTEST_EQUAL(page_size_at(page), PAGE_SIZE);
    KTEST_EQUAL(page_size_at(page + MIB(2)), MIB(2));
    KTEST_CHECK(!can_write(page));
    KTEST_CHECK(can_write(page - 1));
    KTEST_CHECK(can_write(page + PAGE_SIZE));
    for (uint64_t offset = 0; offset < MIB(2); offset += PAGE_SIZE) {
        KTEST_CHECK(paging_lookup(&paging_kernel, PLACE + offset, &found, &flags) == PAGE_SIZE);
        KTEST_EQUAL(found, physical + offset);
        KTEST_EQUAL(flags, offset == 5 * PAGE_SIZE ? 0 : MAP_WRITE);
    }
    KTEST_EQUAL(paging_unmap(&paging_kernel, PLACE + PAGE_SIZE, MIB(2)), 0);
    tlb_flush_kernel(PLACE + PAGE_SIZE, MIB(2));
    KTEST_CHECK(can_write(PLACE));
    KTEST_CHECK(!can_write(PLACE + PAGE_SIZE));
    KTEST_CHECK(!can_write(PLACE + MIB(2)));
    KTEST_CHECK(can_write(PLACE + MIB(2) + PAGE_SIZE));
}

KTEST(mm_large_pages_are_split)
{
    struct page *block = page_allocate(PAGE_ORDER_MAX, 0);
    if (!KTEST_CHECK(block != NULL))
        return;
    paddr_t physical = page_address(block);
    /* Where the last run left tables of small pages, none but those can be. */
    static vaddr_t used;
    KTEST_EQUAL(paging_map(&paging_kernel, PLACE, physical, BLOCK, MAP_WRITE), 0);
    KTEST_EQUAL(paging_map(&paging_kernel, PLACE + PAGE_SIZE, physical, PAGE_SIZE, MAP_WRITE), -EEXIST);
    KTEST_EQUAL(paging_map(&paging_kernel, PLACE - PAGE_SIZE, physical, 2 * PAGE_SIZE, MAP_WRITE), -EEXIST);
    KTEST_EQUAL(page_size_at(PLACE - PAGE_SIZE), 0);
    KTEST_EQUAL(paging_map(&paging_kernel, PLACE + BLOCK, physical, BLOCK, MAP_WRITE | MAP_EXECUTE), -EINVAL);
    if (used != PLACE)
        check_split(physical);
    used = PLACE;
    KTEST_EQUAL(paging_unmap(&paging_kernel, PLACE, BLOCK), 0);
    tlb_flush_kernel(PLACE, BLOCK);
    KTEST_EQUAL(page_size_at(PLACE), 0);
    KTEST_EQUAL(page_size_at(PLACE + BLOCK - PAGE_SIZE), 0);
    page_free(block, PAGE_ORDER_MAX);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Other CPUs
 */

static volatile uint64_t *watched;
static uint64_t wrong;
static uint64_t expected;

static void look(void *unused)
{
    if (*watched != expected)
        __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
}

/* Everyone looks at one page, which becomes another, which everyone must see. */
static void exchange_pages(uint64_t size)
{
    struct page *pages[2] = {page_allocate(0, 0), page_allocate(0, 0)};
    if (!KTEST_CHECK(pages[0] != NULL && pages[1] != NULL))
        return;
    watched = (uint64_t *)(PLACE + GIB(1) / 2);
    wrong = 0;
    for (unsigned i = 0; i < 200; i++) {
        *(uint64_t *)page_memory(pages[i & 1]) = expected = i;
        KTEST_EQUAL(paging_map(&paging_kernel, (vaddr_t)watched, page_address(pages[i & 1]), PAGE_SIZE, MAP_WRITE), 0);
        smp_call_others(look, NULL);
        look(NULL);
        paging_unmap(&paging_kernel, (vaddr_t)watched, PAGE_SIZE);
        tlb_flush_kernel((vaddr_t)watched, size);
    }
    KTEST_EQUAL(wrong, 0);
    page_free(pages[0], 0);
    page_free(pages[1], 0);
}

KTEST(mm_other_cpus_forget_a_page)
{
    exchange_pages(PAGE_SIZE);
}

KTEST(mm_other_cpus_forget_everything)
{
    exchange_pages(MIB(64));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Out of memory on the way
 */

static void free_tables(paddr_t table, unsigned level)
{
    const uint64_t *entries = direct_map(table);
    for (unsigned i = 0; level > 0 && i < 512; i++)
        if ((entries[i] & 0x81) == 1)
            free_tables(entries[i] & 0x000ffffffffff000ull, level - 1);
    page_free(page_of(table), 0);
}

/* In tables of its own, which no CPU uses: large pages, small ones, splitting one. */
static int map_in_own_tables(void *unused)
{
    struct page *root = page_allocate(0, ALLOC_ZERO);
    if (!root)
        return -ENOMEM;
    struct page_table table = {.root = page_address(root)};
    paddr_t found = 0;
    int error = paging_map(&table, MIB(2) - PAGE_SIZE, GIB(1) - PAGE_SIZE, MIB(4), MAP_USER | MAP_WRITE);
    KTEST_EQUAL(paging_lookup(&table, MIB(3), &found, NULL), error ? 0 : MIB(2));
    KTEST_EQUAL(paging_lookup(&table, MIB(2) - PAGE_SIZE, &found, NULL), error ? 0 : PAGE_SIZE);
    if (!error) {
        error = paging_unmap(&table, MIB(3), PAGE_SIZE);
        KTEST_EQUAL(paging_lookup(&table, MIB(3), &found, NULL), error ? MIB(2) : 0);
        KTEST_EQUAL(paging_lookup(&table, MIB(3) - 1, &found, NULL), error ? MIB(2) : PAGE_SIZE);
        KTEST_EQUAL(found, GIB(1) + MIB(1) - 1);
    }
    free_tables(table.root, 3);
    return error;
}

KTEST(mm_page_tables_without_memory)
{
    KTEST_EVERY_ALLOCATION(map_in_own_tables, NULL);
}

static int use_vmap(void *unused)
{
    vmap_reclaim();
    void *area = vmap_allocate(5 * PAGE_SIZE, ALLOC_ZERO);
    void *registers = vmap_physical(0xfee00000, PAGE_SIZE, MAP_UNCACHED);
    int error = area && registers ? 0 : -ENOMEM;
    vmap_free(registers);
    vmap_free(area);
    vmap_check();
    return error;
}

KTEST(mm_vmap_without_memory)
{
    KTEST_EVERY_ALLOCATION(use_vmap, NULL);
}

static int use_slabs(void *unused)
{
    int error = 0;
    slab_reclaim(); /* so that it needs pages, too */
    struct slab_cache *cache = slab_cache_create("test", 200, 8);
    if (!cache)
        return -ENOMEM;
    void *objects[40] = {0}, *large = kmalloc(100000, 0);
    for (unsigned i = 0; i < 40; i++)
        if ((objects[i] = slab_allocate(cache, ALLOC_ZERO)) == NULL)
            error = -ENOMEM;
    for (unsigned i = 0; i < 40; i++)
        slab_free(cache, objects[i]);
    if (!large)
        error = -ENOMEM;
    kfree(large);
    slab_cache_destroy(cache);
    slab_check();
    return error;
}

KTEST(mm_slabs_without_memory)
{
    KTEST_EVERY_ALLOCATION(use_slabs, NULL);
}
