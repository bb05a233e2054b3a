/*
 * What is mapped of an address space: taking out, protecting, copying for fork, moving. All of it works on the entries
 * of whole ranges, table by table, under space->table_lock.
 *
 * A frame that was taken out may still be in some CPU's TLB. It is given back only after every CPU that has the space
 * loaded has forgotten it; so frames are collected (struct batch) and released in bunches, each after one flush.
 */
#include "vm/vm_internal.h"

#include "lib/errno.h"

#define BATCH_PAGES 128

struct batch {
    struct vm_space *space;
    vaddr_t start, end; /* where the pages were */
    unsigned count;
    uint64_t entries[BATCH_PAGES];
};

void vm_page_release(uint64_t entry)
{
    struct page *page = page_of(user_entry_page(entry));
    if (page != vm_zero_page)
        page_put(page);
}

/* Not with table_lock held: it waits for other CPUs. */
static void batch_finish(struct batch *batch)
{
    if (batch->count == 0)
        return;
    tlb_flush_user(&batch->space->tables, batch->start, batch->end - batch->start);
    for (unsigned i = 0; i < batch->count; i++)
        vm_page_release(batch->entries[i]);
    batch->count = 0;
}

/* Takes out until the batch is full; then it returns the address to go on from. 0: done. */
static int unmap_some(uint64_t *entries, vaddr_t first, unsigned count, void *argument)
{
    struct batch *batch = argument;
    for (unsigned i = 0; (i = user_entry_next(entries, i, count)) < count; i++) {
        uint64_t entry = user_entry_get(&entries[i]);
        if (batch->count == BATCH_PAGES)
            return 1;
        vaddr_t address = first + (vaddr_t)i * PAGE_SIZE;
        if (batch->count == 0)
            batch->start = address;
        batch->end = address + PAGE_SIZE;
        batch->entries[batch->count++] = entry;
        user_entry_set(&entries[i], 0);
        batch->space->pages_resident -= vm_page_counts(entry);
    }
    return 0;
}

void vm_pages_unmap(struct vm_space *space, vaddr_t start, vaddr_t end)
{
    struct batch batch = {.space = space};
    int more;
    do {
        spin_lock(&space->table_lock);
        more = user_walk(&space->tables, start, end, unmap_some, &batch);
        spin_unlock(&space->table_lock);
        if (batch.count)
            start = batch.end;
        batch_finish(&batch);
    } while (more);
}

/*
 * One table after the other: the lock is given back in between, for whoever else waits for it, and for interrupts. The
 * areas are locked meanwhile, so that nothing comes or goes behind us. A visitor returns WENT_ON when it has noted in
 * *next where the following table begins.
 */
#define WENT_ON 1

static int walk_gently(
    struct vm_space *space, vaddr_t start, vaddr_t end, user_visit *visit, void *argument, const vaddr_t *next)
{
    int result;
    do {
        spin_lock(&space->table_lock);
        result = user_walk(&space->tables, start, end, visit, argument);
        spin_unlock(&space->table_lock);
        start = *next;
    } while (result == WENT_ON);
    return result;
}

static vaddr_t after(vaddr_t first, unsigned count)
{
    return first + (vaddr_t)count * PAGE_SIZE;
}

struct protection {
    const struct vm_area *area;
    unsigned flags;
    vaddr_t next;
};

/* Write permission is only ever taken away here: who may write again finds out by a fault, which copies if it must. */
static int protect_some(uint64_t *entries, vaddr_t first, unsigned count, void *argument)
{
    struct protection *protection = argument;
    bool readable = protection->area->flags & (VM_READ | VM_WRITE | VM_EXECUTE);
    for (unsigned i = 0; i < count; i++) {
        uint64_t entry = user_entry_get(&entries[i]);
        if (entry == 0)
            continue;
        unsigned flags = protection->flags;
        if (!user_entry_is_writable(entry))
            flags &= ~MAP_WRITE;
        user_entry_set(&entries[i], user_entry_allow_user(user_entry_allow(entry, flags), readable));
    }
    protection->next = after(first, count);
    return WENT_ON;
}

void vm_pages_protect(struct vm_space *space, const struct vm_area *area, vaddr_t start, vaddr_t end)
{
    struct protection protection = {.area = area, .flags = vm_map_flags(area)};
    walk_gently(space, start, end, protect_some, &protection, &protection.next);
    tlb_flush_user(&space->tables, start, end - start);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Fork
 */

struct copying {
    struct vm_space *child;
    bool private;
    bool changed; /* entries of the parent have become read-only */
    vaddr_t next;
};

static int copy_some(uint64_t *entries, vaddr_t first, unsigned count, void *argument)
{
    struct copying *copying = argument;
    uint64_t *to = NULL;
    for (unsigned i = 0; i < count; i++) {
        uint64_t entry = user_entry_get(&entries[i]);
        if (entry == 0)
            continue;
        if (to == NULL) /* the child's table for the same 2 MiB */
            to = user_entry_create(&copying->child->tables, first);
        if (to == NULL)
            return -ENOMEM;
        if (copying->private && user_entry_is_writable(entry)) {
            entry = user_entry_read_only(entry);
            user_entry_set(&entries[i], entry);
            copying->changed = true;
        }
        struct page *page = page_of(user_entry_page(entry));
        if (page != vm_zero_page)
            page_get(page);
        user_entry_set(&to[i], entry);
        copying->child->pages_resident += vm_page_counts(entry);
    }
    copying->next = after(first, count);
    return WENT_ON;
}

int vm_pages_fork(struct vm_space *parent, struct vm_space *child, const struct vm_area *area, bool *changed)
{
    struct copying copying = {.child = child, .private = !(area->flags & VM_SHARED)};
    int result = walk_gently(parent, area->start, area->end, copy_some, &copying, &copying.next);
    *changed |= copying.changed;
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Moving
 */

struct moving {
    struct vm_space *space;
    vaddr_t from, to, next;
};

static int move_some(uint64_t *entries, vaddr_t first, unsigned count, void *argument)
{
    struct moving *moving = argument;
    for (unsigned i = 0; i < count; i++) {
        uint64_t entry = user_entry_get(&entries[i]);
        if (entry == 0)
            continue;
        uint64_t *to =
            user_entry_create(&moving->space->tables, first + (vaddr_t)i * PAGE_SIZE - moving->from + moving->to);
        if (to == NULL)
            return -ENOMEM;
        user_entry_set(to, entry);
        user_entry_set(&entries[i], 0);
    }
    moving->next = after(first, count);
    return WENT_ON;
}

int vm_pages_move(struct vm_space *space, vaddr_t from, vaddr_t to, uint64_t size)
{
    struct moving forth = {.space = space, .from = from, .to = to}, back = {.space = space, .from = to, .to = from};
    int result = walk_gently(space, from, from + size, move_some, &forth, &forth.next);
    if (result < 0)
        walk_gently(space, to, to + size, move_some, &back, &back.next); /* whose tables are there */
    tlb_flush_user(&space->tables, from, size);
    return result;
}
