/*
 * Memory that is to be there: mlock and its relatives, and bringing in a whole range at once.
 *
 * There is no swap, and nothing that a program has mapped is ever taken away from it, so whatever is in memory stays
 * there. Locking therefore means: it is brought in at once, and counted against a limit.
 *
 * Source: mlock(2), mlockall(2), mmap(2) for MAP_POPULATE.
 */
#include "vm/vm_internal.h"

#include "lib/errno.h"

/* The next piece of [start, end) that is mapped, and how to touch it. False: there is none. */
static bool next_piece(struct vm_space *space, vaddr_t start, vaddr_t end, vaddr_t *from, vaddr_t *to, unsigned *error)
{
    rwlock_read(&space->lock);
    const struct vm_area *area = vm_find_locked(space, start);
    bool found = start < end && area && area->start < end;
    if (found) {
        *from = max_u64(area->start, start);
        *to = min_u64(area->end, end);
        *error = (area->flags & (VM_WRITE | VM_SHARED)) == VM_WRITE ? VM_FAULT_WRITE : 0;
    }
    rwlock_read_unlock(&space->lock);
    return found;
}

int vm_populate(struct vm_space *space, vaddr_t start, vaddr_t end)
{
    vaddr_t from, to;
    unsigned how;
    for (; next_piece(space, start, end, &from, &to, &how); start = to)
        for (; from < to; from += PAGE_SIZE) {
            int error = vm_fault(space, from, how, NULL);
            if (error)
                return error;
        }
    return 0;
}

/* How much of a range is locked already. -ENOMEM: it is not all mapped. */
static int count_locked(struct vm_space *space, vaddr_t start, vaddr_t end, uint64_t *locked)
{
    *locked = 0;
    for (struct vm_area *area = vm_find_locked(space, start); start < end; area = vm_area_next(area)) {
        if (area == NULL || area->start > start)
            return -ENOMEM;
        vaddr_t to = min_u64(area->end, end);
        *locked += area->flags & VM_LOCKED ? (to - start) >> PAGE_SHIFT : 0;
        start = to;
    }
    return 0;
}

/* Every area of the range, whose ends are ends of areas. */
static void set_locked(struct vm_space *space, vaddr_t start, vaddr_t end, unsigned flags)
{
    struct vm_area *area = vm_find_locked(space, start);
    while (area && area->start < end) {
        if (!(area->flags & VM_SPECIAL))
            vm_set_flags(space, area, (area->flags & ~VM_LOCK_FLAGS) | flags);
        area = vm_area_next(vm_area_merge(space, area));
    }
}

static int lock_range(struct vm_space *space, vaddr_t start, vaddr_t end, unsigned flags, uint64_t limit)
{
    uint64_t locked;
    rwlock_write(&space->lock);
    int error = count_locked(space, start, end, &locked);
    if (!error && flags && space->pages_locked - locked + ((end - start) >> PAGE_SHIFT) > limit)
        error = -ENOMEM;
    if (!error)
        error = vm_split_ends(space, start, end);
    if (!error) {
        space->lock_limit = limit;
        set_locked(space, start, end, flags);
    }
    rwlock_write_unlock(&space->lock);
    return error;
}

int vm_lock(struct vm_space *space, vaddr_t address, uint64_t size, unsigned flags, uint64_t limit)
{
    vaddr_t start = align_down(address, PAGE_SIZE);
    uint64_t whole = align_up(size + (address - start), PAGE_SIZE); /* what wraps to 0 is 0, as on Linux */
    if (start + whole < start)
        return -EINVAL;
    if (whole == 0)
        return 0;
    if (start + whole > USER_END)
        return -ENOMEM;
    int error = lock_range(space, start, start + whole, flags, limit);
    if (error || flags != VM_LOCKED)
        return error;
    error = vm_populate(space, start, start + whole);
    return error == -ENOMEM ? -EAGAIN : error ? -ENOMEM : 0;
}

int vm_lock_all(struct vm_space *space, bool current, unsigned flags, unsigned new_flags, uint64_t limit)
{
    rwlock_write(&space->lock);
    int error = current && flags && space->pages_mapped > limit ? -ENOMEM : 0;
    if (!error) {
        space->new_flags = new_flags;
        space->lock_limit = limit;
        if (current)
            set_locked(space, 0, USER_END, flags);
    }
    rwlock_write_unlock(&space->lock);
    if (!error && current && flags == VM_LOCKED)
        (void)vm_populate(space, 0, USER_END); /* as far as there is memory */
    return error;
}
