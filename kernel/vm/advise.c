/*
 * Advice about memory (madvise), questions about it (mincore), msync, and taking a truncated object's pages away from
 * all who map them.
 *
 * Of the advice, much is about swap, huge pages or reading ahead, and is taken note of by doing nothing. A range need
 * not be mapped everywhere: what is gets its due, and then the call says -ENOMEM.
 *
 * Source: madvise(2), mincore(2), msync(2).
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
#define MADV_MERGEABLE 12
#define MADV_UNMERGEABLE 13
#define MADV_HUGEPAGE 14
#define MADV_NOHUGEPAGE 15
#define MADV_DONTDUMP 16
#define MADV_DODUMP 17
#define MADV_WIPEONFORK 18
#define MADV_KEEPONFORK 19
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#define MADV_DONTNEED_LOCKED 24

#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MS_SYNC 4

enum advice_kind { ADVICE_UNKNOWN, ADVICE_NOTED, ADVICE_FORGET, ADVICE_FLAGS, ADVICE_POPULATE };

struct advice {
    uint8_t kind;        /* enum advice_kind */
    bool anonymous_only; /* else -EINVAL: private memory that is no file's */
    bool even_locked;    /* else -EINVAL where memory is locked */
    uint32_t set, clear; /* ADVICE_FLAGS: VM_* */
};

static const struct advice table[] = {
    [MADV_NORMAL] = {.kind = ADVICE_NOTED, .even_locked = true},
    [MADV_RANDOM] = {.kind = ADVICE_NOTED, .even_locked = true},
    [MADV_SEQUENTIAL] = {.kind = ADVICE_NOTED, .even_locked = true},
    [MADV_WILLNEED] = {.kind = ADVICE_NOTED, .even_locked = true},
    [MADV_DONTNEED] = {.kind = ADVICE_FORGET},
    [MADV_FREE] = {.kind = ADVICE_FORGET, .anonymous_only = true}, /* at once: allowed, and simpler */
    [MADV_DONTFORK] = {.kind = ADVICE_FLAGS, .even_locked = true, .set = VM_NO_FORK},
    [MADV_DOFORK] = {.kind = ADVICE_FLAGS, .even_locked = true, .clear = VM_NO_FORK},
    [MADV_MERGEABLE] = {.kind = ADVICE_NOTED, .even_locked = true},
    [MADV_UNMERGEABLE] = {.kind = ADVICE_NOTED, .even_locked = true},
    [MADV_HUGEPAGE] = {.kind = ADVICE_NOTED, .even_locked = true},
    [MADV_NOHUGEPAGE] = {.kind = ADVICE_NOTED, .even_locked = true},
    [MADV_DONTDUMP] = {.kind = ADVICE_NOTED, .even_locked = true},
    [MADV_DODUMP] = {.kind = ADVICE_NOTED, .even_locked = true},
    [MADV_WIPEONFORK] = {.kind = ADVICE_FLAGS, .even_locked = true, .anonymous_only = true, .set = VM_WIPE_ON_FORK},
    [MADV_KEEPONFORK] = {.kind = ADVICE_FLAGS, .even_locked = true, .clear = VM_WIPE_ON_FORK},
    [MADV_COLD] = {.kind = ADVICE_NOTED},
    [MADV_PAGEOUT] = {.kind = ADVICE_NOTED},
    [MADV_POPULATE_READ] = {.kind = ADVICE_POPULATE, .even_locked = true},
    [MADV_POPULATE_WRITE] = {.kind = ADVICE_POPULATE, .even_locked = true},
    [MADV_DONTNEED_LOCKED] = {.kind = ADVICE_FORGET, .even_locked = true},
};

/* Does it apply to that kind of memory? */
static int check_area(const struct vm_area *area, const struct advice *advice)
{
    bool anonymous = area->object == NULL && !(area->flags & VM_SHARED);
    return (advice->anonymous_only && !anonymous) || (!advice->even_locked && area->flags & VM_LOCKED) ? -EINVAL : 0;
}

/* [start, end) is all of AREA that is in the range. */
static int apply(
    struct vm_space *space, const struct vm_area *area, vaddr_t start, vaddr_t end, const struct advice *advice)
{
    int error = check_area(area, advice);
    if (!error && advice->kind == ADVICE_FORGET)
        vm_pages_unmap(space, start, end);
    if (error || advice->kind != ADVICE_FLAGS)
        return error;
    error = vm_split_ends(space, start, end);
    if (error)
        return error;
    struct vm_area *piece = vm_find_locked(space, start);
    vm_set_flags(space, piece, (piece->flags | advice->set) & ~advice->clear);
    vm_area_merge(space, piece);
    return 0;
}

/* Goes over what is mapped of the range. Locked, for writing if flags are to change. */
static int apply_all(struct vm_space *space, vaddr_t start, vaddr_t end, const struct advice *advice)
{
    int missing = 0;
    while (start < end) {
        const struct vm_area *area = vm_find_locked(space, start);
        if (area == NULL || area->start >= end)
            return -ENOMEM;
        if (area->start > start)
            missing = -ENOMEM;
        vaddr_t from = max_u64(area->start, start), to = min_u64(area->end, end);
        int error = apply(space, area, from, to, advice);
        if (error)
            return error;
        start = to;
    }
    return missing;
}

/* MADV_POPULATE_READ, _WRITE: every page, or an error that says why not. */
static int populate(struct vm_space *space, vaddr_t start, vaddr_t end, bool write)
{
    for (; start < end; start += PAGE_SIZE) {
        bool mapped;
        int error = vm_fault(space, start, write ? VM_FAULT_WRITE : 0, &mapped);
        if (error)
            return !mapped ? -ENOMEM : error == -EIO ? -EFAULT : error == -EFAULT ? -EINVAL : error;
    }
    return 0;
}

int vm_advise(struct vm_space *space, vaddr_t address, uint64_t size, int advice)
{
    const struct advice *what = advice >= 0 && (size_t)advice < ARRAY_LENGTH(table) ? &table[advice] : NULL;
    if (what == NULL || what->kind == ADVICE_UNKNOWN || !is_aligned(address, PAGE_SIZE))
        return -EINVAL;
    uint64_t whole = align_up(size, PAGE_SIZE);
    if (whole < size || address + whole < address)
        return -EINVAL;
    vaddr_t end = address + whole;
    if (what->kind == ADVICE_POPULATE)
        return populate(space, address, end, advice == MADV_POPULATE_WRITE);
    bool write = what->kind == ADVICE_FLAGS;
    (write ? rwlock_write : rwlock_read)(&space->lock);
    int error = apply_all(space, address, end, what);
    (write ? rwlock_write_unlock : rwlock_read_unlock)(&space->lock);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * mincore, msync
 */

/* Is it there for the next fault to find, mapped or not? */
static bool is_resident(const struct vm_space *space, const struct vm_area *area, vaddr_t address)
{
    const uint64_t *entry = user_entry(&space->tables, address);
    if (entry && user_entry_get(entry))
        return true;
    if (area->object == NULL || area->object->ops->peek_page == NULL)
        return false;
    struct page *page = area->object->ops->peek_page(area->object, vm_area_index(area, address));
    if (page)
        page_put(page);
    return page != NULL;
}

int vm_resident(struct vm_space *space, vaddr_t address, uint64_t pages, uint8_t *resident)
{
    int error = 0;
    rwlock_read(&space->lock);
    const struct vm_area *area = NULL;
    for (uint64_t i = 0; i < pages && !error; i++, address += PAGE_SIZE) {
        if (area == NULL || address >= area->end)
            area = vm_find_locked(space, address);
        if (area == NULL || area->start > address)
            error = -ENOMEM;
        else
            resident[i] = is_resident(space, area, address);
    }
    rwlock_read_unlock(&space->lock);
    return error;
}

/* Mapped pages are the file's own: what is written is there. So there is only to see whether the range is right. */
int vm_sync(struct vm_space *space, vaddr_t address, uint64_t size, int flags)
{
    if (flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC) || !is_aligned(address, PAGE_SIZE) ||
        (flags & MS_ASYNC && flags & MS_SYNC))
        return -EINVAL;
    uint64_t whole = align_up(size, PAGE_SIZE);
    if (address + whole < address)
        return -ENOMEM; /* a size that becomes 0 by rounding is 0, as on Linux */
    int missing = 0, busy = 0;
    vaddr_t end = address + whole;
    rwlock_read(&space->lock);
    while (address < end && !busy) {
        const struct vm_area *area = vm_find_locked(space, address);
        if (area == NULL || area->start > address)
            missing = -ENOMEM;
        if (area == NULL)
            break;
        busy = flags & MS_INVALIDATE && area->flags & VM_LOCKED && area->start < end ? -EBUSY : 0;
        address = area->end;
    }
    rwlock_read_unlock(&space->lock);
    return busy ? busy : missing;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Truncation
 */

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
