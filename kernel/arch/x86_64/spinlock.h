/*
 * Spin locks. The holder runs with interrupts off, for a handler that waited for the lock on the same processor would
 * wait for ever; the lock remembers whether they were on. So a holder is never preempted either; a preemption that came
 * due meanwhile happens in spin_unlock.
 *
 * Whoever finds the lock free takes it. Whoever has found it taken for long draws a ticket, and from then on processors
 * get it in the order in which they drew. Tickets from the start would be fair, but in a virtual machine with more
 * processors than the host has to spare, the lock would go from one that is not running to the next that is not (the
 * lock waiter preemption of Ouyang and Lange, "Preemptable Ticket Spinlocks", 2013).
 *
 *     static struct spinlock lock = SPINLOCK_INIT(TIMERS);
 *
 * The rank (lib/lock_rank.h) is checked in debug builds. A lock that is all zero is free and has no rank, so locks work
 * before any part of the kernel is up.
 */
#ifndef CORRODE_ARCH_SPINLOCK_H
#define CORRODE_ARCH_SPINLOCK_H

#include "arch/x86_64/io.h"
#include "arch/x86_64/preempt.h"
#include "lib/lock_rank.h"

#include <stdbool.h>
#include <stdint.h>

struct spinlock {
    uint32_t next;    /* the ticket that the next one to come will draw */
    uint32_t serving; /* the ticket that holds the lock; equal to `next` when free */
    bool interrupts;  /* the holder's: were interrupts on when it came? */
    uint8_t rank;     /* enum lock_rank */
};

#define SPIN_PATIENCE (1u << 20) /* looks at a lock before a ticket is drawn: some tens of milliseconds */

#define SPINLOCK_INIT(name) {.rank = LOCK_RANK_##name}

#if __has_include("debug/lock_order.h")
#include "debug/lock_order.h"
#else
#define lock_order_acquire(lock, rank, kind) ((void)0)
#define lock_order_release(lock, rank) ((void)0)
#endif

/* In debug builds a lock is noted as taken where this is called, not here: Clang gives code without debugging
 * information the line of its caller. */
#if defined(DEBUG) && defined(__clang__)
#define SPIN_INLINE static inline __attribute__((always_inline, nodebug))
#else
#define SPIN_INLINE static inline
#endif

static inline void spin_lock_init(struct spinlock *lock, enum lock_rank rank)
{
    *lock = (struct spinlock){.rank = (uint8_t)rank};
}

/* Draws the ticket that is served, if nobody has it: then the lock is taken. */
static inline bool spin_take(struct spinlock *lock)
{
    uint32_t serving = __atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE), free = serving;
    return __atomic_compare_exchange_n(&lock->next, &free, serving + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static __attribute__((noinline, unused)) void spin_lock_contended(struct spinlock *lock)
{
    for (uint32_t patience = SPIN_PATIENCE; patience > 0; patience--) {
        cpu_pause();
        if (__atomic_load_n(&lock->next, __ATOMIC_RELAXED) == __atomic_load_n(&lock->serving, __ATOMIC_RELAXED) &&
            spin_take(lock))
            return;
    }
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        cpu_pause();
}

/* Waits for the lock, with interrupts off; INTERRUPTS: whether they were on before. */
static inline void spin_lock_wait(struct spinlock *lock, bool interrupts)
{
    if (__builtin_expect(!spin_take(lock), 0))
        spin_lock_contended(lock);
    lock->interrupts = interrupts;
}

SPIN_INLINE void spin_lock(struct spinlock *lock)
{
    bool interrupts = cpu_interrupts_disable();
    lock_order_acquire(lock, lock->rank, LOCK_ORDER_STRICT);
    spin_lock_wait(lock, interrupts);
}

/* A second lock of the rank that is held: the caller has an order of its own among them, by CPU number say. */
SPIN_INLINE void spin_lock_nested(struct spinlock *lock)
{
    bool interrupts = cpu_interrupts_disable();
    lock_order_acquire(lock, lock->rank, LOCK_ORDER_NESTED);
    spin_lock_wait(lock, interrupts);
}

/* Takes the lock if it is free; true when it did. */
SPIN_INLINE bool spin_try_lock(struct spinlock *lock)
{
    bool interrupts = cpu_interrupts_disable();
    if (spin_take(lock)) {
        lock->interrupts = interrupts;
        lock_order_acquire(lock, lock->rank, LOCK_ORDER_TRY);
        return true;
    }
    if (interrupts)
        cpu_interrupts_enable();
    return false;
}

/* Releases the lock; interrupts are off when it returns. *interrupts: whether they were on when it was taken. */
SPIN_INLINE bool spin_unlock_keep(struct spinlock *lock)
{
    bool interrupts = lock->interrupts;
    lock_order_release(lock, lock->rank);
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
    return interrupts;
}

SPIN_INLINE void spin_unlock(struct spinlock *lock)
{
    if (!spin_unlock_keep(lock))
        return;
    cpu_interrupts_enable();
    if (__builtin_expect(this_cpu(need_resched), 0))
        preempt_now();
}

static inline bool spin_is_locked(const struct spinlock *lock)
{
    return __atomic_load_n(&lock->next, __ATOMIC_RELAXED) != __atomic_load_n(&lock->serving, __ATOMIC_RELAXED);
}

#endif
