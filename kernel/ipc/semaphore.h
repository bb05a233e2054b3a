/*
 * System V semaphores: sets of counters, several of which one call changes at once or waits for.
 *
 * A call is a list of operations that happen all together or not at all. One that has to wait gives its list to the
 * set; whoever changes the set goes through those who wait, the first come first, and does what can be done by then, so
 * that they find it done when they wake.
 *
 * SEM_UNDO: what a task does so is noted in its undo list, which tasks may share (CLONE_SYSVSEM), and taken back when
 * the last of them ends.
 *
 * Source: semget(2), semop(2), semctl(2).
 */
#ifndef CORRODE_IPC_SEMAPHORE_H
#define CORRODE_IPC_SEMAPHORE_H

#include "ipc/ipc.h"

#define SEMAPHORE_MAX 32767
#define SEM_UNDO 010000u

struct semaphore_limits {
    uint64_t each, all, operations, sets; /* semaphores of a set, of all of them; operations of a call; sets */
};
extern struct semaphore_limits semaphore_limits;

/* One operation, as programs have it: struct sembuf. */
struct semaphore_operation {
    uint16_t number;
    int16_t change; /* 0: wait until it is 0 */
    int16_t flags;  /* IPC_NOWAIT, SEM_UNDO */
};

struct semaphore_report {
    struct ipc_object ipc;
    uint64_t count;
    int64_t operated, changed; /* seconds since 1970; 0: never */
};

struct semaphore_totals {
    int highest;
    uint64_t used, semaphores;
};

long semaphores_get(int32_t key, int count, unsigned flags);

/*
 * Does them all, waiting until DEADLINE (clock_monotonic). UNDO: where the task's undo list is, which is made if need
 * be. -EAGAIN: it would have to wait, or has waited long enough; -EINTR, -EIDRM, -ERANGE, -EFBIG, -EACCES, -EINVAL.
 */
struct semaphore_undo;
int semaphores_operate(int32_t id, const struct semaphore_operation *operations, unsigned count, uint64_t deadline,
    struct semaphore_undo **undo);

/* Its ID, or an error. */
int semaphores_report(enum ipc_by by, int32_t number, struct semaphore_report *report);
void semaphores_totals(struct semaphore_totals *totals);
int semaphores_remove(int32_t id);
int semaphores_set(int32_t id, const struct ipc_permissions *permissions);

/* One semaphore: its value, who changed it last, how many wait for it to grow, or to be 0. */
enum semaphore_question { SEMAPHORE_VALUE, SEMAPHORE_PROCESS, SEMAPHORE_GROWTH_WAITERS, SEMAPHORE_ZERO_WAITERS };
long semaphore_ask(int32_t id, int number, enum semaphore_question question);
int semaphore_set_value(int32_t id, int number, int value);

/* All values of a set, of COUNT semaphores; -EIDRM: it has another number of them by now. */
int semaphores_count(int32_t id, unsigned wanted); /* how many, for who has the permission; or an error */
int semaphores_get_values(int32_t id, uint16_t *values, unsigned count);
int semaphores_set_values(int32_t id, const uint16_t *values, unsigned count);

/* A further task shares the list, which is made if *UNDO is NULL: NULL: no memory. */
struct semaphore_undo *semaphore_undo_share(struct semaphore_undo **undo);
/* One task less; the last one undoes what is noted. NULL is allowed. */
void semaphore_undo_leave(struct semaphore_undo *undo);

#endif
