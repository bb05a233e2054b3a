/*
 * The slab allocator: two layers.
 *
 * Below, slabs. A slab is a block of page frames cut into equal objects; the free ones that have been used before are
 * chained through themselves, the ones never used lie behind a mark. A cache keeps its slabs in three lists: full,
 * partial and empty; of the empty ones it keeps EMPTY_MAX.
 *
 * Above, magazines, arrays of pointers to free objects. Each CPU has two for each cache, and allocates from and frees
 * to the one that is loaded, with interrupts off and no lock. When that is empty (or full), it is exchanged for the
 * previous one; when that does not help, for one of the cache's depot; when that has none, it is half filled from the
 * slabs (or a new magazine is begun). Since a full and an empty magazine are kept, a CPU that allocates and frees in
 * turn never goes further than the exchange.
 *
 * A cache's lock guards its depot and its slabs. It is not held while frames are allocated, so that the page allocator
 * may ask us to shrink; they are freed under it.
 *
 * Magazines come from a cache of their own that has none.
 */
#include "mm/slab_internal.h"

#include "arch/x86_64/smp.h"
#include "debug/fault_injection.h"
#include "lib/string.h"
#include "panic.h"

#define ORDER_MAX 3      /* of a slab */
#define OBJECTS_WANTED 8 /* in a slab, if ORDER_MAX allows */
#define EMPTY_MAX 2      /* slabs that a cache keeps for nothing */
#define DEPOT_MAX 16     /* full magazines that a cache keeps */

struct slab_cache slab_caches[SLAB_CACHE_MAX];
PER_CPU(struct slab_cpu[SLAB_CACHE_MAX], slab_cpus);

static struct spinlock table_lock = SPINLOCK_INIT(SLAB); /* which entries of slab_caches are taken */
static struct slab_cache *magazines;

/* ------------------------------------------------------------------------------------------------------------------
 * Slabs: the cache's lock is held
 */

static void move_to(struct list *list, struct page *slab)
{
    list_remove(&slab->link);
    list_push_front(list, &slab->link);
}

static void *slab_take(struct slab_cache *cache, struct page *slab)
{
    void *object = (void *)slab->slab_free_head;
    if (object) {
        slab->slab_free_head = (uintptr_t)*slab_next_of(cache, object);
    } else {
        object = (char *)page_memory(slab) + cache->lead + slab->slab_touched++ * cache->stride;
        slab_debug_born(cache, object);
    }
    if (slab->slab_in_use++ == 0)
        cache->empty_count--;
    if (slab->slab_in_use == cache->capacity)
        move_to(&cache->full, slab);
    else if (slab->slab_in_use == 1)
        move_to(&cache->partial, slab);
    cache->in_use++;
    return object;
}

/* Up to COUNT objects from the slabs that there are. */
static unsigned take_objects(struct slab_cache *cache, void **objects, unsigned count)
{
    unsigned got = 0;
    while (got < count) {
        struct list_node *node = list_first(&cache->partial);
        if (!node && (node = list_first(&cache->empty)) == NULL)
            break;
        objects[got++] = slab_take(cache, container_of(node, struct page, link));
    }
    return got;
}

static void release_slab(struct slab_cache *cache, struct page *slab)
{
    slab_debug_release(cache, slab);
    list_remove(&slab->link);
    cache->empty_count--;
    cache->slab_count--;
    for (unsigned i = 0; i < 1u << cache->order; i++)
        slab[i].state = PAGE_UNUSABLE; /* whoever frees an object of it now is told so */
    slab->state = PAGE_USED;
    page_free(slab, cache->order);
}

static void slab_put(struct slab_cache *cache, void *object)
{
    struct page *slab = slab_page_of(cache, object);
    *slab_next_of(cache, object) = (void *)slab->slab_free_head;
    slab->slab_free_head = (uintptr_t)object;
    cache->in_use--;
    if (slab->slab_in_use-- == cache->capacity)
        move_to(&cache->partial, slab);
    if (slab->slab_in_use > 0)
        return;
    move_to(&cache->empty, slab);
    if (++cache->empty_count > EMPTY_MAX)
        release_slab(cache, slab);
}

/* A new slab for the cache, whose lock is not held. False: no memory. */
static bool add_slab(struct slab_cache *cache, unsigned flags)
{
    struct page *slab = page_allocate(cache->order, flags & (ALLOC_URGENT | ALLOC_MODEST));
    if (!slab)
        return false;
    for (unsigned i = 0; i < 1u << cache->order; i++) {
        slab[i].state = PAGE_SLAB;
        slab[i].slab = cache;
        slab[i].slab_cache_id = cache->id;
    }
    slab->slab_in_use = 0;
    slab->slab_touched = 0;
    slab->slab_free_head = 0;
    spin_lock(&cache->lock);
    list_push_front(&cache->empty, &slab->link);
    cache->empty_count++;
    cache->slab_count++;
    spin_unlock(&cache->lock);
    return true;
}

/* Up to COUNT objects from the slabs that there are; the lock is not held. */
static unsigned take_from_slabs(struct slab_cache *cache, void **objects, unsigned count)
{
    spin_lock(&cache->lock);
    unsigned got = take_objects(cache, objects, count);
    spin_unlock(&cache->lock);
    return got;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Depots: the cache's lock is held
 */

static struct magazine *depot_pop(struct slab_depot *depot)
{
    struct magazine *magazine = depot->first;
    if (magazine) {
        depot->first = magazine->next;
        depot->count--;
    }
    return magazine;
}

static void depot_push(struct slab_depot *depot, struct magazine *magazine, unsigned rounds)
{
    magazine->rounds = rounds;
    magazine->next = depot->first;
    depot->first = magazine;
    depot->count++;
}

static void empty_magazine(struct slab_cache *cache, struct magazine *magazine, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        slab_put(cache, magazine->objects[i]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Magazines: interrupts are off
 */

/* There is a previous magazine; a loaded one there may be not. */
static void exchange(const struct slab_cache *cache, struct slab_cpu *cpu)
{
    struct magazine *loaded = cpu->loaded;
    uint32_t rounds = cpu->rounds;
    cpu->loaded = cpu->previous;
    cpu->rounds = cpu->previous_rounds;
    cpu->room = cache->rounds;
    cpu->previous = loaded;
    cpu->previous_rounds = rounds;
}

/* A new magazine for a CPU that has none loaded; false: no memory. */
static bool begin_magazine(struct slab_cache *cache, struct slab_cpu *cpu)
{
    void *memory;
    if (cache->rounds == 0)
        return false;
    if (take_from_slabs(magazines, &memory, 1) == 0 &&
        (!add_slab(magazines, 0) || take_from_slabs(magazines, &memory, 1) == 0))
        return false;
    slab_debug_allocate(magazines, memory, __builtin_return_address(0));
    cpu->loaded = memory;
    cpu->rounds = 0;
    cpu->room = cache->rounds;
    return true;
}

/* The loaded magazine is empty, or there is none: an object from elsewhere, and more of them into the magazine. */
static void *refill(struct slab_cache *cache, struct slab_cpu *cpu)
{
    void *object = NULL;
    if (cpu->previous_rounds > 0) {
        exchange(cache, cpu);
        return cpu->loaded->objects[--cpu->rounds];
    }
    if (!cpu->loaded && !begin_magazine(cache, cpu)) {
        take_from_slabs(cache, &object, 1);
        return object;
    }
    spin_lock(&cache->lock);
    struct magazine *full = depot_pop(&cache->full_magazines);
    if (full) {
        depot_push(&cache->empty_magazines, cpu->loaded, 0);
        cpu->loaded = full;
        cpu->rounds = (uint32_t)full->rounds;
    } else {
        cpu->rounds = take_objects(cache, cpu->loaded->objects, (cache->rounds + 1u) / 2);
    }
    spin_unlock(&cache->lock);
    return cpu->rounds ? cpu->loaded->objects[--cpu->rounds] : NULL;
}

/* The loaded magazine is full, or there is none: makes room. False: OBJECT went to its slab. */
static bool make_room(struct slab_cache *cache, struct slab_cpu *cpu, void *object)
{
    if (cpu->loaded && cpu->previous && cpu->previous_rounds == 0) {
        exchange(cache, cpu);
        return true;
    }
    struct magazine *away = NULL, *empty;
    spin_lock(&cache->lock);
    if (cpu->loaded) {
        away = cpu->previous; /* full, or there is none */
        cpu->previous = cpu->loaded;
        cpu->previous_rounds = cpu->rounds;
        cpu->loaded = NULL;
        cpu->rounds = cpu->room = 0;
    }
    if (away && cache->full_magazines.count < DEPOT_MAX) {
        depot_push(&cache->full_magazines, away, cache->rounds);
        away = NULL;
    } else if (away) {
        empty_magazine(cache, away, cache->rounds);
    }
    empty = away ? away : depot_pop(&cache->empty_magazines);
    if (empty) {
        cpu->loaded = empty;
        cpu->rounds = 0;
        cpu->room = cache->rounds;
    }
    spin_unlock(&cache->lock);
    if (empty || begin_magazine(cache, cpu))
        return true;

    spin_lock(&cache->lock);
    slab_put(cache, object);
    spin_unlock(&cache->lock);
    return false;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Allocating
 */

/*
 * Both of these come after the short way has failed, but interrupts were on in between: an interrupt, or another CPU
 * that the thread is on by now, may have a magazine that is not empty (or full). So they look again.
 *
 * Slabs are added with interrupts as they are for the caller: when frames are short, other CPUs may have to help.
 */
static void *pop_slowly(struct slab_cache *cache, unsigned flags)
{
    for (;;) {
        bool interrupts = cpu_interrupts_disable();
        struct slab_cpu *cpu = slab_cpu_of(cache->id);
        void *object = cpu->rounds ? cpu->loaded->objects[--cpu->rounds] : refill(cache, cpu);
        if (interrupts)
            cpu_interrupts_enable();
        if (object || !add_slab(cache, flags))
            return object;
    }
}

void slab_push_slowly(struct slab_cache *cache, void *object)
{
    bool interrupts = cpu_interrupts_disable();
    struct slab_cpu *cpu = slab_cpu_of(cache->id);
    if (cpu->rounds < cpu->room || make_room(cache, cpu, object))
        cpu->loaded->objects[cpu->rounds++] = object;
    if (interrupts)
        cpu_interrupts_enable();
}

void *slab_allocate_any(struct slab_cache *cache, unsigned flags, const void *caller)
{
    if (fault_injection_should_fail())
        return NULL;
    void *object = slab_pop(cache->id);
    if (!object && (object = pop_slowly(cache, flags)) == NULL)
        return NULL;
    slab_debug_allocate(cache, object, caller);
    return flags & ALLOC_ZERO ? memset(object, 0, cache->size) : object;
}

void *slab_allocate(struct slab_cache *cache, unsigned flags)
{
    if (__builtin_expect(flags == 0 && !fault_injection_armed, 1)) {
        void *object = slab_pop(cache->id);
        if (__builtin_expect(object != NULL, 1)) {
            slab_debug_allocate(cache, object, __builtin_return_address(0));
            return object;
        }
    }
    return slab_allocate_any(cache, flags, __builtin_return_address(0));
}

void slab_free(struct slab_cache *cache, void *object)
{
    if (!object)
        return;
    slab_debug_find(cache, object);
    slab_debug_free(cache, object, __builtin_return_address(0));
    if (__builtin_expect(!slab_push(cache->id, object), 0))
        slab_push_slowly(cache, object);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Caches
 */

static unsigned objects_in(const struct slab_cache *cache, unsigned order)
{
    return (unsigned)((((size_t)PAGE_SIZE << order) - cache->lead) / cache->stride);
}

/* Large objects make small magazines, lest each CPU keep hundreds of kilobytes. */
static uint8_t rounds_for(size_t size)
{
    return size <= 256 ? MAGAZINE_ROUNDS : size <= 1024 ? MAGAZINE_ROUNDS / 2 : size <= PAGE_SIZE ? 8 : 4;
}

static void lay_out(struct slab_cache *cache, size_t size, size_t alignment)
{
    alignment = alignment < sizeof(void *) ? sizeof(void *) : alignment;
    cache->size = size;
    cache->stride = align_up(size < sizeof(void *) ? sizeof(void *) : size, alignment);
    cache->lead = 0;
    slab_debug_layout(cache, alignment);
    cache->order = 0;
    while (cache->order < ORDER_MAX && objects_in(cache, cache->order) < OBJECTS_WANTED)
        cache->order++;
    cache->capacity = (uint16_t)objects_in(cache, cache->order);
    cache->rounds = rounds_for(size);
    if (cache->capacity == 0)
        panic("objects of %lu bytes are too large for slabs; allocate pages", (unsigned long)size);
}

static struct slab_cache *free_entry(void)
{
    for (unsigned i = 0; i < SLAB_CACHE_MAX; i++) {
        slab_caches[i].id = (uint16_t)i;
        if (!slab_caches[i].name)
            return &slab_caches[i];
    }
    return NULL;
}

/* The name comes last: slab_reclaim looks at every entry that has one. */
struct slab_cache *slab_cache_create(const char *name, size_t size, size_t alignment)
{
    spin_lock(&table_lock);
    struct slab_cache *cache = free_entry();
    if (cache) {
        cache->lock.rank = LOCK_RANK_SLAB;
        list_init(&cache->partial);
        list_init(&cache->full);
        list_init(&cache->empty);
        lay_out(cache, size, alignment);
        __atomic_store_n(&cache->name, name, __ATOMIC_RELEASE);
    }
    spin_unlock(&table_lock);
    return cache;
}

static void free_magazine(struct magazine *magazine)
{
    slab_debug_free(magazines, magazine, __builtin_return_address(0));
    spin_lock(&magazines->lock);
    slab_put(magazines, magazine);
    spin_unlock(&magazines->lock);
}

/* Gives what this CPU keeps of the cache to its slabs. Interrupts are off. */
static void drain_cpu(void *argument)
{
    struct slab_cache *cache = argument;
    struct slab_cpu *cpu = slab_cpu_of(cache->id), had = *cpu;
    *cpu = (struct slab_cpu){0};
    spin_lock(&cache->lock);
    if (had.loaded)
        empty_magazine(cache, had.loaded, had.rounds);
    if (had.previous)
        empty_magazine(cache, had.previous, had.previous_rounds);
    spin_unlock(&cache->lock);
    if (had.loaded)
        free_magazine(had.loaded);
    if (had.previous)
        free_magazine(had.previous);
}

/* Empties the depot and frees the slabs that are empty then. */
static void drain_depot(struct slab_cache *cache)
{
    struct magazine *unused = NULL, *magazine;
    spin_lock(&cache->lock);
    while ((magazine = depot_pop(&cache->full_magazines)) != NULL) {
        empty_magazine(cache, magazine, (unsigned)magazine->rounds);
        magazine->next = unused;
        unused = magazine;
    }
    while ((magazine = depot_pop(&cache->empty_magazines)) != NULL) {
        magazine->next = unused;
        unused = magazine;
    }
    while (!list_is_empty(&cache->empty))
        release_slab(cache, container_of(list_first(&cache->empty), struct page, link));
    spin_unlock(&cache->lock);
    while ((magazine = unused) != NULL) {
        unused = magazine->next;
        free_magazine(magazine);
    }
}

void slab_cache_destroy(struct slab_cache *cache)
{
    smp_call_all_if_possible(drain_cpu, cache);
    drain_depot(cache);
    if (cache->in_use > 0)
        panic(
            "slab cache %s is destroyed, and %lu of its objects are in use", cache->name, (unsigned long)cache->in_use);
    cache->name = NULL;
}

static void drain_all(void *unused)
{
    for (unsigned i = 0; i < SLAB_CACHE_MAX; i++)
        if (slab_caches[i].name)
            drain_cpu(&slab_caches[i]);
}

/* The magazines' own cache comes last: the others give theirs to it. */
void slab_reclaim(void)
{
    smp_call_all_if_possible(drain_all, NULL);
    for (unsigned i = 0; i < SLAB_CACHE_MAX; i++)
        if (slab_caches[i].name && &slab_caches[i] != magazines)
            drain_depot(&slab_caches[i]);
    drain_depot(magazines);
}

void slab_init(void)
{
    static struct page_shrinker shrinker = {.shrink = slab_reclaim};
    kmalloc_init();
    magazines = slab_cache_create("magazine", sizeof(struct magazine), _Alignof(struct magazine));
    magazines->rounds = 0;
    page_add_shrinker(&shrinker);
}
