/*
 * Undo lists: see semaphore.h. A list has an entry for each set in which something is noted; a set knows the entries
 * that concern it, so that both find them, and whichever goes first takes them away.
 *
 * Locks: that of semaphores guards the entries; a list is its tasks', which count themselves.
 */
#include "ipc/semaphore_internal.h"

#include "lib/errno.h"
#include "mm/slab.h"

struct semaphore_undo {
    uint32_t references; /* tasks that share it */
    struct list entries; /* struct undo_entry, by in_list */
};

static struct semaphore_undo *make(struct semaphore_undo **undo)
{
    if (*undo)
        return *undo;
    struct semaphore_undo *made = kmalloc(sizeof *made, 0);
    if (made == NULL)
        return NULL;
    made->references = 1;
    list_init(&made->entries);
    return *undo = made;
}

struct undo_entry *semaphore_undo_entry(struct semaphore_undo **undo, struct semaphore_set *set)
{
    struct semaphore_undo *list = make(undo);
    if (list == NULL)
        return NULL;
    list_for_each(struct undo_entry, entry, &list->entries, in_list)
    {
        if (entry->set == set)
            return entry;
    }
    struct undo_entry *entry = kmalloc(sizeof *entry + set->count * sizeof *entry->adjustments, ALLOC_ZERO);
    if (entry == NULL)
        return NULL;
    entry->set = set;
    list_push_back(&list->entries, &entry->in_list);
    list_push_back(&set->undos, &entry->in_set);
    return entry;
}

static void remove_entry(struct undo_entry *entry)
{
    list_remove(&entry->in_list);
    list_remove(&entry->in_set);
    kfree(entry);
}

void semaphore_undo_forget_set(struct semaphore_set *set)
{
    struct list_node *node;
    while ((node = list_first(&set->undos)) != NULL)
        remove_entry(container_of(node, struct undo_entry, in_set));
}

void semaphore_undo_forget(struct semaphore_set *set, int number)
{
    list_for_each(struct undo_entry, entry, &set->undos, in_set)
    {
        for (unsigned i = 0; i < set->count; i++)
            if (number < 0 || i == (unsigned)number)
                entry->adjustments[i] = 0;
    }
}

struct semaphore_undo *semaphore_undo_share(struct semaphore_undo **undo)
{
    struct semaphore_undo *list = make(undo);
    if (list)
        __atomic_fetch_add(&list->references, 1, __ATOMIC_RELAXED);
    return list;
}

/* What has been taken goes back; a value stays within what it may be. */
static void undo_entry(const struct undo_entry *entry)
{
    struct semaphore_set *set = entry->set;
    for (unsigned i = 0; i < set->count; i++) {
        int value = set->semaphores[i].value + entry->adjustments[i];
        if (entry->adjustments[i] == 0)
            continue;
        set->semaphores[i].value = (uint16_t)(value < 0 ? 0 : value > SEMAPHORE_MAX ? SEMAPHORE_MAX : value);
        set->semaphores[i].process = ipc_process();
    }
    set->operated = ipc_now();
}

void semaphore_undo_leave(struct semaphore_undo *undo)
{
    struct list_node *node;
    if (undo == NULL || __atomic_sub_fetch(&undo->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    mutex_lock(&semaphore_lock);
    while ((node = list_first(&undo->entries)) != NULL) {
        struct undo_entry *entry = container_of(node, struct undo_entry, in_list);
        struct semaphore_set *set = entry->set;
        undo_entry(entry);
        remove_entry(entry);
        semaphores_changed(set);
    }
    mutex_unlock(&semaphore_lock);
    kfree(undo);
}
