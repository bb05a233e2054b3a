/*
 * Objects under guard, in debug builds. A slot of a slab is
 *
 *     object, rounded up to 8   red zone, SLAB_RED_ZONE or more   struct slab_trailer
 *
 * and the first slot has a red zone before it, unless objects are aligned to pages; so an object has one on either
 * side: behind it its own, before it the one at the start, or another object's trailer, which no one else can imitate.
 *
 * A free object is filled with PATTERN_FREE, which must still be there when it is allocated; then it is filled with
 * PATTERN_NEW, so that what is read before it is written is recognised.
 */
#include "mm/slab_internal.h"

#ifdef DEBUG

#include "lib/string.h"
#include "panic.h"

#define PATTERN_FREE 0x6b
#define PATTERN_NEW 0xa5
#define PATTERN_RED 0xbb
#define STATE_FREE 0x66726565206f626aull
#define STATE_ALLOCATED 0x7573656420636a62ull

void slab_debug_layout(struct slab_cache *cache, size_t alignment)
{
    size_t size = align_up(cache->size, 8) + SLAB_RED_ZONE + sizeof(struct slab_trailer);
    cache->stride = align_up(size, alignment);
    cache->lead = alignment < PAGE_SIZE ? align_up(SLAB_RED_ZONE, alignment) : 0;
}

static uint64_t state_word(uint64_t state, const void *object)
{
    return state ^ (uintptr_t)object;
}

static void set_state(const struct slab_cache *cache, void *object, uint64_t state, const void *caller)
{
    struct slab_trailer *trailer = slab_trailer_of(cache, object);
    trailer->state = state_word(state, object);
    trailer->caller = caller;
}

/* The first byte of a range that is not BYTE; NULL: all are. */
static const uint8_t *find_other(const void *from, const void *to, uint8_t byte)
{
    for (const uint8_t *p = from; p < (const uint8_t *)to; p++)
        if (*p != byte)
            return p;
    return NULL;
}

static _Noreturn void damaged(const struct slab_cache *cache, const void *object, const uint8_t *at, const char *what)
{
    const struct slab_trailer *trailer = slab_trailer_of(cache, object);
    panic("%s of cache %s (%lu bytes) at %p was written %s: byte %ld is %#x; allocated or freed last from %p", what,
        cache->name, (unsigned long)cache->size, object, at < (const uint8_t *)object ? "before its begin" : "to",
        (long)(at - (const uint8_t *)object), *at, trailer->caller);
}

static void fill_slot_zones(const struct slab_cache *cache, void *object)
{
    char *end = (char *)object + cache->size;
    memset(end, PATTERN_RED, (size_t)((char *)slab_trailer_of(cache, object) - end));
}

void slab_debug_born(const struct slab_cache *cache, void *object)
{
    memset(object, PATTERN_FREE, cache->size);
    fill_slot_zones(cache, object);
    char *first = (char *)page_memory(slab_page_of(cache, object)) + cache->lead;
    if (object == first)
        memset(first - cache->lead, PATTERN_RED, cache->lead);
    set_state(cache, object, STATE_FREE, NULL);
}

void slab_debug_check(const struct slab_cache *cache, const void *object, bool free)
{
    const struct slab_trailer *trailer = slab_trailer_of(cache, object);
    uint64_t other = state_word(free ? STATE_ALLOCATED : STATE_FREE, object);
    const uint8_t *wrong;

    if (trailer->state == other)
        panic("object of cache %s at %p is %s; %s last from %p", cache->name, object,
            free ? "given out twice" : "freed twice", free ? "allocated" : "freed", trailer->caller);
    if (trailer->state != state_word(free ? STATE_FREE : STATE_ALLOCATED, object))
        panic("object of cache %s (%lu bytes) at %p was written far beyond its end, or the next before its begin",
            cache->name, (unsigned long)cache->size, object);
    if ((wrong = find_other((const char *)object + cache->size, trailer, PATTERN_RED)) != NULL)
        damaged(cache, object, wrong, "the red zone behind an object");
    const char *first = (const char *)page_memory(slab_page_of(cache, object)) + cache->lead;
    if (object == first && (wrong = find_other(first - cache->lead, first, PATTERN_RED)) != NULL)
        damaged(cache, object, wrong, "the red zone before an object");
    if (free && (wrong = find_other(object, (const char *)object + cache->size, PATTERN_FREE)) != NULL)
        damaged(cache, object, wrong, "a free object");
}

void slab_debug_allocate(const struct slab_cache *cache, void *object, const void *caller)
{
    slab_debug_check(cache, object, true);
    memset(object, PATTERN_NEW, cache->size);
    set_state(cache, object, STATE_ALLOCATED, caller);
}

void slab_debug_free(const struct slab_cache *cache, void *object, const void *caller)
{
    slab_debug_check(cache, object, false);
    memset(object, PATTERN_FREE, cache->size);
    set_state(cache, object, STATE_FREE, caller);
}

void slab_debug_release(const struct slab_cache *cache, const struct page *slab)
{
    const char *first = (const char *)page_memory(slab) + cache->lead;
    for (unsigned i = 0; i < slab->slab_touched; i++)
        slab_debug_check(cache, first + i * cache->stride, true);
}

void slab_debug_find(const struct slab_cache *cache, const void *object)
{
    const struct page *page = page_of(direct_map_physical(object));
    if ((uintptr_t)object - DIRECT_MAP_BASE >= DIRECT_MAP_SIZE || page->state != PAGE_SLAB)
        panic("%p is freed%s%s, but it is not in a slab", object, cache ? " to cache " : "", cache ? cache->name : "");
    const struct slab_cache *really = page->slab;
    if (cache && cache != really)
        panic("%p is freed to cache %s, but it belongs to %s", object, cache->name, really->name);
    uint64_t offset = (uintptr_t)object - (uintptr_t)page_memory(slab_page_of(really, object));
    if (offset < really->lead || (offset - really->lead) % really->stride != 0 ||
        (offset - really->lead) / really->stride >= really->capacity)
        panic("%p is freed, but no object of cache %s begins there", object, really->name);
}

#endif
