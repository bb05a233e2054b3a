/*
 * Page faults in programs' memory: finding out what belongs there, and mapping it.
 *
 * The frame is got or made first, without the table lock, since that may sleep; then, under the lock, the entry is
 * looked at again: if it is no longer what it was, another thread of the program has dealt with the same fault, and the
 * frame is given back.
 */
#include "vm/vm_internal.h"

#include "arch/x86_64/trap.h"
#include "debug/fault_injection.h"
#include "lib/errno.h"
#include "lib/string.h"

#define AROUND_PAGES 16u              /* a fault in a file maps neighbours that are in memory, in a window of so many */
#define STACK_GUARD (256 * PAGE_SIZE) /* a stack does not grow closer to another area: Linux's stack_guard_gap */

/* May the access be at all? */
static bool is_allowed(const struct vm_area *area, unsigned error)
{
    if (error & VM_FAULT_WRITE)
        return area->flags & VM_WRITE;
    if (error & VM_FAULT_FETCH)
        return area->flags & VM_EXECUTE;
    return area->flags & (VM_READ | VM_WRITE | VM_EXECUTE);
}

/* Puts VALUE where *entry still is OLD; false when it is not. Locks. */
static int install(struct vm_space *space, vaddr_t address, uint64_t old, uint64_t value)
{
    int result = 0;
    spin_lock(&space->table_lock);
    uint64_t *entry = user_entry_create(&space->tables, address);
    if (entry == NULL)
        result = -ENOMEM;
    else if (user_entry_get(entry) != old)
        result = -EAGAIN;
    else {
        user_entry_set(entry, value);
        space->pages_resident += vm_page_counts(value) - vm_page_counts(old);
        if (space->pages_peak < space->pages_resident)
            space->pages_peak = space->pages_resident;
    }
    spin_unlock(&space->table_lock);
    return result;
}

/* What install says, in the words of vm_fault: a lost race is as good as won. */
static int outcome(int result)
{
    return result == -EAGAIN ? 0 : result;
}

/* A new frame at ADDRESS, a copy of FROM's if there is one, in place of OLD. */
static int map_new(
    struct vm_space *space, const struct vm_area *area, vaddr_t address, uint64_t old, const struct page *from)
{
    struct page *page = page_allocate(0, from ? 0 : ALLOC_ZERO);
    if (page == NULL)
        return -ENOMEM;
    if (from)
        memcpy(page_memory(page), page_memory(from), PAGE_SIZE);
    page_mark(page, PAGE_ANONYMOUS);
    int result = install(space, address, old, user_entry_make(page_address(page), vm_map_flags(area)));
    if (result < 0)
        page_put(page);
    else if (old) {
        tlb_flush_user(&space->tables, address, PAGE_SIZE);
        vm_page_release(old);
    }
    return outcome(result);
}

/*
 * A write to a page that is mapped, but not to be written: a private page that fork has shared, or a file's, or the
 * zero page. Nobody else refers to it: it is ours, and becomes writable. A page that is not ours alone now may only
 * become so, never the other way round, while the area is locked.
 */
static int write_to_present(struct vm_space *space, const struct vm_area *area, vaddr_t address, uint64_t entry)
{
    struct page *page = page_of(user_entry_page(entry));
    bool ours = page != vm_zero_page && __atomic_load_n(&page->references, __ATOMIC_ACQUIRE) == 1;
    if (ours || area->flags & VM_SHARED)
        return outcome(install(space, address, entry, user_entry_allow(entry, vm_map_flags(area))));
    return map_new(space, area, address, entry, page == vm_zero_page ? NULL : page);
}

static int fault_anonymous(struct vm_space *space, const struct vm_area *area, vaddr_t address, unsigned error)
{
    if (error & VM_FAULT_WRITE)
        return map_new(space, area, address, 0, NULL);
    unsigned flags = vm_map_flags(area) & ~MAP_WRITE;
    return outcome(install(space, address, 0, user_entry_make(page_address(vm_zero_page), flags)));
}

/*
 * Maps the neighbours of ADDRESS, which is mapped, that the object has in memory and that nobody has touched yet, for
 * reading. A window is aligned: it lies in one table, which is there.
 */
static void map_around(struct vm_space *space, const struct vm_area *area, vaddr_t address)
{
    uint64_t window = (uint64_t)AROUND_PAGES * PAGE_SIZE;
    vaddr_t start = max_u64(align_down(address, window), area->start), end = min_u64(start + window, area->end);
    unsigned flags = vm_map_flags(area) & ~MAP_WRITE;
    const uint64_t *entry = user_entry(&space->tables, start);
    for (vaddr_t at = start; at < end && entry; at += PAGE_SIZE, entry++) {
        if (at == address || user_entry_get(entry))
            continue;
        struct page *page = area->object->ops->peek_page(area->object, vm_area_index(area, at));
        if (page && install(space, at, 0, user_entry_make(page_address(page), flags)) < 0)
            page_put(page);
    }
}

static int fault_page(struct vm_space *space, const struct vm_area *area, vaddr_t address, unsigned error)
{
    const struct vm_object_ops *ops = area->object->ops;
    bool write = error & VM_FAULT_WRITE, shared = area->flags & VM_SHARED;
    struct page *page;
    int result = ops->get_page(area->object, vm_area_index(area, address), write && shared, &page);
    if (result < 0)
        return result == -ENOMEM ? -ENOMEM : -EIO;
    if (write && !shared) {
        result = map_new(space, area, address, 0, page);
        page_put(page);
        return result;
    }
    /* A shared page becomes writable at the first write to it, so that the object learns of that. */
    unsigned flags = vm_map_flags(area) & (write ? ~0u : ~MAP_WRITE);
    result = install(space, address, 0, user_entry_make(page_address(page), flags));
    if (result < 0)
        page_put(page);
    else if (!write && ops->peek_page)
        map_around(space, area, address);
    return outcome(result);
}

/* What a fault at ADDRESS may have mapped, and the object does not hold any more: out with it. */
static void unmap_beyond(struct vm_space *space, const struct vm_area *area, vaddr_t address)
{
    uint64_t window = (uint64_t)AROUND_PAGES * PAGE_SIZE;
    vaddr_t start = max_u64(align_down(address, window), area->start), end = min_u64(start + window, area->end);
    for (vaddr_t at = start; at < end; at += PAGE_SIZE)
        if (!area->object->ops->holds(area->object, vm_area_index(area, at)))
            vm_pages_unmap(space, at, at + PAGE_SIZE);
}

/* A truncation that goes by between finding a page and mapping it does not see the mapping. */
static int fault_object(struct vm_space *space, const struct vm_area *area, vaddr_t address, unsigned error)
{
    uint64_t truncations = __atomic_load_n(&area->object->truncations, __ATOMIC_SEQ_CST);
    int result = fault_page(space, area, address, error);
    if (truncations != __atomic_load_n(&area->object->truncations, __ATOMIC_SEQ_CST))
        unmap_beyond(space, area, address);
    return result;
}

/* Extends the stack that lies above ADDRESS down to it. space->lock is held for writing. */
static int grow_stack(struct vm_space *space, vaddr_t address)
{
    struct vm_area *area = vm_find_locked(space, address);
    vaddr_t start = align_down(address, PAGE_SIZE);
    if (area == NULL || !(area->flags & VM_GROWS_DOWN))
        return -EFAULT;
    if (area->start <= address)
        return 0; /* someone else has */
    const struct vm_area *previous = vm_area_previous(area);
    uint64_t more = (area->start - start) >> PAGE_SHIFT;
    if (area->end - start > space->stack_limit || (previous && previous->end + STACK_GUARD > start) ||
        start < VM_ADDRESS_MIN || !vm_has_room(space, area->flags, more) ||
        (area->flags & VM_LOCKED && space->pages_locked + more > space->lock_limit))
        return -EFAULT;
    area->start = start;
    vm_count(space, area->flags, more);
    vm_area_moved(space, area);
    return 0;
}

static int fault_in(struct vm_space *space, const struct vm_area *area, vaddr_t address, unsigned error)
{
    if (!is_allowed(area, error))
        return -EFAULT;
    address = align_down(address, PAGE_SIZE);
    const uint64_t *entry = user_entry(&space->tables, address);
    uint64_t value = entry ? user_entry_get(entry) : 0;
    if (value == 0)
        return (area->object ? fault_object : fault_anonymous)(space, area, address, error);
    if (error & VM_FAULT_WRITE && !user_entry_is_writable(value))
        return write_to_present(space, area, address, value);
    return 0; /* another thread was faster, or an old translation has been used */
}

static int fault_once(struct vm_space *space, vaddr_t address, unsigned error, bool *mapped)
{
    for (bool grown = false;; grown = true) {
        rwlock_read(&space->lock);
        struct vm_area *area = vm_find_locked(space, address);
        bool inside = area && area->start <= address;
        int result = inside ? fault_in(space, area, address, error) : -EFAULT;
        rwlock_read_unlock(&space->lock);
        *mapped = inside;
        if (inside || grown)
            return result;

        rwlock_write(&space->lock);
        result = grow_stack(space, address);
        rwlock_write_unlock(&space->lock);
        if (result < 0)
            return result;
    }
}

int vm_fault(struct vm_space *space, vaddr_t address, unsigned error, bool *mapped)
{
    bool inside = false;
    unsigned tries = 0;
    int result = -EFAULT;
    if (address < USER_END)
        do
            result = fault_once(space, address, error, &inside);
        while (__builtin_expect(result == -ENOMEM, 0) && vm_await_memory(&tries));
    if (mapped)
        *mapped = inside;
    return result;
}

/*
 * The processor's page faults: those of programs, and of the kernel where it copies from or to one. Anything else that
 * the kernel touches below USER_END is a bug of its own.
 */
static bool (*program_fault)(struct trap_frame *frame, vaddr_t address, int result, bool mapped);

void vm_set_program_fault(bool (*handle)(struct trap_frame *frame, vaddr_t address, int result, bool mapped))
{
    program_fault = handle;
}

static bool handle_trap(struct trap_frame *frame, vaddr_t address)
{
    struct user_tables *tables = thread_current() ? thread_current()->tables : NULL;
    bool user = trap_from_user(frame);
    if (tables == NULL || address >= USER_END || (!user && !trap_has_fixup(frame)) ||
        (!user && !cpu_interrupts_are_on())) /* whoever holds a lock gets what is there, and no more */
        return user && program_fault && program_fault(frame, address, -EFAULT, false);
    bool mapped;
    uint32_t countdown = user && fault_injection_armed ? fault_injection_pause() : 0;
    int result = vm_fault(vm_space_of(tables), address, (unsigned)frame->error, &mapped);
    if (countdown)
        fault_injection_go_on(countdown);
    thread_current()->faults += result == 0;
    if (result == 0)
        return true;
    if (user && result == -ENOMEM && vm_must_leave())
        return true; /* it ends on its way back, or finds that it need not, and faults again */
    return user && program_fault && program_fault(frame, address, result, mapped);
}

void vm_fault_init(void)
{
    trap_set_handler(TRAP_PAGE_FAULT, handle_trap);
}
