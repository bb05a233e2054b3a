/*
 * Slabs from outside: reports, and whether all of it makes sense.
 *
 * What another CPU has in its magazines changes while we look. Counts read it as it is: exact while nothing is
 * allocated or freed, near it else. Checks leave it out.
 */
#include "mm/slab_internal.h"

#include "panic.h"

/* Objects of the cache that are in magazines, and so not allocated. */
static uint64_t cached_objects(const struct slab_cache *cache)
{
    uint64_t count = 0;
    for (const struct magazine *m = cache->full_magazines.first; m; m = m->next)
        count += m->rounds;
    for (unsigned i = 0; i < cpu_count; i++) {
        const struct slab_cpu *cpu = &cpu_local(slab_cpus, i)[cache->id];
        count += __atomic_load_n(&cpu->rounds, __ATOMIC_RELAXED);
        count += __atomic_load_n(&cpu->previous_rounds, __ATOMIC_RELAXED);
    }
    return count;
}

static void report_on(struct slab_cache *cache, struct slab_report *report)
{
    spin_lock(&cache->lock);
    uint64_t cached = cached_objects(cache);
    *report = (struct slab_report){
        .name = cache->name,
        .object_size = cache->size,
        .objects = cache->in_use > cached ? cache->in_use - cached : 0,
        .pages = cache->slab_count << cache->order,
    };
    spin_unlock(&cache->lock);
}

/* Magazines are not counted among all objects: they come and go with the others'. */
uint64_t slab_object_count(const struct slab_cache *cache)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < SLAB_CACHE_MAX; i++) {
        struct slab_report report;
        if (!slab_caches[i].name || (cache ? &slab_caches[i] != cache : slab_caches[i].rounds == 0))
            continue;
        report_on(&slab_caches[i], &report);
        count += report.objects;
    }
    return count;
}

bool slab_report(unsigned index, struct slab_report *report)
{
    for (unsigned i = 0; i < SLAB_CACHE_MAX; i++) {
        if (slab_caches[i].name && index-- == 0) {
            report_on(&slab_caches[i], report);
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Checking
 */

#define REQUIRE(condition, cache, slab)                                                                                \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            panic("slab cache %s, slab at %p: not so: %s", (cache)->name, page_memory(slab), #condition);              \
    } while (0)

static void check_object_place(const struct slab_cache *cache, const struct page *slab, const void *object)
{
    uint64_t offset = (uintptr_t)object - (uintptr_t)page_memory(slab) - cache->lead;
    REQUIRE(offset % cache->stride == 0, cache, slab);
    REQUIRE(offset / cache->stride < slab->slab_touched, cache, slab);
}

static void check_slab(struct slab_cache *cache, const struct page *slab)
{
    unsigned free = 0;
    for (unsigned i = 0; i < 1u << cache->order; i++)
        REQUIRE(slab[i].state == PAGE_SLAB && slab[i].slab == cache, cache, slab);
    REQUIRE(slab->slab_touched <= cache->capacity, cache, slab);
    for (void *object = (void *)slab->slab_free_head; object; object = *slab_next_of(cache, object)) {
        check_object_place(cache, slab, object);
        slab_debug_check(cache, object, true);
        REQUIRE(++free <= slab->slab_touched, cache, slab); /* else the list is a circle */
    }
    REQUIRE(slab->slab_in_use + free == slab->slab_touched, cache, slab);
}

enum fullness { EMPTY, PARTIAL, FULL };

/* Returns the objects that are in use in the list's slabs. */
static uint64_t check_list(struct slab_cache *cache, const struct list *list, enum fullness fullness, uint64_t *slabs)
{
    uint64_t in_use = 0;
    list_for_each(struct page, slab, list, link)
    {
        enum fullness is = slab->slab_in_use == 0 ? EMPTY : slab->slab_in_use == cache->capacity ? FULL : PARTIAL;
        REQUIRE(is == fullness, cache, slab);
        REQUIRE(slab->link.next->previous == &slab->link, cache, slab);
        check_slab(cache, slab);
        in_use += slab->slab_in_use;
        ++*slabs;
    }
    return in_use;
}

static void check_magazine(const struct slab_cache *cache, const struct magazine *magazine, uint64_t rounds)
{
    if (rounds > cache->rounds)
        panic("slab cache %s: a magazine has %lu rounds", cache->name, (unsigned long)rounds);
    for (uint64_t i = 0; i < rounds; i++) {
        const struct page *slab = slab_page_of(cache, magazine->objects[i]);
        REQUIRE(slab->state == PAGE_SLAB && slab->slab == cache, cache, slab);
        check_object_place(cache, slab, magazine->objects[i]);
        slab_debug_check(cache, magazine->objects[i], true);
    }
}

static void check_cache(struct slab_cache *cache)
{
    uint64_t slabs = 0, in_use = 0;
    spin_lock(&cache->lock);
    in_use += check_list(cache, &cache->empty, EMPTY, &slabs);
    if (slabs != cache->empty_count)
        panic("slab cache %s: %lu slabs are empty, not %u", cache->name, (unsigned long)slabs, cache->empty_count);
    in_use += check_list(cache, &cache->partial, PARTIAL, &slabs);
    in_use += check_list(cache, &cache->full, FULL, &slabs);
    if (slabs != cache->slab_count || in_use != cache->in_use)
        panic("slab cache %s: %lu slabs, not %lu; %lu objects in use, not %lu", cache->name, (unsigned long)slabs,
            (unsigned long)cache->slab_count, (unsigned long)in_use, (unsigned long)cache->in_use);
    for (const struct magazine *m = cache->full_magazines.first; m; m = m->next)
        check_magazine(cache, m, m->rounds);

    /* The lock keeps interrupts off, so this CPU's magazines stay as they are. */
    const struct slab_cpu *cpu = &(*this_cpu_pointer(slab_cpus))[cache->id];
    check_magazine(cache, cpu->loaded, cpu->rounds);
    check_magazine(cache, cpu->previous, cpu->previous_rounds);
    spin_unlock(&cache->lock);
}

void slab_check(void)
{
    for (unsigned i = 0; i < SLAB_CACHE_MAX; i++)
        if (slab_caches[i].name)
            check_cache(&slab_caches[i]);
}
