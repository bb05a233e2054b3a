/*
 * Namespaces of System V IPC: see ipc.h. Objects have no place in a namespace beside their table, so that one is made
 * empty, and ends with whatever is left in it. A segment that is attached somewhere outlives it.
 */
#include "ipc/ipc.h"

#include "mm/slab.h"

static void end(struct namespace *namespace);
static const struct namespace_kind kind = {.name = "ipc", .flag = 0x8000000, .end = end};

#define TABLES                                                                                                         \
    {                                                                                                                  \
        [IPC_SHARED_MEMORY] = {.kind = &shared_memory_kind},                                                           \
        [IPC_SEMAPHORES] = {.kind = &semaphore_kind},                                                                  \
        [IPC_MESSAGES] = {.kind = &message_kind},                                                                      \
    }
struct ipc_space ipc_space_first = {
    .namespace = {.kind = &kind, .number = 4026531839, .references = 1},
    .tables = TABLES,
};

static struct ipc_space *(*current_space)(void);

void ipc_set_space_source(struct ipc_space *(*current)(void))
{
    current_space = current;
}

struct ipc_table *ipc_table(enum ipc_kinds which)
{
    return &(current_space ? current_space() : &ipc_space_first)->tables[which];
}

struct ipc_space *ipc_space_of(struct namespace *namespace)
{
    return namespace->kind == &kind ? container_of(namespace, struct ipc_space, namespace) : NULL;
}

struct ipc_space *ipc_space_create(void)
{
    struct ipc_space *space = kmalloc(sizeof *space, 0);
    if (space == NULL)
        return NULL;
    *space = (struct ipc_space){.tables = TABLES};
    namespace_init(&space->namespace, &kind);
    return space;
}

static void end_table(struct ipc_table *table)
{
    mutex_lock(table->kind->lock);
    for (unsigned i = 0; i < table->room; i++)
        if (table->slots[i])
            table->kind->end(table->slots[i]);
    mutex_unlock(table->kind->lock);
    kfree(table->slots);
}

static void end(struct namespace *namespace)
{
    struct ipc_space *space = container_of(namespace, struct ipc_space, namespace);
    for (unsigned i = 0; i < IPC_KINDS; i++)
        end_table(&space->tables[i]);
    kfree(space);
}
