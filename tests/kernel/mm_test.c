/*
 * Memory: page frames, slabs and virtual areas as they are used, and whether all of it still makes sense afterwards.
 */
#include "ktest.h"

#include "lib/string.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "mm/vmap.h"
#include "sched/sched_internal.h"

/* What the caches keep is not in use. */
static uint64_t pages_used(void)
{
    thread_stacks_drain();
    vmap_reclaim();
    slab_reclaim();
    page_cache_drain();
    return page_total_count() - page_free_count();
}
KTEST_COUNT(pages, pages_used);

static uint64_t objects_used(void)
{
    return slab_object_count(NULL);
}
KTEST_COUNT(objects, objects_used);
KTEST_COUNT(virtual_areas, vmap_area_count);

static void check_all(void)
{
    page_check();
    slab_check();
    vmap_check();
}

KTEST(mm_pages_of_all_orders)
{
    struct page *pages[PAGE_ORDER_MAX + 1];
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++) {
        pages[order] = page_allocate(order, ALLOC_ZERO);
        if (!KTEST_CHECK(pages[order] != NULL))
            return;
        KTEST_CHECK(is_aligned(page_address(pages[order]), (uint64_t)PAGE_SIZE << order));
        const uint64_t *words = page_memory(pages[order]);
        uint64_t any = 0;
        for (unsigned i = 0; i < (PAGE_SIZE << order) / sizeof *words; i++)
            any |= words[i];
        KTEST_EQUAL(any, 0);
        memset(page_memory(pages[order]), 0xcc, (size_t)PAGE_SIZE << order);
    }
    check_all();
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++)
        page_free(pages[order], order);
    check_all();
}

KTEST(mm_low_pages)
{
    struct page *page = page_allocate(0, ALLOC_LOW);
    if (!KTEST_CHECK(page != NULL))
        return;
    KTEST_CHECK(page_address(page) < GIB(4));
    page_get(page);
    page_put(page);
    KTEST_EQUAL(page->references, 1);
    page_put(page);
}

KTEST(mm_kmalloc_sizes)
{
    for (size_t size = 0; size <= 40000; size = size < 40 ? size + 1 : size * 9 / 8) {
        uint8_t *a = kmalloc(size, ALLOC_ZERO), *b = kmalloc(size, 0);
        if (!KTEST_CHECK(a != NULL && b != NULL && a != b))
            return;
        KTEST_CHECK(kmalloc_size(a) >= size);
        KTEST_CHECK(is_aligned((uintptr_t)a, size >= PAGE_SIZE ? PAGE_SIZE : 16));
        for (size_t i = 0; i < size; i++)
            if (a[i] != 0)
                KTEST_FAIL("byte %lu of %lu is not zero", i, size);
        memset(b, 0xdd, size);
        kfree(a);
        kfree(b);
    }
    kfree(NULL);
    check_all();
}

KTEST(mm_slab_many_objects)
{
    struct slab_cache *cache = slab_cache_create("test", 100, 64);
    enum { COUNT = 3000 };
    uint64_t **objects = kmalloc(COUNT * sizeof *objects, 0);
    if (!KTEST_CHECK(cache != NULL && objects != NULL))
        return;
    for (unsigned i = 0; i < COUNT; i++) {
        objects[i] = slab_allocate(cache, 0);
        if (!KTEST_CHECK(objects[i] != NULL))
            return;
        KTEST_CHECK(is_aligned((uintptr_t)objects[i], 64));
        *objects[i] = i;
    }
    KTEST_EQUAL(slab_object_count(cache), COUNT);
    check_all();
    for (unsigned i = 0; i < COUNT; i += 2)
        slab_free(cache, objects[i]);
    KTEST_EQUAL(slab_object_count(cache), COUNT / 2);
    check_all();
    for (unsigned i = 1; i < COUNT; i += 2) {
        KTEST_EQUAL(*objects[i], i);
        slab_free(cache, objects[i]);
    }
    check_all();
    kfree(objects);
    slab_cache_destroy(cache);
}

KTEST(mm_vmap)
{
    struct vmap_area_info info;
    uint8_t *a = vmap_allocate(5 * PAGE_SIZE + 1, ALLOC_ZERO), *b = vmap_allocate(1, 0);
    if (!KTEST_CHECK(a != NULL && b != NULL))
        return;
    memset(a, 1, 6 * PAGE_SIZE);
    memset(b, 2, PAGE_SIZE);
    KTEST_CHECK(vmap_find((vaddr_t)a + 5 * PAGE_SIZE, &info) && info.base == (vaddr_t)a && !info.guard);
    KTEST_EQUAL(info.size, 6 * PAGE_SIZE);
    KTEST_CHECK(vmap_find((vaddr_t)a - 1, &info) && info.base == (vaddr_t)a && info.guard);
    check_all();
    vmap_free(a);
    KTEST_CHECK(!vmap_find((vaddr_t)a, &info));
    vmap_free(b);
    check_all();
}

/* The first page of the kernel's image, seen at another address. */
KTEST(mm_vmap_physical)
{
    const struct boot_info *boot = ktest_boot_info();
    const char *seen = vmap_physical(boot->kernel_physical + 1, 3 * PAGE_SIZE, 0);
    if (!KTEST_CHECK(seen != NULL))
        return;
    KTEST_EQUAL(memcmp(seen, (const char *)boot->kernel_virtual + 1, 3 * PAGE_SIZE - 1), 0);
    KTEST_CHECK(vmap_physical(1ull << 60, 1, 0) == NULL);
    KTEST_CHECK(vmap_physical(UINT64_MAX, 2, 0) == NULL);
    vmap_free((void *)seen);
}
