/*
 * Shared memory: see shared_memory.h.
 *
 * What areas map is an object of the segment's own, which has the pages of its file's: so that who maps it is counted,
 * and the segment found. References: one of the table until the segment is removed, and those of areas.
 *
 * Locks: the table's (ipc.h). Areas come and go with their address space locked, above it.
 */
#include "ipc/shared_memory.h"

#include "fs/cache.h"
#include "fs/memory_file.h"
#include "fs/origin.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "mm/slab.h"

/* As on Linux. */
#define SIZE_LIMIT (UINT64_MAX - (1ull << 24))
#define SEGMENTS_LIMIT 4096

struct segment {
    struct ipc_object ipc;
    struct vm_object object;
    uint32_t references;
    struct file *file;
    uint64_t size, attachments;
    int64_t attached, detached, changed;
    int32_t creator, last;
    bool removed; /* it is in the table no more, though somebody may be about to attach it */
};

struct shared_memory_limits shared_memory_limits = {SIZE_LIMIT, SIZE_LIMIT, SEGMENTS_LIMIT};

static struct mutex lock = MUTEX_INIT(lock, IPC);

static struct ipc_table *current_table(void)
{
    return ipc_table(IPC_SHARED_MEMORY);
}

static struct segment *segment_of(const struct ipc_object *object)
{
    return container_of(object, struct segment, ipc);
}

static uint64_t pages_of(uint64_t size)
{
    return size / PAGE_SIZE + (size % PAGE_SIZE != 0);
}

static void put(struct segment *segment)
{
    if (__atomic_sub_fetch(&segment->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    file_put(segment->file);
    kfree(segment);
}

/* Out of the table, whose reference is the caller's to put. The lock is held. */
static void take_out(struct segment *segment)
{
    segment->removed = true;
    segment->ipc.table->amount -= pages_of(segment->size);
    ipc_remove_locked(segment->ipc.table, &segment->ipc);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The object that areas map
 */

static struct vm_object *contents(const struct vm_object *object)
{
    const struct segment *segment = object->owner;
    return segment->file->inode->object;
}

static int get_page(struct vm_object *object, uint64_t index, bool write, struct page **page)
{
    struct vm_object *inner = contents(object);
    return inner->ops->get_page(inner, index, write, page);
}

static struct page *peek_page(struct vm_object *object, uint64_t index)
{
    struct vm_object *inner = contents(object);
    return inner->ops->peek_page(inner, index);
}

static bool holds(struct vm_object *object, uint64_t index)
{
    const struct segment *segment = object->owner;
    return index < pages_of(segment->size);
}

static void get_segment(struct vm_object *object)
{
    struct segment *segment = object->owner;
    __atomic_fetch_add(&segment->references, 1, __ATOMIC_RELAXED);
}

static void put_segment(struct vm_object *object)
{
    put(object->owner);
}

/* An area more, or less: the last one takes a segment with it that was removed. */
static void mapped(struct vm_object *object, int change)
{
    struct segment *segment = object->owner;
    mutex_lock(&lock);
    segment->attachments += (uint64_t)(int64_t)change;
    *(change > 0 ? &segment->attached : &segment->detached) = ipc_now();
    segment->last = ipc_process();
    bool gone = segment->attachments == 0 && segment->ipc.permissions.mode & SHM_DEST && !segment->removed;
    if (gone)
        take_out(segment);
    mutex_unlock(&lock);
    if (gone)
        put(segment);
}

static const struct vm_object_ops object_ops = {.get_page = get_page,
    .peek_page = peek_page,
    .holds = holds,
    .get = get_segment,
    .put = put_segment,
    .mapped = mapped};

/* ------------------------------------------------------------------------------------------------------------------
 * Making and finding
 */

static int check_size(const struct ipc_object *object, uint64_t size)
{
    return segment_of(object)->size < size ? -EINVAL : 0;
}

static int check_new(const struct ipc_table *table, uint64_t size, unsigned flags)
{
    const struct shared_memory_limits *limits = &shared_memory_limits;
    uint64_t pages = pages_of(size), used = table->amount;
    if (size == 0 || size > limits->size)
        return -EINVAL;
    if (used + pages < used || used + pages > limits->pages)
        return -ENOSPC;
    if (flags & SHM_HUGETLB)
        return credentials_capable(credentials_current(), CAP_IPC_LOCK) ? -ENOMEM : -EPERM; /* there are none */
    return (flags & SHM_NORESERVE || pages <= page_total_count()) && size <= INT64_MAX ? 0 : -ENOMEM;
}

static struct ipc_object *create(struct ipc_table *table, int32_t key, uint64_t size, unsigned flags, int *error)
{
    char name[32];
    *error = check_new(table, size, flags);
    if (*error)
        return NULL;
    struct segment *segment = kmalloc(sizeof *segment, ALLOC_ZERO);
    *error = -ENOMEM;
    if (segment == NULL)
        return NULL;
    snprintf(name, sizeof name, "/SYSV%08x (deleted)", (uint32_t)key);
    segment->file = memory_file_create(name, align_up(size, PAGE_SIZE), O_RDWR, flags & IPC_MODE);
    if (segment->file == NULL) {
        kfree(segment);
        return NULL;
    }
    vm_object_init(&segment->object, &object_ops, segment);
    segment->references = 1;
    segment->size = size;
    segment->changed = ipc_now();
    segment->creator = ipc_process();
    table->amount += pages_of(size);
    return &segment->ipc;
}

static void destroy(struct ipc_object *object)
{
    object->table->amount -= pages_of(segment_of(object)->size);
    put(segment_of(object));
}

/* Areas that have it attached keep it, each by a reference of its own. */
static void end(struct ipc_object *object)
{
    take_out(segment_of(object));
    put(segment_of(object));
}

const struct ipc_kind shared_memory_kind = {.lock = &lock,
    .limit = &shared_memory_limits.segments,
    .check = check_size,
    .create = create,
    .destroy = destroy,
    .end = end};

long shared_memory_get(int32_t key, uint64_t size, unsigned flags)
{
    return ipc_get(current_table(), key, size, flags);
}

static struct segment *find(int32_t id, int *error)
{
    struct ipc_object *object = ipc_find_locked(current_table(), id, error);
    return object ? segment_of(object) : NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Attaching and detaching
 */

/* The segment with a reference, if the caller may have it so. */
static struct segment *get_permitted(int32_t id, unsigned flags, int *error)
{
    unsigned wanted = IPC_READ | (flags & SHM_RDONLY ? 0 : IPC_WRITE) | (flags & SHM_EXEC ? IPC_EXECUTE : 0);
    mutex_lock(&lock);
    struct segment *segment = find(id, error);
    if (segment)
        *error = ipc_permission(&segment->ipc, wanted);
    if (!*error)
        get_segment(&segment->object);
    mutex_unlock(&lock);
    return *error ? NULL : segment;
}

/* Where exactly, if the program says so (*ADDRESS not 0). */
static int check_place(vaddr_t *address, unsigned flags)
{
    if (*address == 0)
        return flags & SHM_REMAP ? -EINVAL : 0;
    if (flags & SHM_RND)
        *address = align_down(*address, PAGE_SIZE);
    if (!is_aligned(*address, PAGE_SIZE))
        return -EINVAL;
    return *address == 0 && flags & SHM_REMAP ? -EINVAL : 0;
}

static long map(struct vm_space *space, struct segment *segment, vaddr_t address, unsigned flags)
{
    unsigned area =
        VM_READ | VM_SHARED | (flags & SHM_RDONLY ? 0 : VM_WRITE | VM_MAY_WRITE) | (flags & SHM_EXEC ? VM_EXECUTE : 0);
    unsigned place = address == 0 ? 0 : flags & SHM_REMAP ? VM_MAP_FIXED : VM_MAP_NO_REPLACE;
    struct vm_backing backing = {.object = &segment->object, .origin = file_origin(segment->file)};
    if (backing.origin == NULL)
        return -ENOMEM;
    if (address && address + segment->size < address)
        return -EINVAL;
    long result = vm_map_backed(space, address, segment->size, area, place, &backing);
    return result == -EEXIST ? -EINVAL : result;
}

long shared_memory_attach(struct vm_space *space, int32_t id, vaddr_t address, unsigned flags)
{
    int error = id < 0 ? -EINVAL : check_place(&address, flags);
    if (error)
        return error;
    struct segment *segment = get_permitted(id, flags, &error);
    if (segment == NULL)
        return error;
    long result = map(space, segment, address, flags);
    put(segment);
    return result;
}

int shared_memory_detach(struct vm_space *space, vaddr_t address)
{
    return is_aligned(address, PAGE_SIZE) ? vm_unmap_object(space, address, &object_ops) : -EINVAL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Telling and changing
 */

int shared_memory_report(enum ipc_by by, int32_t number, struct shared_memory_report *report)
{
    int error;
    mutex_lock(&lock);
    const struct ipc_object *object = ipc_look_locked(current_table(), by, number, &error);
    if (object) {
        const struct segment *segment = segment_of(object);
        *report = (struct shared_memory_report){.ipc = *object,
            .size = segment->size,
            .attachments = segment->attachments,
            .resident = page_cache_pages(segment->file->inode),
            .attached = segment->attached,
            .detached = segment->detached,
            .changed = segment->changed,
            .creator = segment->creator,
            .last = segment->last};
        error = object->id;
    }
    mutex_unlock(&lock);
    return error;
}

void shared_memory_totals(struct shared_memory_totals *totals)
{
    const struct ipc_table *table = current_table();
    mutex_lock(&lock);
    *totals = (struct shared_memory_totals){
        .highest = ipc_highest_locked(table), .used = table->used, .pages = table->amount};
    for (unsigned i = 0; i < table->room; i++)
        if (table->slots[i])
            totals->resident += page_cache_pages(segment_of(table->slots[i])->file->inode);
    mutex_unlock(&lock);
}

int shared_memory_remove(int32_t id)
{
    int error;
    mutex_lock(&lock);
    struct segment *segment = find(id, &error);
    if (segment)
        error = ipc_owner(&segment->ipc);
    bool gone = !error && segment->attachments == 0;
    if (gone) {
        take_out(segment);
    } else if (!error) { /* nobody finds it by its key any more; the last who has it attached takes it with him */
        segment->ipc.permissions.mode |= SHM_DEST;
        segment->ipc.permissions.key = IPC_PRIVATE;
    }
    mutex_unlock(&lock);
    if (gone)
        put(segment);
    return error;
}

int shared_memory_set(int32_t id, const struct ipc_permissions *permissions)
{
    int error;
    mutex_lock(&lock);
    struct segment *segment = find(id, &error);
    if (segment)
        error = ipc_set_permissions(&segment->ipc, permissions);
    if (!error)
        segment->changed = ipc_now();
    mutex_unlock(&lock);
    return error;
}

int shared_memory_lock(int32_t id, bool locked, bool may_lock)
{
    int error;
    mutex_lock(&lock);
    struct segment *segment = find(id, &error);
    if (segment && !credentials_capable(credentials_current(), CAP_IPC_LOCK)) {
        uint32_t user = credentials_current()->euid;
        bool own = user == segment->ipc.permissions.uid || user == segment->ipc.permissions.creator_uid;
        error = own && (!locked || may_lock) ? 0 : -EPERM;
    }
    if (!error)
        segment->ipc.permissions.mode = (segment->ipc.permissions.mode & ~SHM_LOCKED) | (locked ? SHM_LOCKED : 0);
    mutex_unlock(&lock);
    return error;
}
