/*
 * Semaphores: see semaphore.h.
 *
 * Locks: the kind's mutex (ipc.h) for all sets. Who waits lies on his own stack, in the set's list; whoever ends the
 * wait takes him off, says how it has ended and wakes him, all under the mutex, which the waiter takes before he goes.
 */
#include "ipc/semaphore_internal.h"

#include "lib/errno.h"
#include "mm/slab.h"

/* As on Linux. */
#define EACH_LIMIT 32000
#define SETS_LIMIT 32000
#define OPERATIONS_LIMIT 500

/* A call that waits. */
struct pending {
    struct list_node link;
    const struct semaphore_operation *operations;
    unsigned count, blocking; /* `blocking`: the operation that it waits for */
    struct undo_entry *undo;  /* NULL: none of them is noted */
    int32_t process;
    int status; /* PENDING, or what the call returns */
    struct wait_queue woken;
};
#define PENDING 1
#define WOULD_BLOCK 2 /* of `perform` */

struct semaphore_limits semaphore_limits = {EACH_LIMIT, (uint64_t)EACH_LIMIT *SETS_LIMIT, OPERATIONS_LIMIT, SETS_LIMIT};

struct mutex semaphore_lock = MUTEX_INIT(semaphore_lock, IPC);

static struct ipc_table *current_table(void)
{
    return ipc_table(IPC_SEMAPHORES);
}

static struct semaphore_set *set_of(const struct ipc_object *object)
{
    return container_of(object, struct semaphore_set, ipc);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Making and finding
 */

static int check_count(const struct ipc_object *object, uint64_t count)
{
    return set_of(object)->count < count ? -EINVAL : 0;
}

static struct ipc_object *create(struct ipc_table *table, int32_t key, uint64_t count, unsigned flags, int *error)
{
    *error = count == 0                                                                    ? -EINVAL
             : count > semaphore_limits.all - min_u64(table->amount, semaphore_limits.all) ? -ENOSPC
                                                                                           : 0;
    if (*error)
        return NULL;
    struct semaphore_set *set = kmalloc(sizeof *set + count * sizeof *set->semaphores, ALLOC_ZERO);
    *error = -ENOMEM;
    if (set == NULL)
        return NULL;
    list_init(&set->waiters);
    list_init(&set->undos);
    set->changed = ipc_now();
    set->count = (unsigned)count;
    table->amount += count;
    return &set->ipc;
}

static void destroy(struct ipc_object *object)
{
    object->table->amount -= set_of(object)->count;
    kfree(set_of(object));
}

/* Nobody is left in the namespace to wait for it; but who has left it may have something to undo. */
static void end(struct ipc_object *object)
{
    semaphore_undo_forget_set(set_of(object));
    ipc_remove_locked(object->table, object);
    destroy(object);
}

const struct ipc_kind semaphore_kind = {.lock = &semaphore_lock,
    .limit = &semaphore_limits.sets,
    .check = check_count,
    .create = create,
    .destroy = destroy,
    .end = end};

long semaphores_get(int32_t key, int count, unsigned flags)
{
    return count < 0 || (uint64_t)count > semaphore_limits.each ? -EINVAL
                                                                : ipc_get(current_table(), key, (uint64_t)count, flags);
}

/* WANTED 0: any right will do. */
static struct semaphore_set *find(int32_t id, unsigned wanted, int *error)
{
    struct ipc_object *object = ipc_find_locked(current_table(), id, error);
    if (object && wanted)
        *error = ipc_permission(object, wanted);
    return *error ? NULL : set_of(object);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Operations
 */

/* Takes back the first COUNT of them. */
static void revert(
    struct semaphore_set *set, const struct semaphore_operation *operations, unsigned count, struct undo_entry *undo)
{
    while (count-- > 0) {
        const struct semaphore_operation *operation = &operations[count];
        set->semaphores[operation->number].value -= (uint16_t)operation->change;
        if (operation->flags & SEM_UNDO)
            undo->adjustments[operation->number] += operation->change;
    }
}

/* 0, or why it cannot be done: -ERANGE, WOULD_BLOCK. */
static int perform_one(struct semaphore_set *set, const struct semaphore_operation *operation, struct undo_entry *undo)
{
    struct one_semaphore *semaphore = &set->semaphores[operation->number];
    int value = semaphore->value + operation->change;
    if (operation->change == 0 ? semaphore->value != 0 : value < 0)
        return WOULD_BLOCK;
    if (value > SEMAPHORE_MAX)
        return -ERANGE;
    if (operation->flags & SEM_UNDO) {
        int adjustment = undo->adjustments[operation->number] - operation->change;
        if (adjustment < -SEMAPHORE_MAX - 1 || adjustment > SEMAPHORE_MAX)
            return -ERANGE;
        undo->adjustments[operation->number] = (int16_t)adjustment;
    }
    semaphore->value = (uint16_t)value;
    return 0;
}

/* All or nothing: 0, -ERANGE, -EAGAIN, or WOULD_BLOCK: for the one that pending->blocking tells. */
static int perform(struct semaphore_set *set, struct pending *pending)
{
    const struct semaphore_operation *operations = pending->operations;
    unsigned done = 0;
    int result = 0;
    while (done < pending->count && (result = perform_one(set, &operations[done], pending->undo)) == 0)
        done++;
    if (result) {
        revert(set, operations, done, pending->undo);
        pending->blocking = done;
        return result == WOULD_BLOCK && operations[done].flags & (int16_t)IPC_NOWAIT ? -EAGAIN : result;
    }
    for (unsigned i = 0; i < pending->count; i++)
        set->semaphores[operations[i].number].process = pending->process;
    set->operated = ipc_now();
    return 0;
}

static void finish(struct pending *pending, int status)
{
    list_remove(&pending->link);
    __atomic_store_n(&pending->status, status, __ATOMIC_RELEASE);
    wait_queue_wake(&pending->woken);
}

static bool alters(const struct pending *pending)
{
    for (unsigned i = 0; i < pending->count; i++)
        if (pending->operations[i].change)
            return true;
    return false;
}

void semaphores_changed(struct semaphore_set *set)
{
    struct list_node *node = set->waiters.head.next;
    while (node != &set->waiters.head) {
        struct pending *pending = container_of(node, struct pending, link);
        node = node->next;
        int result = perform(set, pending);
        if (result == WOULD_BLOCK)
            continue;
        if (result == 0 && alters(pending))
            node = NULL;
        finish(pending, result);
        if (node == NULL) /* what it has changed may suit others, those before it too */
            node = set->waiters.head.next;
    }
}

/* The mutex is held, and is let go while PENDING waits. */
static int wait(struct semaphore_set *set, struct pending *pending, uint64_t deadline)
{
    pending->status = PENDING;
    wait_queue_init(&pending->woken);
    list_push_back(&set->waiters, &pending->link);
    mutex_unlock(&semaphore_lock);
    int ended = wait_event_interruptible_until(
        &pending->woken, __atomic_load_n(&pending->status, __ATOMIC_ACQUIRE) != PENDING, deadline);
    mutex_lock(&semaphore_lock);
    if (pending->status == PENDING) {
        list_remove(&pending->link);
        pending->status = ended == -ETIMEDOUT ? -EAGAIN : -EINTR;
    }
    return pending->status;
}

/* What the operations are, as a whole. */
struct summary {
    unsigned highest;
    bool alter, undo;
};

static struct summary summarize(const struct semaphore_operation *operations, unsigned count)
{
    struct summary summary = {0};
    for (unsigned i = 0; i < count; i++) {
        summary.highest = (unsigned)max_u64(summary.highest, operations[i].number);
        summary.alter |= operations[i].change != 0;
        summary.undo |= (operations[i].flags & SEM_UNDO) != 0;
    }
    return summary;
}

static int operate_locked(int32_t id, struct pending *pending, uint64_t deadline, struct semaphore_undo **undo)
{
    const struct summary summary = summarize(pending->operations, pending->count);
    int error;
    struct semaphore_set *set = find(id, 0, &error);
    if (set == NULL)
        return error;
    if (summary.highest >= set->count)
        return -EFBIG;
    error = ipc_permission(&set->ipc, summary.alter ? IPC_WRITE : IPC_READ);
    if (error)
        return error;
    pending->undo = summary.undo ? semaphore_undo_entry(undo, set) : NULL;
    if (summary.undo && pending->undo == NULL)
        return -ENOMEM;
    int result = perform(set, pending);
    if (result == 0 && summary.alter)
        semaphores_changed(set);
    return result == WOULD_BLOCK ? wait(set, pending, deadline) : result;
}

int semaphores_operate(int32_t id, const struct semaphore_operation *operations, unsigned count, uint64_t deadline,
    struct semaphore_undo **undo)
{
    struct pending pending = {.operations = operations, .count = count, .process = ipc_process()};
    mutex_lock(&semaphore_lock);
    int result = operate_locked(id, &pending, deadline, undo);
    mutex_unlock(&semaphore_lock);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Telling
 */

int semaphores_report(enum ipc_by by, int32_t number, struct semaphore_report *report)
{
    int error;
    mutex_lock(&semaphore_lock);
    const struct ipc_object *object = ipc_look_locked(current_table(), by, number, &error);
    if (object) {
        const struct semaphore_set *set = set_of(object);
        *report = (struct semaphore_report){
            .ipc = *object, .count = set->count, .operated = set->operated, .changed = set->changed};
        error = object->id;
    }
    mutex_unlock(&semaphore_lock);
    return error;
}

void semaphores_totals(struct semaphore_totals *totals)
{
    const struct ipc_table *table = current_table();
    mutex_lock(&semaphore_lock);
    *totals = (struct semaphore_totals){
        .highest = ipc_highest_locked(table), .used = table->used, .semaphores = table->amount};
    mutex_unlock(&semaphore_lock);
}

/* Those who wait for semaphore NUMBER to grow, or to be 0. */
static long count_waiters(const struct semaphore_set *set, int number, bool zero)
{
    long count = 0;
    list_for_each(struct pending, pending, &set->waiters, link)
    {
        const struct semaphore_operation *operation = &pending->operations[pending->blocking];
        count += operation->number == number && (operation->change == 0) == zero;
    }
    return count;
}

long semaphore_ask(int32_t id, int number, enum semaphore_question question)
{
    int error;
    long result;
    mutex_lock(&semaphore_lock);
    const struct semaphore_set *set = find(id, IPC_READ, &error);
    if (set == NULL)
        result = error;
    else if (number < 0 || (unsigned)number >= set->count)
        result = -EINVAL;
    else if (question == SEMAPHORE_VALUE)
        result = set->semaphores[number].value;
    else if (question == SEMAPHORE_PROCESS)
        result = set->semaphores[number].process;
    else
        result = count_waiters(set, number, question == SEMAPHORE_ZERO_WAITERS);
    mutex_unlock(&semaphore_lock);
    return result;
}

int semaphores_count(int32_t id, unsigned wanted)
{
    int error;
    mutex_lock(&semaphore_lock);
    const struct semaphore_set *set = find(id, wanted, &error);
    int count = set ? (int)set->count : error;
    mutex_unlock(&semaphore_lock);
    return count;
}

int semaphores_get_values(int32_t id, uint16_t *values, unsigned count)
{
    int error;
    mutex_lock(&semaphore_lock);
    const struct semaphore_set *set = find(id, IPC_READ, &error);
    if (set && set->count != count)
        error = -EIDRM;
    for (unsigned i = 0; i < count && !error; i++)
        values[i] = set->semaphores[i].value;
    mutex_unlock(&semaphore_lock);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Changing
 */

/* The value of NUMBER is set, whatever tasks would take back of it. */
static void set_one(struct semaphore_set *set, unsigned number, uint16_t value)
{
    set->semaphores[number] = (struct one_semaphore){.value = value, .process = ipc_process()};
}

int semaphore_set_value(int32_t id, int number, int value)
{
    int error;
    if (value < 0 || value > SEMAPHORE_MAX)
        return -ERANGE;
    mutex_lock(&semaphore_lock);
    struct semaphore_set *set = find(id, 0, &error);
    if (set && (number < 0 || (unsigned)number >= set->count))
        error = -EINVAL;
    if (!error)
        error = ipc_permission(&set->ipc, IPC_WRITE);
    if (!error) {
        semaphore_undo_forget(set, number);
        set_one(set, (unsigned)number, (uint16_t)value);
        set->changed = ipc_now();
        semaphores_changed(set);
    }
    mutex_unlock(&semaphore_lock);
    return error;
}

int semaphores_set_values(int32_t id, const uint16_t *values, unsigned count)
{
    int error;
    for (unsigned i = 0; i < count; i++)
        if (values[i] > SEMAPHORE_MAX)
            return -ERANGE;
    mutex_lock(&semaphore_lock);
    struct semaphore_set *set = find(id, IPC_WRITE, &error);
    if (set && set->count != count)
        error = -EIDRM;
    if (!error) {
        semaphore_undo_forget(set, -1);
        for (unsigned i = 0; i < count; i++)
            set_one(set, i, values[i]);
        set->changed = ipc_now();
        semaphores_changed(set);
    }
    mutex_unlock(&semaphore_lock);
    return error;
}

int semaphores_set(int32_t id, const struct ipc_permissions *permissions)
{
    int error;
    mutex_lock(&semaphore_lock);
    struct semaphore_set *set = find(id, 0, &error);
    if (set)
        error = ipc_set_permissions(&set->ipc, permissions);
    if (!error)
        set->changed = ipc_now();
    mutex_unlock(&semaphore_lock);
    return error;
}

int semaphores_remove(int32_t id)
{
    int error;
    struct list_node *node;
    mutex_lock(&semaphore_lock);
    struct semaphore_set *set = find(id, 0, &error);
    if (set)
        error = ipc_owner(&set->ipc);
    if (!error) {
        semaphore_undo_forget_set(set);
        while ((node = list_first(&set->waiters)) != NULL)
            finish(container_of(node, struct pending, link), -EIDRM);
        ipc_remove_locked(set->ipc.table, &set->ipc);
        destroy(&set->ipc);
    }
    mutex_unlock(&semaphore_lock);
    return error;
}
