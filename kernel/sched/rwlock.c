/*
 * Many readers or one writer: the sleeping kind and the spinning kind.
 *
 * A rwlock is handed out in the order of asking: who comes while others sleep for it sleeps behind them, a reader too,
 * even when readers hold it. So writers are not starved by readers that overlap, nor readers by writers. (It follows
 * that a thread must not take a rwlock for reading twice.) Whoever gives it back grants it to the first sleeper, and if
 * that is a reader, to all readers up to the next writer.
 *
 * A rwspinlock is one word: the number of readers, and a bit for the writer, which keeps new readers out while the
 * writer waits for those inside. Writers queue at a spin lock of their own, which also turns interrupts off for them.
 */
#include "sched/mutex.h"
#include "sched/sched_internal.h"
#include "sched/sleeper.h"

#include "panic.h"

void rwlock_init(struct rwlock *lock, enum lock_rank rank)
{
    *lock = (struct rwlock){.rank = (uint8_t)rank};
    spin_lock_init(&lock->lock, LOCK_RANK_MUTEX);
    list_init(&lock->waiters);
}

/* May a reader (or writer) have it now, from those who hold it? */
static bool is_free_for(const struct rwlock *lock, bool writer)
{
    return !lock->writer && !(writer && lock->readers);
}

static void give(struct rwlock *lock, struct thread *thread, bool writer)
{
    if (writer)
        lock->writer = thread;
    else
        lock->readers++;
}

/* The lock is held. */
__attribute__((noinline)) static void wait_for_turn(struct rwlock *lock, bool writer)
{
    struct sleeper sleeper = {.writer = writer};
    sleeper_enqueue(&lock->waiters, &sleeper);
    while (!sleeper.granted)
        sleeper_sleep(&lock->lock);
}

static inline void take(struct rwlock *lock, bool writer, enum lock_order_kind kind, const void *caller)
{
    lock_order_acquire_sleeping(thread_locks(), lock, lock->rank, kind, caller);
    spin_lock(&lock->lock);
    if (__builtin_expect(list_is_empty(&lock->waiters) && is_free_for(lock, writer), 1))
        give(lock, thread_current(), writer);
    else
        wait_for_turn(lock, writer);
    spin_unlock(&lock->lock);
}

/* There are waiters. */
__attribute__((noinline)) static void grant_next_locked(struct rwlock *lock)
{
    struct sleeper *first;
    while ((first = sleeper_first(&lock->waiters)) && is_free_for(lock, first->writer)) {
        give(lock, first->thread, first->writer);
        sleeper_grant(first);
    }
}

void rwlock_read(struct rwlock *lock)
{
    take(lock, false, LOCK_ORDER_STRICT, __builtin_return_address(0));
}

void rwlock_read_unlock(struct rwlock *lock)
{
    lock_order_release_sleeping(thread_locks(), lock, lock->rank);
    spin_lock(&lock->lock);
    if (lock->readers == 0)
        panic("thread %s gives back the rwlock at %p, which no reader holds", thread_current()->name, (void *)lock);
    lock->readers--;
    if (__builtin_expect(!list_is_empty(&lock->waiters), 0))
        grant_next_locked(lock);
    spin_unlock(&lock->lock);
}

void rwlock_write(struct rwlock *lock)
{
    take(lock, true, LOCK_ORDER_STRICT, __builtin_return_address(0));
}

void rwlock_write_nested(struct rwlock *lock)
{
    take(lock, true, LOCK_ORDER_NESTED, __builtin_return_address(0));
}

void rwlock_write_unlock(struct rwlock *lock)
{
    lock_order_release_sleeping(thread_locks(), lock, lock->rank);
    spin_lock(&lock->lock);
    if (lock->writer != thread_current())
        panic("thread %s gives back the rwlock at %p, which it does not hold", thread_current()->name, (void *)lock);
    lock->writer = NULL;
    if (__builtin_expect(!list_is_empty(&lock->waiters), 0))
        grant_next_locked(lock);
    spin_unlock(&lock->lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The spinning kind
 */

#define WRITER (1u << 31)

void rwspin_init(struct rwspinlock *lock, enum lock_rank rank)
{
    *lock = (struct rwspinlock){.rank = (uint8_t)rank};
    spin_lock_init(&lock->writers, rank);
}

bool rwspin_read(struct rwspinlock *lock)
{
    bool interrupts = cpu_interrupts_disable();
    lock_order_acquire(lock, lock->rank, LOCK_ORDER_STRICT);
    while (__atomic_fetch_add(&lock->state, 1, __ATOMIC_ACQUIRE) & WRITER) {
        __atomic_fetch_sub(&lock->state, 1, __ATOMIC_RELAXED);
        while (__atomic_load_n(&lock->state, __ATOMIC_RELAXED) & WRITER)
            cpu_pause();
    }
    return interrupts;
}

void rwspin_read_unlock(struct rwspinlock *lock, bool interrupts)
{
    lock_order_release(lock, lock->rank);
    __atomic_fetch_sub(&lock->state, 1, __ATOMIC_RELEASE);
    interrupts_restore(interrupts);
}

void rwspin_write(struct rwspinlock *lock)
{
    spin_lock(&lock->writers);
    __atomic_fetch_or(&lock->state, WRITER, __ATOMIC_ACQUIRE);
    while (__atomic_load_n(&lock->state, __ATOMIC_ACQUIRE) != WRITER)
        cpu_pause();
}

void rwspin_write_unlock(struct rwspinlock *lock)
{
    __atomic_fetch_and(&lock->state, ~WRITER, __ATOMIC_RELEASE);
    spin_unlock(&lock->writers);
}
