/*
 * The rarer calls on areas: madvise, mremap, msync, and taking a truncated object's pages away from all who map them.
 *
 * Source: madvise(2), mremap(2), msync(2).
 */
#include "vm/vm_internal.h"

#include "lib/errno.h"

/* <sys/mman.h> */
#define MADV_NORMAL 0
#define MADV_RANDOM 1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED 3
#define MADV_DONTNEED 4
#define MADV_FREE 8
#define MADV_DONTFORK 10
#define MADV_DOFORK 11
#define MADV_HUGEPAGE 14
#define MADV_NOHUGEPAGE 15
#define MADV_DONTDUMP 16
#define MADV_DODUMP 17
#define MREMAP_MAYMOVE 1u
#define MREMAP_FIXED 2u
#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MS_SYNC 4

/* Applies FLAGS to every area of the range, whose ends are ends of areas. */
static void change_flags(struct vm_space *space, vaddr_t start, vaddr_t end, uint32_t set, uint32_t clear)
{
    struct vm_area *area = vm_find_locked(space, start);
    for (; area && area->start < end; area = vm_area_next(area))
        area->flags = (area->flags | set) & ~clear;
}

/* Is every page of the range in some area? -ENOMEM is what both calls say otherwise. */
static int check_mapped(struct vm_space *space, vaddr_t start, vaddr_t end)
{
    for (struct vm_area *area = vm_find_locked(space, start); start < end; area = vm_area_next(area)) {
        if (area == NULL || area->start > start)
            return -ENOMEM;
        start = area->end;
    }
    return 0;
}

static int set_fork(struct vm_space *space, vaddr_t start, vaddr_t end, bool fork)
{
    rwlock_write(&space->lock);
    int error = vm_split_ends(space, start, end);
    if (!error)
        change_flags(space, start, end, fork ? 0 : VM_NO_FORK, fork ? VM_NO_FORK : 0);
    rwlock_write_unlock(&space->lock);
    return error;
}

int vm_advise(struct vm_space *space, vaddr_t address, uint64_t size, int advice)
{
    if (vm_check_range(address, &size) < 0)
        return -EINVAL;
    vaddr_t end = address + size;
    rwlock_read(&space->lock);
    int mapped = check_mapped(space, address, end);
    rwlock_read_unlock(&space->lock);

    switch (advice) {
    case MADV_NORMAL:
    case MADV_RANDOM:
    case MADV_SEQUENTIAL:
    case MADV_WILLNEED:
    case MADV_HUGEPAGE:
    case MADV_NOHUGEPAGE:
    case MADV_DONTDUMP:
    case MADV_DODUMP: return mapped;
    case MADV_DONTNEED:
    case MADV_FREE: /* at once: allowed, and simpler */
        rwlock_read(&space->lock);
        vm_pages_unmap(space, address, end);
        rwlock_read_unlock(&space->lock);
        return mapped;
    case MADV_DONTFORK:
    case MADV_DOFORK: return mapped ? mapped : set_fork(space, address, end, advice == MADV_DOFORK);
    default: return -EINVAL;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * mremap
 */

/* Can AREA, which ends at END, grow by MORE bytes where it is? */
static bool may_grow(struct vm_space *space, const struct vm_area *area, vaddr_t end, uint64_t more)
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

/* Maps what AREA is, from OLD on, at a new place of NEW_SIZE, moves the pages there and unmaps the old place. */
static long move(struct vm_space *space, const struct vm_area *area, vaddr_t old, uint64_t old_size, uint64_t new_size,
    unsigned map_flags, vaddr_t wish)
{
    struct vm_backing backing = backing_at(area, old);
    if (backing.object)
        vm_object_get(backing.object);
    if (backing.origin)
        vm_origin_get(backing.origin);
    long place = vm_map_locked(space, wish, new_size, area->flags & ~VM_GROWS_DOWN, map_flags, &backing);
    if (backing.object)
        vm_object_put(backing.object);
    if (backing.origin)
        vm_origin_put(backing.origin);
    if (place < 0)
        return place;
    if (vm_pages_move(space, old, (vaddr_t)place, min_u64(old_size, new_size)) < 0) {
        vm_unmap_locked(space, (vaddr_t)place, new_size);
        return -ENOMEM;
    }
    vm_unmap_locked(space, old, old_size);
    return place;
}

static long remap_locked(
    struct vm_space *space, vaddr_t old, uint64_t old_size, uint64_t new_size, unsigned flags, vaddr_t new)
{
    struct vm_area *area = vm_find_locked(space, old);
    if (area == NULL || area->start > old || old_size > area->end - old || area->flags & VM_SPECIAL)
        return -EFAULT;
    if (flags & MREMAP_FIXED) {
        if (new < old + old_size && old < new + new_size)
            return -EINVAL;
        return move(space, area, old, old_size, new_size, VM_MAP_FIXED, new);
    }
    if (new_size <= old_size) {
        int error = new_size < old_size ? vm_unmap_locked(space, old + new_size, old_size - new_size) : 0;
        return error ? error : (long)old;
    }
    uint64_t more = new_size - old_size;
    if (may_grow(space, area, old + old_size, more)) {
        struct vm_backing backing = backing_at(area, area->end);
        long place = vm_map_locked(space, area->end, more, area->flags, VM_MAP_FIXED, &backing);
        return place < 0 ? place : (long)old; /* the two have become one */
    }
    return flags & MREMAP_MAYMOVE ? move(space, area, old, old_size, new_size, 0, 0) : -ENOMEM;
}

long vm_remap(struct vm_space *space, vaddr_t old, uint64_t old_size, uint64_t new_size, unsigned flags, vaddr_t new)
{
    if (flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED) || (flags & MREMAP_FIXED && !(flags & MREMAP_MAYMOVE)) ||
        new_size == 0 || old_size == 0 || vm_check_range(old, &old_size) < 0)
        return -EINVAL;
    new_size = align_up(min_u64(new_size, USER_END), PAGE_SIZE);
    if (flags & MREMAP_FIXED && vm_check_range(new, &new_size) < 0)
        return -EINVAL;
    rwlock_write(&space->lock);
    long place = remap_locked(space, old, old_size, new_size, flags, new);
    rwlock_write_unlock(&space->lock);
    return place;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files
 */

int vm_sync(struct vm_space *space, vaddr_t address, uint64_t size, int flags)
{
    if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || (flags & MS_ASYNC && flags & MS_SYNC) ||
        vm_check_range(address, &size) < 0)
        return -EINVAL;
    rwlock_read(&space->lock);
    int error = check_mapped(space, address, address + size);
    rwlock_read_unlock(&space->lock);
    return error; /* mapped pages are the file's own: what is written is there */
}

/* What mapping number N has of the range: a reference to its space, and where. NULL: there are not so many. */
struct mapping {
    struct vm_space *space; /* NULL: nothing of the range, or a space that is going away */
    vaddr_t start, end;
};

static bool get_mapping(struct vm_object *object, uint64_t number, uint64_t first, uint64_t end, struct mapping *found)
{
    bool there = false;
    *found = (struct mapping){0};
    spin_lock(&object->lock);
    list_for_each(struct vm_area, area, &object->mappings, mapping)
    {
        if (number-- > 0)
            continue;
        there = true;
        uint64_t from = max_u64(first, area->offset), to = min_u64(end, area->offset + vm_area_pages(area));
        if (from < to && vm_space_try_get(area->space))
            *found = (struct mapping){area->space, area->start + ((from - area->offset) << PAGE_SHIFT),
                area->start + ((to - area->offset) << PAGE_SHIFT)};
        break;
    }
    spin_unlock(&object->lock);
    return there;
}

void vm_object_unmap(struct vm_object *object, uint64_t first_index, uint64_t count)
{
    uint64_t end = first_index + count < first_index ? UINT64_MAX : first_index + count;
    uint64_t generation;
    __atomic_fetch_add(&object->truncations, 1, __ATOMIC_SEQ_CST); /* faults under way look at it when they are done */
    do { /* again when mappings have come and gone meanwhile */
        generation = __atomic_load_n(&object->generation, __ATOMIC_ACQUIRE);
        struct mapping mapping;
        for (uint64_t n = 0; get_mapping(object, n, first_index, end, &mapping); n++) {
            if (mapping.space == NULL)
                continue;
            vm_pages_unmap(mapping.space, mapping.start, mapping.end);
            vm_space_put(mapping.space);
        }
    } while (generation != __atomic_load_n(&object->generation, __ATOMIC_ACQUIRE));
}
