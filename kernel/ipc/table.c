/*
 * Tables of System V IPC objects: see ipc.h.
 */
#include "ipc/ipc.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "time/clock.h"

#define INDEX_BITS 15
#define INDEX_MAX (1u << INDEX_BITS)
#define ROOM_FIRST 64u /* indices are given out in turn, up to so many at least */
#define SEQUENCE_MAX (1u << (31 - INDEX_BITS))

static int32_t (*current_process)(void);

void ipc_set_process_source(int32_t (*current)(void))
{
    current_process = current;
}

int32_t ipc_process(void)
{
    return current_process ? current_process() : 0;
}

int64_t ipc_now(void)
{
    return (int64_t)(clock_wall() / NS_PER_SECOND);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Permissions
 */

int ipc_permission(const struct ipc_object *object, unsigned wanted)
{
    const struct credentials *credentials = credentials_current();
    const struct ipc_permissions *has = &object->permissions;
    unsigned granted = has->mode;
    wanted = (wanted >> 6 | wanted >> 3 | wanted) & 7;
    if (credentials->euid == has->creator_uid || credentials->euid == has->uid)
        granted >>= 6;
    else if (credentials_in_group(credentials, has->creator_gid) || credentials_in_group(credentials, has->gid))
        granted >>= 3;
    return (wanted & ~granted) == 0 || credentials_capable(credentials, CAP_IPC_OWNER) ? 0 : -EACCES;
}

int ipc_owner(const struct ipc_object *object)
{
    const struct credentials *credentials = credentials_current();
    uint32_t user = credentials->euid;
    bool owner = user == object->permissions.creator_uid || user == object->permissions.uid;
    return owner || credentials_capable(credentials, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

int ipc_set_permissions(struct ipc_object *object, const struct ipc_permissions *new)
{
    struct ipc_permissions *permissions = &object->permissions;
    int error = ipc_owner(object);
    if (error)
        return error;
    if (new->uid == UINT32_MAX || new->gid == UINT32_MAX)
        return -EINVAL;
    permissions->uid = new->uid;
    permissions->gid = new->gid;
    permissions->mode = (permissions->mode & ~IPC_MODE) | (new->mode &IPC_MODE);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Finding
 */

static struct ipc_object *at(const struct ipc_table *table, unsigned index)
{
    return index < table->room ? table->slots[index] : NULL;
}

struct ipc_object *ipc_find_locked(const struct ipc_table *table, int32_t id, int *error)
{
    struct ipc_object *object = id < 0 ? NULL : at(table, (unsigned)id % INDEX_MAX);
    *error = object == NULL ? -EINVAL : object->id != id ? -EIDRM : 0;
    return *error ? NULL : object;
}

struct ipc_object *ipc_look_locked(const struct ipc_table *table, enum ipc_by by, int32_t number, int *error)
{
    struct ipc_object *object;
    if (by == IPC_BY_ID) {
        object = ipc_find_locked(table, number, error);
    } else {
        object = number < 0 ? NULL : at(table, (unsigned)number % INDEX_MAX);
        *error = object ? 0 : -EINVAL;
    }
    if (object && by != IPC_BY_INDEX_ANY)
        *error = ipc_permission(object, IPC_READ);
    return *error ? NULL : object;
}

int ipc_highest_locked(const struct ipc_table *table)
{
    unsigned index = table->room;
    while (index > 0 && table->slots[index - 1] == NULL)
        index--;
    return index > 0 ? (int)index - 1 : 0;
}

static struct ipc_object *find_key(const struct ipc_table *table, int32_t key)
{
    for (unsigned i = 0; i < table->room; i++)
        if (table->slots[i] && table->slots[i]->permissions.key == key)
            return table->slots[i];
    return NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Adding and removing
 */

static bool grow(struct ipc_table *table)
{
    unsigned room = table->room ? table->room * 2 : ROOM_FIRST;
    struct ipc_object **slots = kmalloc(room * sizeof *slots, ALLOC_ZERO);
    if (slots == NULL)
        return false;
    if (table->room)
        memcpy(slots, table->slots, table->room * sizeof *slots);
    kfree(table->slots);
    table->slots = slots;
    table->room = room;
    return true;
}

/* A free index, in turn: one that was just given up is not given out at once. */
static unsigned choose_index(struct ipc_table *table)
{
    unsigned index = table->next;
    while (index < table->room && table->slots[index])
        index++;
    if (index == table->room) {
        table->sequence = (table->sequence + 1) % SEQUENCE_MAX;
        for (index = 0; table->slots[index];)
            index++;
    }
    table->next = index + 1;
    return index;
}

static int add(struct ipc_table *table, struct ipc_object *object, int32_t key, unsigned flags)
{
    const struct credentials *credentials = credentials_current();
    if (table->used >= table->room / 3 * 2 && table->room < INDEX_MAX && !grow(table) && table->used == table->room)
        return -ENOMEM;
    unsigned index = choose_index(table);
    object->sequence = (uint16_t)table->sequence;
    object->id = (int32_t)(table->sequence << INDEX_BITS | index);
    object->permissions = (struct ipc_permissions){.key = key,
        .uid = credentials->euid,
        .gid = credentials->egid,
        .creator_uid = credentials->euid,
        .creator_gid = credentials->egid,
        .mode = flags & IPC_MODE};
    table->slots[index] = object;
    table->used++;
    return 0;
}

void ipc_remove_locked(struct ipc_table *table, struct ipc_object *object)
{
    table->slots[(unsigned)object->id % INDEX_MAX] = NULL;
    table->used--;
}

static long create(struct ipc_table *table, int32_t key, uint64_t size, unsigned flags)
{
    int error;
    struct ipc_object *object = table->kind->create(table, key, size, flags, &error);
    if (object == NULL)
        return error;
    object->table = table;
    error = table->used < min_u64(*table->kind->limit, INDEX_MAX) ? add(table, object, key, flags) : -ENOSPC;
    if (error)
        table->kind->destroy(object);
    return error ? error : object->id;
}

static long get_locked(struct ipc_table *table, int32_t key, uint64_t size, unsigned flags)
{
    const struct ipc_object *object = key == IPC_PRIVATE ? NULL : find_key(table, key);
    if (object == NULL)
        return key == IPC_PRIVATE || flags & IPC_CREAT ? create(table, key, size, flags) : -ENOENT;
    if (flags & IPC_CREAT && flags & IPC_EXCL)
        return -EEXIST;
    int error = table->kind->check(object, size);
    if (!error)
        error = ipc_permission(object, flags & IPC_MODE);
    return error ? error : object->id;
}

long ipc_get(struct ipc_table *table, int32_t key, uint64_t size, unsigned flags)
{
    mutex_lock(table->kind->lock);
    long result = get_locked(table, key, size, flags);
    mutex_unlock(table->kind->lock);
    return result;
}
