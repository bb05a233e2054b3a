/*
 * Numbers: see numbers.h. A radix tree finds what has a number; a bitmap of those that are taken finds the next one.
 */
#include "proc/numbers.h"

#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/radix.h"
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
static struct radix numbers = {.memory = &memory};
static DECLARE_BITMAP(taken, NUMBERS_MAX) = {1}; /* 0 is nobody's number */
static int32_t last;

static size_t find_free(void)
{
    size_t value = bitmap_find_clear(taken, NUMBERS_MAX, (size_t)last + 1);
    return value < NUMBERS_MAX ? value : bitmap_find_clear(taken, NUMBERS_MAX, NUMBERS_AGAIN);
}

struct number *number_create(int *error)
{
    struct number *number = kmalloc(sizeof *number, ALLOC_ZERO);
    *error = -ENOMEM;
    if (number == NULL)
        return NULL;
    spin_lock(&processes_lock);
    size_t value = find_free();
    *error = value < NUMBERS_MAX ? radix_set(&numbers, value, number) : -EAGAIN;
    if (*error == 0) {
        bitmap_set(taken, value);
        last = number->value = (int32_t)value;
    }
    spin_unlock(&processes_lock);
    if (*error == 0)
        return number;
    kfree(number);
    return NULL;
}

void number_release_locked(struct number *number)
{
    if (number->task || number->process || number->group || number->session)
        return;
    radix_remove(&numbers, (uint64_t)number->value);
    bitmap_clear(taken, (size_t)number->value);
    kfree(number);
}

void number_release(struct number *number)
{
    spin_lock(&processes_lock);
    number_release_locked(number);
    spin_unlock(&processes_lock);
}

struct number *number_find_locked(int32_t value)
{
    return value > 0 ? radix_get(&numbers, (uint64_t)value) : NULL;
}

struct number *number_next_locked(int32_t value)
{
    uint64_t index = value > 0 ? (uint64_t)value : 0;
    return radix_next(&numbers, &index);
}

int32_t number_last(void)
{
    return __atomic_load_n(&last, __ATOMIC_RELAXED);
}
