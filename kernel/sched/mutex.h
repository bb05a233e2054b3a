/*
 * Sleeping locks: a mutex has one holder; a rwlock one writer or many readers, and writers are not starved; a semaphore
 * counts; a completion happens once. Threads only; no spin lock may be held. A waiter spins a little while the holder
 * runs on another CPU, then sleeps. Ranks as for spin locks, below LOCK_RANK_DEVICE.
 *
 * The rwspinlock is the spinning kind: many readers or one writer, interrupts off while held.
 */
#ifndef CORRODE_SCHED_MUTEX_H
#define CORRODE_SCHED_MUTEX_H

#include "sched/wait.h"

struct mutex {
    uintptr_t owner; /* struct thread *, and two bits (mutex.c); 0: free. The fast paths are one compare-and-swap */
    bool spinning;   /* someone waits awake */
    uint8_t rank;    /* enum lock_rank */
    struct spinlock lock; /* MUTEX; guards `waiters` */
    struct list waiters;  /* struct sleeper, first come first */
};
#define MUTEX_INIT(mutex, name)                                                                                        \
    {.rank = LOCK_RANK_##name, .lock = SPINLOCK_INIT(MUTEX), .waiters = LIST_INIT((mutex).waiters)}
void mutex_init(struct mutex *mutex, enum lock_rank rank);
void mutex_lock(struct mutex *mutex);
void mutex_lock_nested(struct mutex *mutex); /* perhaps not the first of its rank: the caller has an order of its own */
bool mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
bool mutex_is_mine(const struct mutex *mutex);

struct rwlock {
    struct spinlock lock; /* MUTEX; guards the rest */
    struct list waiters;  /* struct sleeper: readers and writers, first come first */
    uint32_t readers;
    struct thread *writer;
    uint8_t rank;
};
void rwlock_init(struct rwlock *lock, enum lock_rank rank);
void rwlock_read(struct rwlock *lock);
void rwlock_read_unlock(struct rwlock *lock);
void rwlock_write(struct rwlock *lock);
void rwlock_write_nested(struct rwlock *lock); /* a second one of the same rank: the caller has an order of its own */
void rwlock_write_unlock(struct rwlock *lock);

struct semaphore {
    struct spinlock lock; /* WAIT_QUEUE; guards the rest */
    struct list waiters;  /* struct sleeper, first come first; empty while count > 0 */
    int64_t count;
};
void semaphore_init(struct semaphore *semaphore, int64_t count);
void semaphore_down(struct semaphore *semaphore);
bool semaphore_down_until(struct semaphore *semaphore, uint64_t deadline); /* false: the time was over */
void semaphore_up(struct semaphore *semaphore);                            /* any context */

struct completion {
    struct wait_queue waiters;
    bool done; /* under the queue's lock, so that who has waited may free the completion at once */
};
void completion_init(struct completion *completion);
void completion_wait(struct completion *completion);
void completion_signal(struct completion *completion); /* any context; wakes all, now and later */

struct rwspinlock {
    uint32_t state; /* readers, and one bit for a writer that holds it or waits */
    uint8_t rank;
    struct spinlock writers; /* one writer at a time */
};
void rwspin_init(struct rwspinlock *lock, enum lock_rank rank);
bool rwspin_read(struct rwspinlock *lock); /* returns whether interrupts were on, for the unlock */
void rwspin_read_unlock(struct rwspinlock *lock, bool interrupts);
void rwspin_write(struct rwspinlock *lock);
void rwspin_write_unlock(struct rwspinlock *lock);

#endif
