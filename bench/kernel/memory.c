/*
 * What memory costs: pages, slabs, kmalloc. All of them hot: what was freed last is allocated next.
 */
#include "bench.h"

#include "mm/page.h"
#include "mm/slab.h"
#include "mm/vmap.h"

BENCH(page_allocate_and_free)
{
    BENCH_LOOP(rounds)
    page_free(page_allocate(0, 0), 0);
    return cycles;
}

/* More at a time than a CPU's own stock holds. */
BENCH_EACH(page_allocate_and_free_in_bulk, 512)
{
    static struct page *pages[512];
    BENCH_LOOP(rounds / 10)
    {
        for (unsigned i = 0; i < ARRAY_LENGTH(pages); i++)
            pages[i] = page_allocate(0, 0);
        for (unsigned i = 0; i < ARRAY_LENGTH(pages); i++)
            page_free(pages[i], 0);
    }
    return cycles * 10;
}

BENCH(page_allocate_and_free_2mib)
{
    BENCH_LOOP(rounds)
    {
        struct page *page = page_allocate(9, 0);
        if (page)
            page_free(page, 9);
    }
    return cycles;
}

#define KMALLOC(size)                                                                                                  \
    BENCH(kmalloc_and_free_##size)                                                                                     \
    {                                                                                                                  \
        BENCH_LOOP(rounds)                                                                                             \
        kfree(kmalloc(size, 0));                                                                                       \
        return cycles;                                                                                                 \
    }
KMALLOC(16)
KMALLOC(64)
KMALLOC(256)
KMALLOC(1024)
KMALLOC(4096)
KMALLOC(16384)

BENCH(slab_allocate_and_free)
{
    struct slab_cache *cache = slab_cache_create("bench", 192, 0);
    BENCH_LOOP(rounds)
    slab_free(cache, slab_allocate(cache, 0));
    slab_cache_destroy(cache);
    return cycles;
}

BENCH_EACH(slab_allocate_and_free_in_bulk, 512)
{
    static void *objects[512];
    struct slab_cache *cache = slab_cache_create("bench", 192, 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++)
        objects[i] = slab_allocate(cache, 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++)
        slab_free(cache, objects[i]);
    BENCH_LOOP(rounds / 10)
    {
        for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++)
            objects[i] = slab_allocate(cache, 0);
        for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++)
            slab_free(cache, objects[i]);
    }
    slab_cache_destroy(cache);
    return cycles * 10;
}

BENCH(vmap_allocate_and_free_16k)
{
    BENCH_LOOP(rounds)
    vmap_free(vmap_allocate(0x4000, 0));
    return cycles;
}

RATE(page_allocate_and_free)
{
    page_free(page_allocate(0, 0), 0);
}

RATE(kmalloc_and_free_64)
{
    kfree(kmalloc(64, 0));
}

/* More at a time than a CPU's own stock holds: the locks are felt. One operation is 128 pages. */
RATE(page_allocate_and_free_128)
{
    struct page *pages[128];
    for (unsigned i = 0; i < ARRAY_LENGTH(pages); i++)
        pages[i] = page_allocate(0, 0);
    for (unsigned i = 0; i < ARRAY_LENGTH(pages); i++)
        page_free(pages[i], 0);
}
