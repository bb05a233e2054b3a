/*
 * Memory for queues: whole pages, which devices reach at their physical addresses.
 */
#include "drivers/virtio/virtio_internal.h"

#include "mm/page.h"

static unsigned order_of(size_t size)
{
    unsigned order = 0;
    while ((size_t)PAGE_SIZE << order < size)
        order++;
    return order;
}

void *virtio_memory_allocate(size_t size, paddr_t *address)
{
    struct page *page = page_allocate(order_of(size), ALLOC_ZERO);
    if (page == NULL)
        return NULL;
    *address = page_address(page);
    return page_memory(page);
}

void virtio_memory_release(void *memory, size_t size)
{
    page_free(page_of(direct_map_physical(memory)), order_of(size));
}
