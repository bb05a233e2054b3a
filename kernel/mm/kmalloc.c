/*
 * Objects of any size: a cache for each of some sizes, and whole blocks of page frames beyond. Which of the two an
 * object is, the struct page of its frame tells.
 *
 * The caches are the first that are made, so that their numbers are those of the table of sizes, and kmalloc finds what
 * the CPU keeps of one without a look at the cache.
 */
#include "mm/slab_internal.h"

#include "debug/fault_injection.h"
#include "panic.h"

#define SIZE_SHIFT 4      /* sizes are told apart by 16 bytes ... */
#define SMALL_MAX 1024    /* ... up to here, and are powers of two beyond */
#define LARGE_MARK 0x6b6d /* `flags` of the first page of what is larger than every cache */

static const struct {
    uint16_t size;
    const char *name;
} sizes[] = {
    {16, "kmalloc-16"},
    {32, "kmalloc-32"},
    {48, "kmalloc-48"},
    {64, "kmalloc-64"},
    {96, "kmalloc-96"},
    {128, "kmalloc-128"},
    {192, "kmalloc-192"},
    {256, "kmalloc-256"},
    {384, "kmalloc-384"},
    {512, "kmalloc-512"},
    {768, "kmalloc-768"},
    {SMALL_MAX, "kmalloc-1024"},
    {2048, "kmalloc-2048"},
    {4096, "kmalloc-4096"},
    {8192, "kmalloc-8192"},
};
#define SIZE_MAX_CACHED 8192
#define FIRST_LARGE 12 /* index of 2048 */

static uint8_t small_sizes[(SMALL_MAX >> SIZE_SHIFT) + 1]; /* by size / 16, rounded up */

static inline unsigned cache_for(size_t size)
{
    if (__builtin_expect(size <= SMALL_MAX, 1))
        return small_sizes[(size + (1 << SIZE_SHIFT) - 1) >> SIZE_SHIFT];
    return FIRST_LARGE + (63 - 10) - (unsigned)__builtin_clzll(size - 1);
}

static void *allocate_large(size_t size, unsigned flags)
{
    unsigned order = 0;
    while (order <= PAGE_ORDER_MAX && ((size_t)PAGE_SIZE << order) < size)
        order++;
    struct page *page = page_allocate(order, flags);
    if (!page)
        return NULL;
    page->flags = LARGE_MARK;
    return page_memory(page);
}

static void free_large(struct page *page, void *object)
{
    if (page->state != PAGE_USED || page->flags != LARGE_MARK || page_memory(page) != object)
        panic("kfree of %p, which kmalloc did not return, or which is free already", object);
    page->flags = 0;
    page_free(page, page->order);
}

static __attribute__((noinline)) void *allocate_size(size_t size, unsigned flags, const void *caller)
{
    if (size > SIZE_MAX_CACHED)
        return allocate_large(size, flags);
    return slab_allocate_any(&slab_caches[cache_for(size)], flags, caller);
}

void *kmalloc(size_t size, unsigned flags)
{
    if (__builtin_expect(size <= SIZE_MAX_CACHED && flags == 0 && !fault_injection_armed, 1)) {
        unsigned id = cache_for(size);
        void *object = slab_pop(id);
        if (__builtin_expect(object != NULL, 1)) {
            slab_debug_allocate(&slab_caches[id], object, __builtin_return_address(0));
            return object;
        }
    }
    return allocate_size(size, flags, __builtin_return_address(0));
}

void kfree(void *object)
{
    if (!object)
        return;
    struct page *page = page_of(direct_map_physical(object));
    if (__builtin_expect(page->state != PAGE_SLAB, 0)) {
        free_large(page, object);
        return;
    }
    slab_debug_find(NULL, object);
    slab_debug_free(page->slab, object, __builtin_return_address(0));
    if (__builtin_expect(!slab_push((unsigned)page->slab_cache_id, object), 0))
        slab_push_slowly(page->slab, object);
}

size_t kmalloc_size(const void *object)
{
    const struct page *page = page_of(direct_map_physical(object));
    return page->state == PAGE_SLAB ? ((struct slab_cache *)page->slab)->size : (size_t)PAGE_SIZE << page->order;
}

void kmalloc_init(void)
{
    unsigned small = 0;
    for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++) {
        unsigned size = sizes[i].size;
        slab_cache_create(sizes[i].name, size, size < PAGE_SIZE ? 16 : PAGE_SIZE);
        while (size <= SMALL_MAX && small <= size >> SIZE_SHIFT)
            small_sizes[small++] = (uint8_t)i;
    }
}
