/*
 * Spin locks: tickets, so that processors get the lock in the order in which they came. The holder runs with
 * interrupts off, for a handler that waited for the lock on the same processor would wait for ever; the lock
 * remembers whether they were on. A lock that is all zero is free, so locks work before any part of the kernel is up.
 */
#ifndef CORRODE_ARCH_SPINLOCK_H
#define CORRODE_ARCH_SPINLOCK_H

#include "arch/x86_64/io.h"

#include <stdbool.h>
#include <stdint.h>

struct spinlock {
    uint32_t next;    /* the ticket that the next one to come will draw */
    uint32_t serving; /* the ticket that holds the lock; equal to `next` when free */
    bool interrupts;  /* the holder's: were interrupts on when it came? */
};

static inline void spin_lock(struct spinlock *lock)
{
    bool interrupts = cpu_interrupts_disable();
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        cpu_pause();
    lock->interrupts = interrupts;
}

/* Takes the lock if it is free; true when it did. */
static inline bool spin_try_lock(struct spinlock *lock)
{
    bool interrupts = cpu_interrupts_disable();
    uint32_t serving = __atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE);
    uint32_t free = serving;
    if (__atomic_compare_exchange_n(&lock->next, &free, serving + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
        lock->interrupts = interrupts;
        return true;
    }
    if (interrupts)
        cpu_interrupts_enable();
    return false;
}

static inline void spin_unlock(struct spinlock *lock)
{
    bool interrupts = lock->interrupts;
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
    if (interrupts)
        cpu_interrupts_enable();
}

#endif
