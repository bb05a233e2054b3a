/*
 * What an address space really has in memory: for /proc/PID/status, statm and smaps. The page tables are walked, some
 * tables at a time, so nobody waits for long; what changes meanwhile is counted as it was or as it is.
 *
 * A frame is private when no other page table maps it. An object's frame has one reference more, the object's own
 * (vm.h). The page of zeros belongs to nobody and is not counted.
 */
#include "vm/vm_internal.h"

#define TABLES 16 /* for one hold of table_lock */

struct measuring {
    struct vm_usage *usage;
    unsigned tables; /* since the lock was taken */
    vaddr_t next;    /* where to go on */
};

static void count_page(struct vm_usage *usage, const struct page *page, bool dirty)
{
    bool anonymous = page->use == PAGE_ANONYMOUS, shared_memory = page->use == PAGE_SHARED_MEMORY;
    uint32_t references = __atomic_load_n(&page->references, __ATOMIC_RELAXED);
    uint32_t maps = references > !anonymous ? references - !anonymous : 1;
    uint64_t share = (uint64_t)PAGE_SIZE / maps;
    dirty |= anonymous;
    usage->resident++;
    usage->anonymous += anonymous;
    usage->shared_memory += shared_memory;
    usage->file += !anonymous && !shared_memory;
    uint64_t *kind = maps > 1 ? dirty ? &usage->shared_dirty : &usage->shared_clean
                     : dirty  ? &usage->private_dirty
                              : &usage->private_clean;
    ++*kind;
    usage->share += share;
    usage->share_dirty += dirty ? share : 0;
    usage->share_anonymous += anonymous ? share : 0;
    usage->share_shared_memory += shared_memory ? share : 0;
}

static int count_entries(uint64_t *entries, vaddr_t first, unsigned count, void *argument)
{
    struct measuring *measuring = argument;
    measuring->next = first;
    if (measuring->tables++ == TABLES)
        return 1;
    for (unsigned i = 0; i < count; i++) {
        uint64_t entry = user_entry_get(&entries[i]);
        const struct page *page = entry ? page_of(user_entry_page(entry)) : vm_zero_page;
        if (page != vm_zero_page)
            count_page(measuring->usage, page, user_entry_is_dirty(entry));
    }
    return 0;
}

void vm_measure_locked(struct vm_space *space, const struct vm_area *area, struct vm_usage *usage)
{
    struct measuring measuring = {.usage = usage, .next = area->start};
    int more;
    do {
        measuring.tables = 0;
        spin_lock(&space->table_lock);
        more = user_walk(&space->tables, measuring.next, area->end, count_entries, &measuring);
        spin_unlock(&space->table_lock);
    } while (more);
}

void vm_measure(struct vm_space *space, struct vm_usage *usage)
{
    *usage = (struct vm_usage){0};
    rwlock_read(&space->lock);
    for (struct vm_area *area = vm_find_locked(space, 0); area; area = vm_area_next(area))
        vm_measure_locked(space, area, usage);
    rwlock_read_unlock(&space->lock);
}
