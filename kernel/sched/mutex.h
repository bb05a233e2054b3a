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
    struct thread *owner; /* NULL: free. The fast path is one compare-and-swap */
    uint8_t rank;
    uint32_t waiting; /* threads in `waiters`, or about to be */
    struct wait_queue waiters;
};
#define MUTEX_INIT(mutex, name) {.rank = LOCK_RANK_##name, .waiters = WAIT_QUEUE_INIT((mutex).waiters)}
void mutex_init(struct mutex *mutex, enum lock_rank rank);
void mutex_lock(struct mutex *mutex);
bool mutex_try_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);
bool mutex_is_mine(const struct mutex *mutex);

struct rwlock {
    struct spinlock lock; /* MUTEX; guards the rest */
    struct list waiters;  /* readers and writers, first come first */
    uint32_t readers;
    struct thread *writer;
    uint8_t rank;
};
void rwlock_init(struct rwlock *lock, enum lock_rank rank);
void rwlock_read(struct rwlock *lock);
void rwlock_read_unlock(struct rwlock *lock);
void rwlock_write(struct rwlock *lock);
void rwlock_write_unlock(struct rwlock *lock);

struct semaphore {
    int64_t count;
    struct wait_queue waiters;
};
void semaphore_init(struct semaphore *semaphore, int64_t count);
void semaphore_down(struct semaphore *semaphore);
bool semaphore_down_until(struct semaphore *semaphore, uint64_t deadline); /* false: the time was over */
void semaphore_up(struct semaphore *semaphore);                            /* any context */

struct completion {
    bool done;
    struct wait_queue waiters;
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
