/*
 * Address spaces: making, copying and ending them, and changing their areas.
 *
 * Every change first splits the areas at the ends of its range, then works on whole areas, and merges neighbours that
 * have become alike. What a change needs is allocated before anything is changed, so that it happens whole or not at
 * all; the one exception is a process that runs out of memory in the middle of a fork, whose child is thrown away.
 */
#include "vm/vm_internal.h"

#include "arch/x86_64/trap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "panic.h"

struct slab_cache *vm_area_cache;
struct page *vm_zero_page;
static struct slab_cache *space_cache;

void vm_init(void)
{
    vm_area_cache = slab_cache_create("vm_area", sizeof(struct vm_area), _Alignof(struct vm_area));
    space_cache = slab_cache_create("vm_space", sizeof(struct vm_space), _Alignof(struct vm_space));
    vm_zero_page = page_allocate(0, ALLOC_ZERO);
    if (!vm_area_cache || !space_cache || !vm_zero_page)
        panic("there is not enough memory to start; give the machine more");
    vm_fault_init();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Objects
 */

void vm_object_init(struct vm_object *object, const struct vm_object_ops *ops, void *owner)
{
    *object = (struct vm_object){.ops = ops, .owner = owner};
    spin_lock_init(&object->lock, LOCK_RANK_OBJECT);
    list_init(&object->mappings);
}

void vm_object_get(struct vm_object *object)
{
    object->ops->get(object);
}

void vm_object_put(struct vm_object *object)
{
    object->ops->put(object);
}

static void attach(struct vm_area *area)
{
    list_node_init(&area->mapping);
    if (area->origin)
        vm_origin_get(area->origin);
    if (area->object == NULL)
        return;
    vm_object_get(area->object);
    spin_lock(&area->object->lock);
    list_push_back(&area->object->mappings, &area->mapping);
    area->object->generation++;
    spin_unlock(&area->object->lock);
}

static void detach(struct vm_area *area)
{
    if (area->object) {
        spin_lock(&area->object->lock);
        list_remove(&area->mapping);
        area->object->generation++;
        spin_unlock(&area->object->lock);
        vm_object_put(area->object);
    }
    if (area->origin)
        vm_origin_put(area->origin);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Areas
 */

/* A copy of MODEL that is attached to its object but in no tree. NULL: no memory. */
static struct vm_area *area_copy(const struct vm_area *model, struct vm_space *space)
{
    struct vm_area *area = slab_allocate(vm_area_cache, 0);
    if (area == NULL)
        return NULL;
    *area = *model;
    area->space = space;
    attach(area);
    return area;
}

static void area_free(struct vm_area *area)
{
    detach(area);
    slab_free(vm_area_cache, area);
}

/* Do two neighbours continue each other? */
static bool continues(const struct vm_area *left, const struct vm_area *right)
{
    return left->end == right->start && left->flags == right->flags && left->object == right->object &&
           left->origin == right->origin && !(left->flags & (VM_SPECIAL | VM_GROWS_DOWN)) &&
           (left->object == NULL || left->offset + vm_area_pages(left) == right->offset);
}

static void merge(struct vm_space *space, struct vm_area *left, struct vm_area *right)
{
    vaddr_t end = right->end;
    vm_area_remove(space, right);
    area_free(right);
    left->end = end;
    vm_area_moved(space, left);
}

/* Merges AREA with its neighbours where they continue each other; returns what it is part of then. */
static struct vm_area *merge_around(struct vm_space *space, struct vm_area *area)
{
    struct vm_area *previous = vm_area_previous(area), *next = vm_area_next(area);
    if (next && continues(area, next))
        merge(space, area, next);
    if (previous && continues(previous, area)) {
        merge(space, previous, area);
        return previous;
    }
    return area;
}

/* Makes ADDRESS an end of an area, if it lies in one. 0 or -ENOMEM. */
static int split_at(struct vm_space *space, vaddr_t address)
{
    struct vm_area *area = vm_find_locked(space, address);
    if (area == NULL || area->start >= address)
        return 0;
    if (space->area_count >= VM_AREAS_MAX)
        return -ENOMEM;
    struct vm_area *upper = area_copy(area, space);
    if (upper == NULL)
        return -ENOMEM;
    upper->start = address;
    upper->offset = vm_area_index(area, address);
    upper->flags &= ~VM_GROWS_DOWN;
    area->end = address;
    vm_area_insert(space, upper);
    return 0;
}

int vm_split_ends(struct vm_space *space, vaddr_t start, vaddr_t end)
{
    int error = split_at(space, start);
    return error ? error : split_at(space, end);
}

/* Takes all areas of a range away, whose ends are ends of areas. */
static void remove_range(struct vm_space *space, vaddr_t start, vaddr_t end)
{
    struct vm_area *area = vm_find_locked(space, start);
    if (area && area->start < end)
        vm_pages_unmap(space, start, end);
    while (area && area->start < end) {
        struct vm_area *next = vm_area_next(area);
        space->pages_mapped -= vm_area_pages(area);
        vm_area_remove(space, area);
        area_free(area);
        area = next;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Spaces
 */

struct vm_space *vm_space_create(void)
{
    struct vm_space *space = slab_allocate(space_cache, ALLOC_ZERO);
    if (space == NULL)
        return NULL;
    if (user_tables_create(&space->tables) < 0) {
        slab_free(space_cache, space);
        return NULL;
    }
    rwlock_init(&space->lock, LOCK_RANK_SPACE);
    spin_lock_init(&space->table_lock, LOCK_RANK_SPACE_TABLE);
    space->references = 1;
    space->address_limit = space->data_limit = UINT64_MAX;
    space->stack_limit = MIB(8);
    return space;
}

void vm_space_get(struct vm_space *space)
{
    __atomic_fetch_add(&space->references, 1, __ATOMIC_RELAXED);
}

bool vm_space_try_get(struct vm_space *space)
{
    uint32_t references = __atomic_load_n(&space->references, __ATOMIC_RELAXED);
    while (references > 0 && !__atomic_compare_exchange_n(&space->references, &references, references + 1, false,
                                 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        ;
    return references > 0;
}

void vm_space_put(struct vm_space *space)
{
    if (space == NULL || __atomic_sub_fetch(&space->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    remove_range(space, 0, USER_END);
    user_tables_destroy(&space->tables);
    slab_free(space_cache, space);
}

void vm_space_enter(struct vm_space *space)
{
    bool interrupts = cpu_interrupts_disable();
    struct thread *self = thread_current();
    self->tables = space ? &space->tables : NULL;
    if (space) {
        trap_set_kernel_stack(self->stack_base + THREAD_STACK_SIZE);
        user_tables_switch(&space->tables);
    }
    if (interrupts)
        cpu_interrupts_enable();
}

void vm_set_limits(struct vm_space *space, uint64_t stack, uint64_t data, uint64_t address_space)
{
    __atomic_store_n(&space->stack_limit, stack, __ATOMIC_RELAXED);
    __atomic_store_n(&space->data_limit, data, __ATOMIC_RELAXED);
    __atomic_store_n(&space->address_limit, address_space >> PAGE_SHIFT, __ATOMIC_RELAXED);
}

static void copy_figures(struct vm_space *to, const struct vm_space *from)
{
    to->pages_mapped = from->pages_mapped;
    to->brk_start = from->brk_start;
    to->brk = from->brk;
    to->map_top = from->map_top;
    to->stack_top = from->stack_top;
    to->stack_start = from->stack_start;
    to->arguments = from->arguments;
    to->arguments_end = from->arguments_end;
    to->environment_end = from->environment_end;
    to->auxiliary = from->auxiliary;
    to->auxiliary_end = from->auxiliary_end;
    to->vdso = from->vdso;
    to->address_limit = from->address_limit;
    to->data_limit = from->data_limit;
    to->stack_limit = from->stack_limit;
}

/* Copies one area with what is mapped. Pages that a fault would find again in the object need no copy. */
static int fork_area(struct vm_space *parent, struct vm_space *child, const struct vm_area *area, bool *changed)
{
    if (area->flags & VM_NO_FORK) {
        child->pages_mapped -= vm_area_pages(area);
        return 0;
    }
    struct vm_area *copy = area_copy(area, child);
    if (copy == NULL)
        return -ENOMEM;
    vm_area_insert(child, copy);
    return area->flags & VM_SHARED && area->object ? 0 : vm_pages_fork(parent, child, area, changed);
}

struct vm_space *vm_space_fork(struct vm_space *parent)
{
    struct vm_space *child = vm_space_create();
    if (child == NULL)
        return NULL;
    int error = 0;
    bool changed = false;
    rwlock_write(&parent->lock);
    copy_figures(child, parent);
    for (struct rb_node *node = rb_first(&parent->areas); node && !error; node = rb_next(node))
        error = fork_area(parent, child, container_of(node, struct vm_area, node), &changed);
    if (changed) /* before the child runs, and before the parent's other threads may change areas */
        tlb_flush_user(&parent->tables, 0, USER_END);
    rwlock_write_unlock(&parent->lock);
    if (error) {
        vm_space_put(child);
        return NULL;
    }
    child->pages_mapped_peak = child->pages_mapped;
    child->pages_peak = child->pages_resident;
    return child;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Changing areas
 */

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
    vaddr_t place = find_place_locked(space, size);
    return place ? (long)place : -ENOMEM;
}

/* Memory of its own that a program may write to, more than the machine has: that would be a mistake. All else is lazy:
 * what is not touched costs nothing. */
static bool is_absurd(uint64_t pages, unsigned flags)
{
    return (flags & (VM_WRITE | VM_SHARED | VM_NO_RESERVE)) == VM_WRITE && pages > page_total_count();
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
    if (space->pages_mapped + (size >> PAGE_SHIFT) > space->address_limit || space->area_count >= VM_AREAS_MAX ||
        is_absurd(size >> PAGE_SHIFT, flags))
        return -ENOMEM;

    struct vm_area model = {.start = start, .end = end, .flags = flags, .object = backing->object};
    model.offset = backing->offset >> PAGE_SHIFT;
    model.origin = backing->origin;
    struct vm_area *area = area_copy(&model, space);
    if (area == NULL)
        return -ENOMEM;
    if (vm_split_ends(space, start, end) < 0) {
        area_free(area);
        return -ENOMEM;
    }
    remove_range(space, start, end);
    vm_area_insert(space, area);
    vm_count_mapped(space, size >> PAGE_SHIFT);
    merge_around(space, area);
    return place;
}

long vm_map_backed(struct vm_space *space, vaddr_t address, uint64_t size, unsigned flags, unsigned map_flags,
    const struct vm_backing *backing)
{
    rwlock_write(&space->lock);
    long place = vm_map_locked(space, address, size, flags, map_flags, backing);
    rwlock_write_unlock(&space->lock);
    if (place > 0 && map_flags & VM_MAP_POPULATE)
        for (uint64_t done = 0; done < size; done += PAGE_SIZE)
            vm_fault(space, (vaddr_t)place + done, flags & VM_WRITE ? VM_FAULT_WRITE : 0, NULL);
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
        remove_range(space, address, address + size);
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

/* Is every page of the range in some area, and may each get the protection? */
static int check_protect(struct vm_space *space, vaddr_t start, vaddr_t end, unsigned protection)
{
    vaddr_t at = start;
    for (struct vm_area *area = vm_find_locked(space, start); at < end; area = vm_area_next(area)) {
        if (area == NULL || area->start > at)
            return -ENOMEM;
        if (protection & VM_WRITE && !(area->flags & VM_MAY_WRITE))
            return -EACCES;
        at = area->end;
    }
    return 0;
}

int vm_protect(struct vm_space *space, vaddr_t address, uint64_t size, unsigned protection)
{
    if (vm_check_range(address, &size) < 0)
        return is_aligned(address, PAGE_SIZE) ? -ENOMEM : -EINVAL;
    vaddr_t end = address + size;
    if (size == 0)
        return 0;
    rwlock_write(&space->lock);
    int error = check_protect(space, address, end, protection);
    if (!error)
        error = vm_split_ends(space, address, end);
    struct vm_area *area = error ? NULL : vm_find_locked(space, address);
    while (area && area->start < end) {
        area->flags = (area->flags & ~(VM_READ | VM_WRITE | VM_EXECUTE)) | protection;
        vm_pages_protect(space, area, area->start, area->end);
        area = vm_area_next(merge_around(space, area));
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
            remove_range(space, new_end, old_end);
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
    brk = space->brk;
    rwlock_write_unlock(&space->lock);
    return brk;
}
