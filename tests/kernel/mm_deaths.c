/*
 * Misuse of memory that must be noticed, and said of which object: see ktest.h. Most of it only a debug kernel notices.
 */
#include "ktest.h"

#include "lib/string.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "mm/vmap.h"

#ifdef DEBUG

/* Objects of a cache of its own, so that nobody else's come between. Writes go through a volatile pointer: the compiler
 * knows what a freed object is, too. */
static struct slab_cache *cache;

static volatile char *new_object(void)
{
    cache = slab_cache_create("victim", 100, 16);
    return slab_allocate(cache, ALLOC_ZERO);
}

KDEATH(slab_freed_twice)
{
    volatile char *object = new_object();
    slab_free(cache, (void *)object);
    slab_free(cache, (void *)object);
}

KDEATH(slab_written_behind)
{
    volatile char *object = new_object();
    object[100] = 1;
    slab_free(cache, (void *)object);
}

KDEATH(slab_written_after_free)
{
    volatile char *object = new_object();
    slab_free(cache, (void *)object);
    object[50] = 1;
    for (int i = 0; i < 1000; i++)
        slab_allocate(cache, 0);
}

KDEATH(slab_freed_to_another_cache)
{
    volatile char *object = new_object();
    slab_free(slab_cache_create("other", 100, 16), (void *)object);
}

KDEATH(slab_freed_in_the_middle)
{
    volatile char *object = new_object();
    slab_free(cache, (void *)(object + 16));
}

KDEATH(slab_written_before)
{
    volatile char *object = new_object();
    object[-1] = 1;
    slab_check();
}

KDEATH(page_written_after_free)
{
    struct page *page = page_allocate(0, 0);
    volatile char *memory = page_memory(page);
    page_free(page, 0);
    memory[100] = 1;
    page_allocate(0, 0);
}

#endif

KDEATH(kfree_of_a_page)
{
    kfree(page_memory(page_allocate(0, 0)));
}

KDEATH(page_freed_twice)
{
    struct page *page = page_allocate(0, 0);
    page_free(page, 0);
    page_free(page, 0);
}

KDEATH(page_freed_as_another_order)
{
    page_free(page_allocate(3, 0), 2);
}

KDEATH(vmap_freed_twice)
{
    void *area = vmap_allocate(PAGE_SIZE, 0);
    vmap_free(area);
    vmap_free(area);
}

KDEATH(vmap_guard_page)
{
    volatile char *area = vmap_allocate(PAGE_SIZE, 0);
    area[0] = area[PAGE_SIZE - 1] = 1;
    ktest_note("the area itself can be written");
    area[PAGE_SIZE] = 1;
}

KDEATH(vmap_freed_area)
{
    volatile char *area = vmap_allocate(PAGE_SIZE, 0);
    area[0] = 1;
    vmap_free((void *)area);
    vmap_reclaim();
    area[0] = 1;
}

KDEATH(vmap_executed)
{
    char *code = (char *)vmap_allocate(PAGE_SIZE, 0) + 64; /* checked calls look at what is before a function */
    *code = (char)0xc3;                                    /* ret */
    ((void (*)(void))(uintptr_t)code)();
}
