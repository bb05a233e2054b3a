/*
 * Address spaces: making, copying and ending them; and what changes of their areas have in common: splitting, merging
 * and removing.
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

int vm_object_begin_write(struct vm_object *object)
{
    spin_lock(&object->lock);
    bool may = !object->read_only;
    object->writers += may;
    spin_unlock(&object->lock);
    return may ? 0 : -EPERM;
}

void vm_object_end_write(struct vm_object *object)
{
    spin_lock(&object->lock);
    object->writers--;
    spin_unlock(&object->lock);
}

int vm_object_seal(struct vm_object *object, bool idle)
{
    spin_lock(&object->lock);
    bool busy = idle && object->writers > 0;
    object->read_only |= !busy;
    spin_unlock(&object->lock);
    return busy ? -EBUSY : 0;
}

/* Through which its object may be written to. */
static bool is_writer(const struct vm_area *area)
{
    return (area->flags & (VM_SHARED | VM_MAY_WRITE)) == (VM_SHARED | VM_MAY_WRITE);
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
    area->object->writers += is_writer(area);
    spin_unlock(&area->object->lock);
    if (area->object->ops->mapped)
        area->object->ops->mapped(area->object, 1);
}

static void detach(struct vm_area *area)
{
    if (area->object) {
        spin_lock(&area->object->lock);
        list_remove(&area->mapping);
        area->object->generation++;
        area->object->writers -= is_writer(area);
        spin_unlock(&area->object->lock);
        if (area->object->ops->mapped)
            area->object->ops->mapped(area->object, -1);
        vm_object_put(area->object);
    }
    if (area->origin)
        vm_origin_put(area->origin);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Areas
 */

/* A copy of MODEL that is attached to its object but in no tree. NULL: no memory. */
struct vm_area *vm_area_copy(const struct vm_area *model, struct vm_space *space)
{
    struct vm_area *area = slab_allocate(vm_area_cache, 0);
    if (area == NULL)
        return NULL;
    *area = *model;
    area->space = space;
    attach(area);
    return area;
}

void vm_area_free(struct vm_area *area)
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
    vm_area_free(right);
    left->end = end;
    vm_area_moved(space, left);
}

struct vm_area *vm_area_merge(struct vm_space *space, struct vm_area *area)
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

/* Makes ADDRESS an end of an area, if it lies in AREA, the first one that ends behind it. 0 or -ENOMEM. */
static int split_at(struct vm_space *space, struct vm_area *area, vaddr_t address)
{
    if (area == NULL || area->start >= address)
        return 0;
    if (space->area_count >= VM_AREAS_MAX)
        return -ENOMEM;
    struct vm_area *upper = vm_area_copy(area, space);
    if (upper == NULL)
        return -ENOMEM;
    upper->start = address;
    upper->offset = vm_area_index(area, address);
    if (area->flags & VM_GROWS_DOWN) { /* what lies below goes on growing */
        upper->flags &= ~VM_GROWS_DOWN;
        vm_uncount(space, area->flags, vm_area_pages(upper));
        vm_count(space, upper->flags, vm_area_pages(upper));
    }
    area->end = address;
    vm_area_insert(space, upper);
    return 0;
}

int vm_split_ends(struct vm_space *space, vaddr_t start, vaddr_t end)
{
    struct vm_area *area = vm_find_locked(space, start);
    bool ends_there = area && area->end == end;
    int error = split_at(space, area, start);
    return error || ends_there ? error : split_at(space, vm_find_locked(space, end), end);
}

void vm_remove_range(struct vm_space *space, vaddr_t start, vaddr_t end)
{
    struct vm_area *area = vm_find_locked(space, start);
    if (area && area->start < end)
        vm_pages_unmap(space, start, end);
    while (area && area->start < end) {
        struct vm_area *next = vm_area_next(area);
        vm_uncount(space, area->flags, vm_area_pages(area));
        vm_area_remove(space, area);
        vm_area_free(area);
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
    space->address_limit = space->data_limit = space->lock_limit = UINT64_MAX;
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
    bool doomed = space->doomed;
    vm_remove_range(space, 0, USER_END);
    user_tables_destroy(&space->tables);
    slab_free(space_cache, space);
    if (doomed)
        vm_doomed_gone();
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

/*
 * Copies one area with what is mapped. Pages that a fault would find again in the object need no copy, nor do those
 * that a child is to find empty. What is locked is so for the parent only.
 */
static int fork_area(struct vm_space *parent, struct vm_space *child, const struct vm_area *area, bool *changed)
{
    if (area->flags & VM_NO_FORK)
        return 0;
    struct vm_area *copy = vm_area_copy(area, child);
    if (copy == NULL)
        return -ENOMEM;
    copy->flags &= ~VM_LOCK_FLAGS;
    vm_area_insert(child, copy);
    vm_count(child, copy->flags, vm_area_pages(copy));
    if (area->flags & VM_WIPE_ON_FORK)
        return 0;
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
    child->pages_peak = child->pages_resident;
    return child;
}
