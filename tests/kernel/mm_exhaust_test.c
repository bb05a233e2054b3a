/*
 * All of memory: taken to the last frame and given back; and whether what lies above 4 GiB is really there.
 */
#include "ktest.h"

#include "mm/page.h"
#include "mm/slab.h"
#include "mm/vmap.h"

/* More takes too long; a debug build fills every frame that is freed. */
#ifdef DEBUG
#define EXHAUST_MAX (GIB(1) >> PAGE_SHIFT)
#else
#define EXHAUST_MAX (GIB(4) >> PAGE_SHIFT)
#endif

/* Takes blocks of all orders, the largest first, until there are none; returns how many frames. */
static uint64_t take_everything(struct list *taken)
{
    uint64_t frames = 0;
    for (int order = PAGE_ORDER_MAX; order >= 0; order--) {
        struct page *page;
        while ((page = page_allocate((unsigned)order, 0)) != NULL) {
            list_push_back(taken, &page->link);
            *(uint64_t *)page_memory(page) = page_address(page);
            frames += 1ull << order;
        }
    }
    return frames;
}

/* Returns how many blocks have not kept what was written to them. */
static uint64_t give_back(struct list *taken)
{
    struct list_node *node;
    uint64_t wrong = 0;
    while ((node = list_pop_front(taken)) != NULL) {
        struct page *page = container_of(node, struct page, link);
        wrong += *(uint64_t *)page_memory(page) != page_address(page);
        page_free(page, page->order);
    }
    return wrong;
}

KTEST(mm_exhaust_and_recover)
{
    struct list taken;
    if (page_total_count() > EXHAUST_MAX) {
        ktest_skip("it would take too long with so much memory");
        return;
    }
    list_init(&taken);
    slab_reclaim();
    uint64_t before = page_free_count(), frames = take_everything(&taken);
    KTEST_CHECK(frames > before / 10 * 9);
    KTEST_CHECK(page_allocate(0, 0) == NULL);
    KTEST_CHECK(kmalloc(MIB(1), 0) == NULL);
    KTEST_CHECK(vmap_allocate(MIB(1), 0) == NULL);

    struct page *last = page_allocate(0, ALLOC_URGENT);
    KTEST_CHECK(last != NULL);
    if (last)
        page_free(last, 0);
    page_check();
    KTEST_EQUAL(give_back(&taken), 0);
    page_check();
    slab_check();
    vmap_reclaim();
    slab_reclaim();
    page_cache_drain();
    KTEST_EQUAL(page_free_count(), before);
}

/* Memory that caches hold is found when nothing else is left. */
KTEST(mm_caches_are_emptied_when_memory_is_short)
{
    enum { OBJECTS = 2000 };
    struct list taken;
    if (page_total_count() > EXHAUST_MAX) {
        ktest_skip("it would take too long with so much memory");
        return;
    }
    list_init(&taken);
    struct slab_cache *cache = slab_cache_create("test", 1000, 8);
    void **objects = kmalloc(OBJECTS * sizeof *objects, ALLOC_ZERO);
    if (!KTEST_CHECK(cache != NULL && objects != NULL))
        return;
    for (unsigned i = 0; i < OBJECTS; i++)
        objects[i] = slab_allocate(cache, 0);
    take_everything(&taken);
    for (unsigned i = 0; i < OBJECTS; i++)
        slab_free(cache, objects[i]);
    uint64_t frames = take_everything(&taken);
    KTEST_CHECK(frames >= OBJECTS * 1000 / PAGE_SIZE / 10 * 9);
    KTEST_EQUAL(give_back(&taken), 0);
    kfree(objects);
    slab_cache_destroy(cache);
}

KTEST(mm_memory_above_4_gib)
{
    uint64_t high = 0;
    const struct boot_info *info = ktest_boot_info();
    for (uint64_t i = 0; i < info->memory_count; i++)
        if (info->memory[i].type == BOOT_MEMORY_USABLE && info->memory[i].base >= GIB(4))
            high += info->memory[i].length;
    if (high < MIB(16)) {
        ktest_skip("the machine has none");
        return;
    }
    struct list taken;
    uint64_t frames = 0;
    list_init(&taken);
    for (unsigned i = 0; i < 3; i++) {
        struct page *page = page_allocate(PAGE_ORDER_MAX, 0);
        if (!KTEST_CHECK(page != NULL))
            break;
        KTEST_CHECK(page_address(page) >= GIB(4));
        *(uint64_t *)page_memory(page) = page_address(page);
        list_push_back(&taken, &page->link);
        frames += 1u << PAGE_ORDER_MAX;
    }
    KTEST_CHECK(frames > 0 && page_free_count() * PAGE_SIZE > high / 10 * 8);
    KTEST_EQUAL(give_back(&taken), 0);
}
