/*
 * The order of locks, checked in debug builds: a lock is taken only while every lock held has a lower rank
 * (lib/lock_rank.h), so that no circle of waiting can close, whatever the threads do. A violation panics the first time
 * that it happens, not when two threads meet in it, and says which locks are concerned and where each was taken.
 *
 * Spin locks are noted for each CPU, since their holder stays there; arch/x86_64/spinlock.h does it. Sleeping locks are
 * noted for each thread, in the `struct lock_list` that it carries; the functions that take them do it:
 *
 *     lock_order_acquire_sleeping(thread_locks(), mutex, mutex->rank, LOCK_ORDER_STRICT, caller);   before it waits
 *     lock_order_release_sleeping(thread_locks(), mutex, mutex->rank);
 *
 * and whatever may put a thread to sleep calls lock_order_may_sleep(). In other builds all of these are nothing.
 *
 * Locks of rank UNRANKED are not noted.
 */
#ifndef CORRODE_DEBUG_LOCK_ORDER_H
#define CORRODE_DEBUG_LOCK_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lock_order_kind {
    LOCK_ORDER_STRICT, /* the rank is above that of every lock held */
    LOCK_ORDER_NESTED, /* or equal to it: the caller orders such locks itself */
    LOCK_ORDER_TRY,    /* any rank: who does not wait closes no circle */
};

#define LOCK_LIST_MAX 16

/* What is held, in the order in which it was taken. All zero is an empty list. */
struct lock_list {
    struct lock_held {
        const void *lock;
        uintptr_t taken_at; /* return address: the code that took it */
        unsigned rank;
    } held[LOCK_LIST_MAX];
    unsigned count;
};

#ifdef DEBUG

struct format_sink;

/* "RUN_QUEUE"; "?" for what is no rank. */
const char *lock_rank_name(unsigned rank);

/* Writes what a list holds, a line each; for reports. */
void lock_list_write(struct format_sink *sink, const struct lock_list *list);

/* The spin locks that this CPU holds. */
const struct lock_list *lock_order_spin_locks(void);

/* How a place in the code is written; until it is set, as a number. */
void lock_order_set_symbols(void (*format)(char *buffer, size_t size, uintptr_t address));

/* Interrupts are off. Acquire comes before the wait for the lock, so that the panic comes before the deadlock. */
void lock_order_acquire(const void *lock, unsigned rank, enum lock_order_kind kind);
void lock_order_release(const void *lock, unsigned rank);

/* A LIST that is NULL is that of code before there are threads, which is not checked. */
/* TAKEN_AT: the code that wants it, which is not the one that calls this. */
void lock_order_acquire_sleeping(
    struct lock_list *list, const void *lock, unsigned rank, enum lock_order_kind kind, const void *taken_at);
void lock_order_release_sleeping(struct lock_list *list, const void *lock, unsigned rank);

/* Panics when a spin lock is held, or preemption or interrupts are off. */
void lock_order_may_sleep(void);

/* A thread that ends holds nothing. */
void lock_order_check_empty(const struct lock_list *list);

#else

#define lock_order_acquire(lock, rank, kind) ((void)0)
#define lock_order_release(lock, rank) ((void)0)
#define lock_order_acquire_sleeping(list, lock, rank, kind, taken_at) ((void)(taken_at))
#define lock_order_release_sleeping(list, lock, rank) ((void)0)
#define lock_order_may_sleep() ((void)0)
#define lock_order_check_empty(list) ((void)0)

#endif
#endif
