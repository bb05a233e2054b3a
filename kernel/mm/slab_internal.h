/*
 * What the files on slabs know of each other: slab.c allocates and frees, kmalloc.c does it by size, slab_debug.c
 * guards objects in debug builds, slab_check.c walks and reports.
 */
#ifndef CORRODE_MM_SLAB_INTERNAL_H
#define CORRODE_MM_SLAB_INTERNAL_H

#include "arch/x86_64/spinlock.h"
#include "mm/slab.h"

#define SLAB_CACHE_MAX 128

/* Objects that a magazine holds; large objects fill it less (struct slab_cache, rounds). 256 bytes. */
#define MAGAZINE_ROUNDS 30
struct magazine {
    struct magazine *next; /* in a depot */
    uint64_t rounds;       /* while it is in a depot */
    void *objects[MAGAZINE_ROUNDS];
};

/* What a CPU keeps of one cache: the magazine that it uses and the one before, which is full or empty. */
struct slab_cpu {
    struct magazine *loaded, *previous; /* NULL: none yet */
    uint32_t rounds, previous_rounds;   /* objects in them */
    uint32_t room;                      /* rounds that `loaded` may have: 0 when there is none */
};
DECLARE_PER_CPU(struct slab_cpu[SLAB_CACHE_MAX], slab_cpus);

struct slab_depot {
    struct magazine *first;
    unsigned count;
};

struct slab_cache {
    const char *name;  /* NULL: this entry of the table is free */
    size_t size;       /* of an object, as its user knows it */
    size_t stride;     /* from one object to the next */
    size_t lead;       /* bytes before the first */
    uint16_t id;       /* index in slab_caches and slab_cpus */
    uint16_t capacity; /* objects in a slab */
    uint8_t order;     /* of a slab's block of frames */
    uint8_t rounds;    /* in a full magazine; 0: the cache has no magazines */

    struct spinlock lock; /* SLAB; guards all below, the slabs and their free objects */
    struct list partial, full, empty;
    unsigned empty_count;
    struct slab_depot full_magazines, empty_magazines;
    uint64_t slab_count;
    uint64_t in_use; /* objects that are not in a slab: allocated, or in a magazine */
};
extern struct slab_cache slab_caches[SLAB_CACHE_MAX];

/*
 * A slab is a block of frames in state PAGE_SLAB, each with `slab` set to its cache. The struct page of the first says
 * the rest, by these names.
 */
#define slab_in_use flags         /* objects that are not in it */
#define slab_touched references   /* objects that were ever given out: those behind them are free, and nowhere noted */
#define slab_free_head index      /* the first free object that was */
#define slab_cache_id reserved[1] /* of every frame: saves kfree a look at the cache */

static inline struct page *slab_page_of(const struct slab_cache *cache, const void *object)
{
    struct page *page = page_of(direct_map_physical(object));
    return page_array + align_down((uint64_t)(page - page_array), 1ull << cache->order);
}

/*
 * Where a free object keeps the address of the next: in itself, but in debug builds, where all of it has the pattern,
 * behind it.
 */
static inline void **slab_next_of(const struct slab_cache *cache, void *object);

/* ------------------------------------------------------------------------------------------------------------------
 * What most allocations and frees come to: these two, on the loaded magazine. Caches are known by number here.
 */

static inline struct slab_cpu *slab_cpu_of(unsigned id)
{
    return &(*this_cpu_pointer(slab_cpus))[id];
}

/* NULL: the magazine is empty. */
static inline void *slab_pop(unsigned id)
{
    void *object = NULL;
    bool interrupts = cpu_interrupts_disable();
    struct slab_cpu *cpu = slab_cpu_of(id);
    if (__builtin_expect(cpu->rounds > 0, 1))
        object = cpu->loaded->objects[--cpu->rounds];
    if (interrupts)
        cpu_interrupts_enable();
    return object;
}

/* False: the magazine is full. */
static inline bool slab_push(unsigned id, void *object)
{
    bool interrupts = cpu_interrupts_disable();
    struct slab_cpu *cpu = slab_cpu_of(id);
    bool room = cpu->rounds < cpu->room;
    if (__builtin_expect(room, 1))
        cpu->loaded->objects[cpu->rounds++] = object;
    if (interrupts)
        cpu_interrupts_enable();
    return room;
}

/* All the others. The object is ready for its user, or was made ready for those to come. */
void *slab_allocate_any(struct slab_cache *cache, unsigned flags, const void *caller);
void slab_push_slowly(struct slab_cache *cache, void *object);

void kmalloc_init(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Debug builds
 */

#ifdef DEBUG

/* What follows an object and its red zone. */
struct slab_trailer {
    void *next;         /* in a slab's list of free objects */
    const void *caller; /* who allocated it or freed it last */
    uint64_t state; /* SLAB_STATE_*, exclusive or with the object's address; last, for what writes before the next */
};

#define SLAB_RED_ZONE 16 /* at least; on both sides */

static inline struct slab_trailer *slab_trailer_of(const struct slab_cache *cache, const void *object)
{
    return (struct slab_trailer *)((char *)(uintptr_t)object + cache->stride - sizeof(struct slab_trailer));
}

static inline void **slab_next_of(const struct slab_cache *cache, void *object)
{
    return &slab_trailer_of(cache, object)->next;
}

/* How large a slot and what is before the first one, for a cache with that size and alignment. */
void slab_debug_layout(struct slab_cache *cache, size_t alignment);

/* The first time that an object of a new slab is given out. */
void slab_debug_born(const struct slab_cache *cache, void *object);

/* Before its user gets it, and after it gives it back: checks everything, and fills. */
void slab_debug_allocate(const struct slab_cache *cache, void *object, const void *caller);
void slab_debug_free(const struct slab_cache *cache, void *object, const void *caller);

/* Panics unless the object is intact, and free or not as FREE says. */
void slab_debug_check(const struct slab_cache *cache, const void *object, bool free);

/* Checks the objects of a slab that is about to be given back: all of them are free. */
void slab_debug_release(const struct slab_cache *cache, const struct page *slab);

/* Panics unless OBJECT is in a slab, of CACHE (NULL: any), at a place where an object is. */
void slab_debug_find(const struct slab_cache *cache, const void *object);

#else

static inline void **slab_next_of(const struct slab_cache *cache, void *object)
{
    return object;
}
static inline void slab_debug_layout(struct slab_cache *cache, size_t alignment) {}
static inline void slab_debug_born(const struct slab_cache *cache, void *object) {}
static inline void slab_debug_allocate(const struct slab_cache *cache, void *object, const void *caller) {}
static inline void slab_debug_free(const struct slab_cache *cache, void *object, const void *caller) {}
static inline void slab_debug_check(const struct slab_cache *cache, const void *object, bool free) {}
static inline void slab_debug_release(const struct slab_cache *cache, const struct page *slab) {}
static inline void slab_debug_find(const struct slab_cache *cache, const void *object) {}

#endif

#endif
