/*
 * What semaphore.c, which has the sets, and semaphore_undo.c share. semaphore_lock is held for all of it.
 */
#ifndef CORRODE_IPC_SEMAPHORE_INTERNAL_H
#define CORRODE_IPC_SEMAPHORE_INTERNAL_H

#include "ipc/semaphore.h"

struct one_semaphore {
    uint16_t value;
    int32_t process; /* that changed it last */
};

struct semaphore_set {
    struct ipc_object ipc;
    struct list waiters; /* struct pending, first come first */
    struct list undos;   /* struct undo_entry, by in_set */
    int64_t operated, changed;
    unsigned count;
    struct one_semaphore semaphores[];
};

/* What one undo list has to do to one set. */
struct undo_entry {
    struct list_node in_set, in_list;
    struct semaphore_set *set;
    int16_t adjustments[]; /* for each semaphore */
};

extern struct mutex semaphore_lock;

/* The entry of *UNDO for SET, both made if need be. NULL: no memory. */
struct undo_entry *semaphore_undo_entry(struct semaphore_undo **undo, struct semaphore_set *set);

/* The set goes, or the value of semaphore NUMBER is set anew; -1: of all. */
void semaphore_undo_forget_set(struct semaphore_set *set);
void semaphore_undo_forget(struct semaphore_set *set, int number);

/* Lets those go on who wait for what has become possible. */
void semaphores_changed(struct semaphore_set *set);

#endif
