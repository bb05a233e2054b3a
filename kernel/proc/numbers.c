/*
 * Numbers: see numbers.h. In each namespace a radix tree finds what has a number; a bitmap of those that are taken
 * finds the next one.
 */
#include "proc/numbers.h"

#include "lib/bitmap.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/proc.h"

static struct radix_node *allocate_node(void)
{
    return kmalloc(sizeof(struct radix_node), ALLOC_ZERO);
}

static void free_node(struct radix_node *node)
{
    kfree(node);
}

static const struct radix_memory memory = {.allocate = allocate_node, .free = free_node};
static DECLARE_BITMAP(taken, NUMBERS_MAX) = {1}; /* 0 is nobody's number */

static void end(struct namespace *namespace);
static struct namespace *parent_of(struct namespace *namespace, int *error);
static const struct namespace_kind kind = {.name = "pid", .flag = CLONE_NEWPID, .end = end, .parent = parent_of};

struct number_space number_space_first = {
    .namespace = {.kind = &kind, .number = 4026531836, .references = 1},
    .numbers = {.memory = &memory},
    .taken = taken,
};

/* ------------------------------------------------------------------------------------------------------------------
 * Namespaces
 */

struct number_space *number_space_of(struct namespace *namespace)
{
    return namespace->kind == &kind ? container_of(namespace, struct number_space, namespace) : NULL;
}

struct number_space *number_space_current(void)
{
    const struct task *task = task_current();
    return task ? task->identity->space : &number_space_first;
}

bool number_space_is_in(const struct number_space *space, const struct number_space *above)
{
    while (space->level > above->level)
        space = space->parent;
    return space == above;
}

bool number_space_has_ended(const struct number_space *space)
{
    while (space && !space->ended)
        space = space->parent;
    return space != NULL;
}

struct number_space *number_space_create(struct number_space *parent, int *error)
{
    *error = parent->level < NUMBER_LEVELS_MAX ? -ENOMEM : -ENOSPC;
    struct number_space *space = *error == -ENOMEM ? kmalloc(sizeof *space, ALLOC_ZERO) : NULL;
    uint64_t *bits = space ? kmalloc(sizeof taken, ALLOC_ZERO) : NULL;
    if (bits == NULL) {
        kfree(space);
        return NULL;
    }
    namespace_init(&space->namespace, &kind);
    namespace_get(&parent->namespace);
    space->parent = parent;
    space->level = parent->level + 1;
    space->numbers.memory = &memory;
    space->taken = bits;
    bitmap_set(bits, 0);
    return space;
}

/* No number is left in it: each holds a reference. May be called with processes_lock held. */
static void end(struct namespace *namespace)
{
    struct number_space *space = number_space_of(namespace);
    namespace_put(&space->parent->namespace);
    kfree(space->taken);
    kfree(space);
}

static struct namespace *parent_of(struct namespace *namespace, int *error)
{
    struct number_space *parent = number_space_of(namespace)->parent;
    *error = -EPERM;
    if (parent == NULL || !number_space_is_in(parent, number_space_current()))
        return NULL;
    namespace_get(&parent->namespace);
    return &parent->namespace;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Giving out and taking back
 */

static size_t find_free(const struct number_space *space)
{
    size_t value = bitmap_find_clear(space->taken, NUMBERS_MAX, (size_t)space->last + 1);
    return value < NUMBERS_MAX ? value : bitmap_find_clear(space->taken, NUMBERS_MAX, NUMBERS_AGAIN);
}

static int32_t *place_of(struct number *number, const struct number_space *space)
{
    return space->level ? &number->values[space->level - 1] : &number->value;
}

static int enter_locked(struct number *number, struct number_space *space)
{
    size_t value = find_free(space);
    int error = value < NUMBERS_MAX ? radix_set(&space->numbers, value, number) : -EAGAIN;
    if (error)
        return error;
    bitmap_set(space->taken, value);
    space->last = *place_of(number, space) = (int32_t)value;
    return 0;
}

static void leave_locked(struct number *number, struct number_space *space)
{
    int32_t value = *place_of(number, space);
    radix_remove(&space->numbers, (uint64_t)value);
    bitmap_clear(space->taken, (size_t)value);
}

/* In all namespaces from its own up, or in none. */
static int enter_all_locked(struct number *number)
{
    struct number_space *at = number->space;
    int error = number_space_has_ended(at) ? -ENOMEM : 0;
    for (; !error && at; at = error ? at : at->parent)
        error = enter_locked(number, at);
    for (struct number_space *undo = number->space; error && undo != at; undo = undo->parent)
        leave_locked(number, undo);
    return error;
}

struct number *number_create(struct number_space *space, int *error)
{
    struct number *number = kmalloc(sizeof *number + space->level * sizeof *number->values, ALLOC_ZERO);
    *error = -ENOMEM;
    if (number == NULL)
        return NULL;
    number->space = space;
    spin_lock(&processes_lock);
    *error = enter_all_locked(number);
    spin_unlock(&processes_lock);
    if (*error) {
        kfree(number);
        return NULL;
    }
    number->own = *place_of(number, space);
    namespace_get(&space->namespace);
    return number;
}

void number_release_locked(struct number *number)
{
    if (number->task || number->process || number->group || number->session)
        return;
    for (struct number_space *at = number->space; at; at = at->parent)
        leave_locked(number, at);
    if (number->own == 1 && number->space->level)
        number->space->last = 0; /* fork has failed, or the namespace has ended */
    namespace_put(&number->space->namespace);
    kfree(number);
}

void number_release(struct number *number)
{
    spin_lock(&processes_lock);
    number_release_locked(number);
    spin_unlock(&processes_lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Finding
 */

int32_t number_in(const struct number *number, const struct number_space *space)
{
    if (space->level == 0)
        return number->value;
    return number_space_is_in(number->space, space) ? number->values[space->level - 1] : 0;
}

int32_t number_seen(const struct number *number)
{
    return number_in(number, number_space_current());
}

struct number *number_find_in_locked(const struct number_space *space, int32_t value)
{
    return value > 0 ? radix_get(&space->numbers, (uint64_t)value) : NULL;
}

struct number *number_find_locked(int32_t value)
{
    return number_find_in_locked(&number_space_first, value);
}

struct number *number_find_seen_locked(int32_t value)
{
    return number_find_in_locked(number_space_current(), value);
}

struct number *number_next_in_locked(const struct number_space *space, int32_t value)
{
    uint64_t index = value > 0 ? (uint64_t)value : 0;
    return radix_next(&space->numbers, &index);
}

struct number *number_next_locked(int32_t value)
{
    return number_next_in_locked(&number_space_first, value);
}

int32_t number_translate_locked(int32_t value)
{
    const struct number_space *space = number_space_current();
    const struct number *number = space->level ? number_find_locked(value) : NULL;
    return space->level == 0 ? value : number ? number_in(number, space) : 0;
}

int32_t number_translate(int32_t value)
{
    if (number_space_current()->level == 0)
        return value;
    spin_lock(&processes_lock);
    int32_t seen = number_translate_locked(value);
    spin_unlock(&processes_lock);
    return seen;
}

int32_t number_untranslate(int32_t seen)
{
    if (number_space_current()->level == 0)
        return seen;
    spin_lock(&processes_lock);
    const struct number *number = number_find_seen_locked(seen);
    int32_t value = number ? number->value : -1;
    spin_unlock(&processes_lock);
    return value;
}

int32_t number_last(void)
{
    return __atomic_load_n(&number_space_first.last, __ATOMIC_RELAXED);
}
