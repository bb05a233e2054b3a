/*
 * mremap: areas grow, shrink and move, with the pages that are in them.
 *
 * Source: mremap(2).
 */
#include "vm/vm_internal.h"

#include "lib/errno.h"

/* <sys/mman.h> */
#define MREMAP_MAYMOVE 1u
#define MREMAP_FIXED 2u
#define MREMAP_DONTUNMAP 4u

struct remap {
    vaddr_t old;
    uint64_t old_size, new_size;
    unsigned flags;
    vaddr_t new;
};

/* Can AREA, which ends at END, grow by MORE bytes where it is? */
static bool may_grow(const struct vm_area *area, vaddr_t end, uint64_t more)
{
    const struct vm_area *next = vm_area_next(area);
    return area->end == end && more <= USER_END - end && (next == NULL || next->start >= end + more);
}

/* What AREA shows at ADDRESS, or would if it went so far. */
static struct vm_backing backing_at(const struct vm_area *area, vaddr_t address)
{
    uint64_t index = area->object ? vm_area_index(area, address) : 0;
    return (struct vm_backing){.object = area->object, .offset = index << PAGE_SHIFT, .origin = area->origin};
}

/* Maps at another place what AREA shows. While that is done the old place does not count: it gives way to the new. */
static long map_new(struct vm_space *space, const struct vm_area *area, const struct remap *remap)
{
    struct vm_backing backing = backing_at(area, remap->old);
    unsigned flags = area->flags & ~VM_GROWS_DOWN, counted = area->flags;
    uint64_t old_pages = remap->flags & MREMAP_DONTUNMAP ? 0 : remap->old_size >> PAGE_SHIFT;
    if (backing.object)
        vm_object_get(backing.object);
    if (backing.origin)
        vm_origin_get(backing.origin);
    vm_uncount(space, counted, old_pages);
    long place = vm_map_locked(
        space, remap->new, remap->new_size, flags, remap->flags & MREMAP_FIXED ? VM_MAP_FIXED : 0, &backing);
    vm_count(space, counted, old_pages);
    if (backing.object)
        vm_object_put(backing.object);
    if (backing.origin)
        vm_origin_put(backing.origin);
    return place;
}

/* AREA may be gone afterwards. What of the old place is not needed any more goes; with DONTUNMAP it stays, empty. */
static long move(struct vm_space *space, const struct vm_area *area, const struct remap *remap)
{
    long place = map_new(space, area, remap);
    if (place < 0)
        return place;
    uint64_t both = min_u64(remap->old_size, remap->new_size);
    if (both && vm_pages_move(space, remap->old, (vaddr_t)place, both) < 0) {
        vm_unmap_locked(space, (vaddr_t)place, remap->new_size);
        return -ENOMEM;
    }
    if (remap->old_size && !(remap->flags & MREMAP_DONTUNMAP))
        vm_unmap_locked(space, remap->old, remap->old_size);
    return place;
}

/* Is there an area for all of the old place, and may it become so large? */
static int check(const struct vm_space *space, const struct vm_area *area, const struct remap *remap)
{
    if (area == NULL || area->start > remap->old)
        return -EFAULT;
    if (remap->old_size == 0 && !(area->flags & VM_SHARED))
        return -EINVAL; /* a second place for shared memory; of private memory there is none */
    if (remap->old_size > area->end - remap->old)
        return -EFAULT;
    if (area->flags & VM_SPECIAL && remap->new_size > remap->old_size)
        return -EFAULT;
    uint64_t more = remap->new_size > remap->old_size ? (remap->new_size - remap->old_size) >> PAGE_SHIFT : 0;
    if (area->flags & VM_LOCKED && space->pages_locked + more > space->lock_limit)
        return -EAGAIN;
    return vm_has_room(space, area->flags, more) ? 0 : -ENOMEM;
}

static long remap_locked(struct vm_space *space, const struct remap *remap)
{
    struct vm_area *area = vm_find_locked(space, remap->old);
    bool elsewhere = remap->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
    if (!elsewhere && remap->new_size <= remap->old_size) {
        if (area == NULL || area->start > remap->old)
            return -EFAULT;
        uint64_t less = remap->old_size - remap->new_size;
        int error = less ? vm_unmap_locked(space, remap->old + remap->new_size, less) : 0;
        return error ? error : (long)remap->old;
    }
    int error = check(space, area, remap);
    if (error)
        return error;
    uint64_t more = remap->new_size - remap->old_size;
    vaddr_t end = remap->old + remap->old_size;
    if (!elsewhere && remap->old_size && may_grow(area, end, more)) {
        struct vm_backing backing = backing_at(area, end);
        long place = vm_map_locked(space, end, more, area->flags, VM_MAP_FIXED, &backing);
        return place < 0 ? place : (long)remap->old; /* the two have become one */
    }
    return elsewhere || remap->flags & MREMAP_MAYMOVE ? move(space, area, remap) : -ENOMEM;
}

static int check_arguments(struct remap *remap)
{
    unsigned flags = remap->flags;
    if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP) ||
        (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) && !(flags & MREMAP_MAYMOVE)) ||
        !is_aligned(remap->old, PAGE_SIZE) || remap->old_size > USER_END || remap->new_size > USER_END ||
        remap->new_size == 0)
        return -EINVAL;
    remap->old_size = align_up(remap->old_size, PAGE_SIZE);
    remap->new_size = align_up(remap->new_size, PAGE_SIZE);
    if (flags & MREMAP_DONTUNMAP && remap->old_size != remap->new_size)
        return -EINVAL;
    if (!(flags & MREMAP_FIXED)) {
        remap->new = flags &MREMAP_DONTUNMAP ? remap->new : 0; /* a wish */
        return 0;
    }
    if (!is_aligned(remap->new, PAGE_SIZE) || remap->new > USER_END - remap->new_size ||
        (remap->new < remap->old + remap->old_size && remap->old < remap->new + remap->new_size))
        return -EINVAL;
    return 0;
}

long vm_remap(struct vm_space *space, vaddr_t old, uint64_t old_size, uint64_t new_size, unsigned flags, vaddr_t new)
{
    struct remap remap = {.old = old, .old_size = old_size, .new_size = new_size, .flags = flags, .new = new};
    int error = check_arguments(&remap);
    if (error)
        return error;
    rwlock_write(&space->lock);
    long place = remap_locked(space, &remap);
    struct vm_area *area = place > 0 ? vm_find_locked(space, (vaddr_t)place) : NULL;
    bool populate = area && (area->flags & VM_LOCK_FLAGS) == VM_LOCKED && remap.new_size > remap.old_size;
    rwlock_write_unlock(&space->lock);
    if (populate)
        (void)vm_populate(space, (vaddr_t)place + remap.old_size, (vaddr_t)place + remap.new_size);
    return place;
}
