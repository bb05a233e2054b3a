/*
 * Changing areas: mmap, munmap, mprotect, brk.
 *
 * Every change first splits the areas at the ends of its range, then works on whole areas, and merges neighbours that
 * have become alike. What a change needs is allocated before anything is changed, so that it happens whole or not at
 * all.
 *
 * Source: mmap(2), mprotect(2), brk(2), getrlimit(2).
 */
#include "vm/vm_internal.h"

#include "lib/errno.h"

/* Of MAP_32BIT, as on Linux. */
#define LOW_START 0x40000000ull
#define LOW_END 0x80000000ull

/* Whole pages within the address space? Rounds *size up. */
int vm_check_range(vaddr_t address, uint64_t *size)
{
    if (!is_aligned(address, PAGE_SIZE) || *size > USER_END)
        return -EINVAL;
    *size = align_up(*size, PAGE_SIZE);
    return address <= USER_END - *size ? 0 : -EINVAL;
}

static vaddr_t find_place_locked(const struct vm_space *space, uint64_t size)
{
    vaddr_t place = vm_find_hole(space, size, VM_ADDRESS_MIN, space->map_top);
    return place ? place : vm_find_hole(space, size, VM_ADDRESS_MIN, USER_END);
}

vaddr_t vm_find_place(struct vm_space *space, uint64_t size, uint64_t alignment)
{
    if (size > USER_END || alignment > USER_END)
        return 0;
    rwlock_read(&space->lock);
    vaddr_t place = find_place_locked(space, size + alignment - PAGE_SIZE);
    rwlock_read_unlock(&space->lock);
    return place ? align_up(place, alignment) : 0;
}

/* Memory of its own that a program may write to, more than the machine has: that would be a mistake. All else is lazy:
 * what is not touched costs nothing. */
static bool is_absurd(uint64_t pages, unsigned flags)
{
    return (flags & (VM_WRITE | VM_SHARED | VM_NO_RESERVE)) == VM_WRITE && pages > page_total_count();
}

/* Where a new area goes; error as a negative number. */
static long choose_place(struct vm_space *space, vaddr_t wish, uint64_t size, unsigned map_flags)
{
    if (map_flags & (VM_MAP_FIXED | VM_MAP_NO_REPLACE)) {
        if (!is_aligned(wish, PAGE_SIZE) || wish > USER_END - size)
            return wish > USER_END - size ? -ENOMEM : -EINVAL;
        if (wish < VM_ADDRESS_MIN)
            return -EPERM;
        const struct vm_area *there = vm_find_locked(space, wish);
        if (map_flags & VM_MAP_NO_REPLACE && there && there->start < wish + size)
            return -EEXIST;
        return (long)wish;
    }
    wish = align_down(wish, PAGE_SIZE);
    if (wish >= VM_ADDRESS_MIN && wish <= USER_END - size) {
        const struct vm_area *there = vm_find_locked(space, wish);
        if (there == NULL || there->start >= wish + size)
            return (long)wish;
    }
    vaddr_t place =
        map_flags & VM_MAP_LOW ? vm_find_hole(space, size, LOW_START, LOW_END) : find_place_locked(space, size);
    return place ? (long)place : -ENOMEM;
}

/* How much of a range there is already, and how much of that counts as data. */
static void count_range(struct vm_space *space, vaddr_t start, vaddr_t end, uint64_t *pages, uint64_t *data)
{
    *pages = *data = 0;
    for (struct vm_area *area = vm_find_locked(space, start); area && area->start < end; area = vm_area_next(area)) {
        uint64_t part = (min_u64(area->end, end) - max_u64(area->start, start)) >> PAGE_SHIFT;
        *pages += part;
        *data += vm_is_data(area->flags) ? part : 0;
    }
}

/* Do the limits leave room for a new area there? 0, or -ENOMEM, -EAGAIN. */
static int check_limits(struct vm_space *space, vaddr_t start, vaddr_t end, unsigned flags)
{
    uint64_t pages = (end - start) >> PAGE_SHIFT, there, data;
    if (space->area_count >= VM_AREAS_MAX || is_absurd(pages, flags))
        return -ENOMEM;
    if (flags & VM_LOCKED && space->pages_locked + pages > space->lock_limit)
        return -EAGAIN;
    if (vm_has_room(space, flags, pages))
        return 0;
    count_range(space, start, end, &there, &data); /* it takes the place of what is there */
    bool fits = space->pages_mapped - there + pages <= space->address_limit &&
                (!vm_is_data(flags) || space->pages_data - data + pages <= space->data_limit >> PAGE_SHIFT);
    return fits ? 0 : -ENOMEM;
}

long vm_map_locked(struct vm_space *space, vaddr_t address, uint64_t size, unsigned flags, unsigned map_flags,
    const struct vm_backing *backing)
{
    if (size == 0 || !is_aligned(backing->offset, PAGE_SIZE))
        return -EINVAL;
    if (size > USER_END)
        return -ENOMEM;
    size = align_up(size, PAGE_SIZE);
    long place = choose_place(space, address, size, map_flags);
    if (place < 0)
        return place;
    vaddr_t start = (vaddr_t)place, end = start + size;
    flags |= flags & VM_SPECIAL ? 0 : space->new_flags;
    int error = check_limits(space, start, end, flags);
    if (error)
        return error;

    struct vm_area model = {.start = start, .end = end, .flags = flags, .object = backing->object};
    model.offset = backing->offset >> PAGE_SHIFT;
    model.origin = backing->origin;
    struct vm_area *area = vm_area_copy(&model, space);
    if (area == NULL)
        return -ENOMEM;
    if (vm_split_ends(space, start, end) < 0) {
        vm_area_free(area);
        return -ENOMEM;
    }
    vm_remove_range(space, start, end);
    vm_area_insert(space, area);
    vm_count(space, flags, size >> PAGE_SHIFT);
    vm_area_merge(space, area);
    return place;
}

long vm_map_backed(struct vm_space *space, vaddr_t address, uint64_t size, unsigned flags, unsigned map_flags,
    const struct vm_backing *backing)
{
    rwlock_write(&space->lock);
    long place = vm_map_locked(space, address, size, flags, map_flags, backing);
    bool locked = ((flags | space->new_flags) & VM_LOCK_FLAGS) == VM_LOCKED;
    rwlock_write_unlock(&space->lock);
    if (place > 0 && (map_flags & VM_MAP_POPULATE || locked))
        vm_populate(space, (vaddr_t)place, (vaddr_t)place + align_up(size, PAGE_SIZE));
    return place;
}

long vm_map(struct vm_space *space, vaddr_t address, uint64_t size, unsigned flags, unsigned map_flags,
    struct vm_object *object, uint64_t offset)
{
    return vm_map_backed(
        space, address, size, flags, map_flags, &(struct vm_backing){.object = object, .offset = offset});
}

int vm_unmap_locked(struct vm_space *space, vaddr_t address, uint64_t size)
{
    int error = vm_split_ends(space, address, address + size);
    if (!error)
        vm_remove_range(space, address, address + size);
    return error;
}

int vm_unmap(struct vm_space *space, vaddr_t address, uint64_t size)
{
    if (size == 0 || vm_check_range(address, &size) < 0)
        return -EINVAL;
    rwlock_write(&space->lock);
    int error = vm_unmap_locked(space, address, size);
    rwlock_write_unlock(&space->lock);
    return error;
}

/* Does AREA show an object of that kind, in such a place that its beginning is, or was, at ADDRESS? */
static bool is_part(const struct vm_area *area, vaddr_t address, const struct vm_object_ops *ops)
{
    return area->object && area->object->ops == ops && area->start - address == area->offset << PAGE_SHIFT;
}

int vm_unmap_object(struct vm_space *space, vaddr_t address, const struct vm_object_ops *ops)
{
    const struct vm_object *object = NULL;
    rwlock_write(&space->lock);
    for (struct vm_area *area = vm_find_locked(space, address), *next; area; area = next) {
        next = vm_area_next(area);
        if (area->start < address || !is_part(area, address, ops) || (object && area->object != object))
            continue;
        object = area->object;
        vm_remove_range(space, area->start, area->end);
    }
    rwlock_write_unlock(&space->lock);
    return object ? 0 : -EINVAL;
}

/* A stack from its lowest address on, for who wants to change all of it. 0 or -EINVAL: there is none. */
static int extend_down(struct vm_space *space, vaddr_t *start, vaddr_t end)
{
    const struct vm_area *area = vm_find_locked(space, *start);
    if (area == NULL || area->start >= end)
        return -ENOMEM;
    *start = area->start;
    return area->flags & VM_GROWS_DOWN ? 0 : -EINVAL;
}

/* Is every page of the range in some area, of which AREA is the first, and may each get the protection? */
static int check_protect(
    const struct vm_space *space, const struct vm_area *area, vaddr_t start, vaddr_t end, unsigned protection)
{
    vaddr_t at = start;
    uint64_t data = 0;
    for (; at < end; area = vm_area_next(area)) {
        if (area == NULL || area->start > at)
            return -ENOMEM;
        if ((protection & VM_WRITE && !(area->flags & VM_MAY_WRITE)) ||
            (protection & VM_EXECUTE && area->flags & VM_NEVER_EXECUTE))
            return -EACCES;
        uint64_t part = (min_u64(area->end, end) - at) >> PAGE_SHIFT;
        if (!vm_is_data(area->flags) && vm_is_data(area->flags | protection)) {
            if (is_absurd(part, area->flags | protection))
                return -ENOMEM;
            data += part;
        }
        at = area->end;
    }
    return data == 0 || space->pages_data + data <= space->data_limit >> PAGE_SHIFT ? 0 : -ENOMEM;
}

int vm_protect(struct vm_space *space, vaddr_t address, uint64_t size, unsigned protection)
{
    if (vm_check_range(address, &size) < 0)
        return is_aligned(address, PAGE_SIZE) ? -ENOMEM : -EINVAL;
    vaddr_t end = address + size;
    if (size == 0)
        return 0;
    rwlock_write(&space->lock);
    int error = protection & VM_PROTECT_DOWN ? extend_down(space, &address, end) : 0;
    protection &= VM_READ | VM_WRITE | VM_EXECUTE;
    struct vm_area *area = vm_find_locked(space, address);
    if (!error)
        error = check_protect(space, area, address, end, protection);
    if (!error)
        error = vm_split_ends(space, address, end);
    if (!error && area->start < address)
        area = vm_area_next(area); /* of the two that it is now */
    while (!error && area && area->start < end) {
        vm_set_flags(space, area, (area->flags & ~(VM_READ | VM_WRITE | VM_EXECUTE)) | protection);
        vm_pages_protect(space, area, area->start, area->end);
        area = vm_area_next(vm_area_merge(space, area));
    }
    rwlock_write_unlock(&space->lock);
    return error;
}

vaddr_t vm_set_brk(struct vm_space *space, vaddr_t brk)
{
    rwlock_write(&space->lock);
    vaddr_t old_end = align_up(space->brk, PAGE_SIZE), new_end = align_up(brk, PAGE_SIZE);
    if (brk < space->brk_start || brk > USER_END - PAGE_SIZE ||
        new_end - align_down(space->brk_start, PAGE_SIZE) > space->data_limit)
        ;
    else if (new_end <= old_end) {
        if (new_end == old_end || vm_split_ends(space, new_end, old_end) == 0) {
            vm_remove_range(space, new_end, old_end);
            space->brk = brk;
        }
    } else {
        const struct vm_area *next = vm_find_locked(space, old_end);
        static const struct vm_backing nothing;
        bool free = next == NULL || next->start >= new_end + PAGE_SIZE;
        if (free && vm_map_locked(space, old_end, new_end - old_end, VM_READ | VM_WRITE | VM_MAY_WRITE | VM_HEAP,
                        VM_MAP_FIXED, &nothing) > 0)
            space->brk = brk;
    }
    bool populate = space->brk == brk && new_end > old_end && (space->new_flags & VM_LOCK_FLAGS) == VM_LOCKED;
    brk = space->brk;
    rwlock_write_unlock(&space->lock);
    if (populate)
        vm_populate(space, old_end, new_end);
    return brk;
}
