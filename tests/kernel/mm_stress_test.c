/*
 * All CPUs allocate and free at once, in any order, and free what others have allocated; each block says whose it is,
 * so that none is given out twice; and all that allocators know of themselves must agree, meanwhile and afterwards.
 */
#include "ktest.h"
#include "on_cpus.h"

#include "arch/x86_64/percpu.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "mm/vmap.h"

#define ROUNDS 6000 /* of all CPUs together: where each is a thread of the host, they wait for one another much */
#define SLOTS 64
#define CHECKS 4   /* while it goes on */
#define RECLAIMS 2 /* of each CPU */

enum kind { PAGES, SIZED, CACHED, AREA, KINDS };

/* What each block begins with. The last word of the block is `check`, too. */
struct block {
    uint64_t check;
    size_t size; /* bytes that are ours */
    uint8_t kind, order;
};

static struct block *slots[SLOTS];
static struct slab_cache *cache;
static uint64_t damaged, failed;

/* xorshift64*, a state for each CPU. */
static uint64_t random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1dull;
}

static uint64_t *last_word(struct block *block)
{
    return (uint64_t *)((char *)block + block->size) - 1;
}

static void *allocate(enum kind kind, unsigned order, size_t size)
{
    struct page *page;
    switch (kind) {
    case PAGES: page = page_allocate(order, 0); return page ? page_memory(page) : NULL;
    case SIZED: return kmalloc(size, 0);
    case CACHED: return slab_allocate(cache, 0);
    default: return vmap_allocate(size, 0);
    }
}

static struct block *make(uint64_t *state)
{
    uint64_t dice = random(state);
    enum kind kind = dice % 64 == 0 ? AREA : dice % 3;
    unsigned order = (dice >> 8) % 16 ? 0 : (dice >> 12) % 6;
    const size_t sizes[] = {
        (size_t)PAGE_SIZE << order, 32 + (dice >> 16) % 300 * 8, 104, PAGE_SIZE * (1 + (dice >> 16) % 6)};
    struct block *block = allocate(kind, order, sizes[kind]);
    if (!block) {
        __atomic_fetch_add(&failed, 1, __ATOMIC_RELAXED);
        return NULL;
    }
    *block = (struct block){.check = dice, .size = sizes[kind], .kind = (uint8_t)kind, .order = (uint8_t)order};
    *last_word(block) = dice;
    return block;
}

static void release(struct block *block)
{
    if (*last_word(block) != block->check)
        __atomic_fetch_add(&damaged, 1, __ATOMIC_RELAXED);
    *last_word(block) = block->check = 0; /* whoever shares it will notice */
    switch (block->kind) {
    case PAGES: page_free(page_of(direct_map_physical(block)), block->order); break;
    case SIZED: kfree(block); break;
    case CACHED: slab_free(cache, block); break;
    default: vmap_free(block); break;
    }
}

static void check_all(void)
{
    page_check();
    slab_check();
    vmap_check();
}

static void work(unsigned cpu, void *unused)
{
    uint64_t state = 0x9e3779b97f4a7c15ull * (cpu + 1);
    unsigned rounds = ROUNDS / cpu_count;
    for (unsigned round = 0; round < rounds; round++) {
        struct block *block = make(&state);
        block = __atomic_exchange_n(&slots[random(&state) % SLOTS], block, __ATOMIC_ACQ_REL);
        if (block)
            release(block);
        if (cpu == 0 && round % (rounds / CHECKS) == 0)
            check_all();
        if (round % (rounds / RECLAIMS) == 99)
            slab_reclaim();
    }
}

KTEST(mm_stress_on_all_cpus)
{
    cache = slab_cache_create("stress", 104, 8);
    if (!KTEST_CHECK(cache != NULL))
        return;
    damaged = failed = 0;
    on_cpus(work, NULL);
    for (unsigned i = 0; i < SLOTS; i++) {
        if (slots[i])
            release(slots[i]);
        slots[i] = NULL;
    }
    KTEST_EQUAL(damaged, 0);
    KTEST_EQUAL(failed, 0);
    KTEST_EQUAL(slab_object_count(cache), 0);
    check_all();
    slab_cache_destroy(cache);
}
