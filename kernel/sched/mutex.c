/*
 * Mutexes.
 *
 * The word `owner` is the thread that holds the mutex, with two bits in it that are 0 in every thread's address:
 *
 *     0                       free; nobody waits
 *     thread                  held; nobody sleeps for it
 *     thread | WAITERS        held; there are sleepers, whom the owner's unlock must look after
 *              WAITERS        free, and a sleeper has been woken to take it; who is awake may be faster
 *     thread | WAITERS | HAND_OVER   a sleeper was woken and found someone faster: the next unlock gives the mutex to
 *                                    the first sleeper. So no one waits longer than one who barged in before.
 *
 * Without sleepers, lock and unlock are one compare-and-swap each. The sleepers are in `waiters`, under `lock`; the
 * bits are set and cleared only under it, but the thread's part is changed by whoever can. An unlock that sees WAITERS
 * does its work under `lock`, and the last sleeper to get the mutex clears WAITERS under it: so when an owner's unlock
 * is the one compare-and-swap, nobody else is still busy with the mutex, and it may be freed with what it guards.
 *
 * Before it sleeps, a waiter spins while the owner runs on another CPU: that is likely shorter than sleep and wake-up.
 * Only one at a time does. It reads the owner's `on_cpu` without any right to: the owner may be gone. That does no
 * harm, since memory of threads stays mapped, and whatever is read only decides whether to spin for one more round.
 */
#include "sched/mutex.h"
#include "sched/sleeper.h"

#include "panic.h"

#define WAITERS 1ul
#define HAND_OVER 2ul
#define BITS (WAITERS | HAND_OVER)

#define SPIN_MAX 2000 /* so many PAUSEs at most: tens of microseconds */

void mutex_init(struct mutex *mutex, enum lock_rank rank)
{
    *mutex = (struct mutex){.rank = (uint8_t)rank};
    spin_lock_init(&mutex->lock, LOCK_RANK_MUTEX);
    list_init(&mutex->waiters);
}

static bool change(struct mutex *mutex, uintptr_t *from, uintptr_t to)
{
    return __atomic_compare_exchange_n(&mutex->owner, from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* A byte, and no bool: where a thread has been, anything may be. */
static bool owner_runs(uintptr_t owner)
{
    const struct thread *thread = (const struct thread *)(owner & ~BITS);
    return __atomic_load_n((const uint8_t *)&thread->on_cpu, __ATOMIC_RELAXED) != 0;
}

/* Waits awake; true when the mutex is ours. */
static bool spin(struct mutex *mutex, uintptr_t me)
{
    bool mine = false;
    if (__atomic_exchange_n(&mutex->spinning, true, __ATOMIC_RELAXED))
        return false;
    for (unsigned i = 0; !mine && i < SPIN_MAX; i++) {
        uintptr_t owner = __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED);
        if ((owner & ~BITS) == 0)
            mine = change(mutex, &owner, owner | me);
        else if (!owner_runs(owner) || this_cpu(need_resched))
            break;
        else
            cpu_pause();
    }
    __atomic_store_n(&mutex->spinning, false, __ATOMIC_RELAXED);
    return mine;
}

/* With the lock held, by one in the list: takes the mutex if it is free, else sets BITS for its owner. True: taken. */
static bool take_or_mark(struct mutex *mutex, struct sleeper *sleeper, uintptr_t bits)
{
    uintptr_t owner = __atomic_load_n(&mutex->owner, __ATOMIC_RELAXED), next;
    bool alone = mutex->waiters.head.next == &sleeper->link && mutex->waiters.head.previous == &sleeper->link;
    do {
        if (owner & ~BITS)
            next = owner | bits;
        else
            next = (uintptr_t)sleeper->thread | (alone ? 0 : WAITERS);
    } while (!change(mutex, &owner, next));
    if (owner & ~BITS)
        return false;
    list_remove(&sleeper->link);
    return true;
}

static __attribute__((noinline)) void lock_slowly(struct mutex *mutex, uintptr_t me)
{
    struct sleeper sleeper = {0};
    if ((__atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) & ~BITS) == me)
        panic("thread %s locks the mutex at %p twice", thread_current()->name, (void *)mutex);
    if (spin(mutex, me))
        return;
    spin_lock(&mutex->lock);
    sleeper_enqueue(&mutex->waiters, &sleeper);
    bool mine = take_or_mark(mutex, &sleeper, WAITERS);
    while (!mine) {
        sleeper_sleep(&mutex->lock);
        mine = sleeper.granted || take_or_mark(mutex, &sleeper, BITS);
    }
    spin_unlock(&mutex->lock);
}

void mutex_lock(struct mutex *mutex)
{
    uintptr_t me = (uintptr_t)thread_current(), owner = 0;
    lock_order_acquire_sleeping(thread_locks(), mutex, mutex->rank, LOCK_ORDER_STRICT, __builtin_return_address(0));
    if (__builtin_expect(!change(mutex, &owner, me), 0))
        lock_slowly(mutex, me);
}

void mutex_lock_nested(struct mutex *mutex)
{
    uintptr_t me = (uintptr_t)thread_current(), owner = 0;
    lock_order_acquire_sleeping(thread_locks(), mutex, mutex->rank, LOCK_ORDER_NESTED, __builtin_return_address(0));
    if (__builtin_expect(!change(mutex, &owner, me), 0))
        lock_slowly(mutex, me);
}

bool mutex_try_lock(struct mutex *mutex)
{
    uintptr_t owner = 0;
    if (!change(mutex, &owner, (uintptr_t)thread_current()))
        return false;
    lock_order_acquire_sleeping(thread_locks(), mutex, mutex->rank, LOCK_ORDER_TRY, __builtin_return_address(0));
    return true;
}

static __attribute__((noinline)) void unlock_slowly(struct mutex *mutex, uintptr_t me)
{
    if ((__atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) & ~BITS) != me)
        panic("thread %s unlocks the mutex at %p, which it does not hold", thread_current()->name, (void *)mutex);
    spin_lock(&mutex->lock);
    struct sleeper *first = sleeper_first(&mutex->waiters);
    if (mutex->owner & HAND_OVER) {
        uintptr_t next = (uintptr_t)first->thread;
        sleeper_grant(first);
        __atomic_store_n(&mutex->owner, next | (list_is_empty(&mutex->waiters) ? 0 : WAITERS), __ATOMIC_RELEASE);
    } else {
        __atomic_store_n(&mutex->owner, WAITERS, __ATOMIC_RELEASE);
        thread_wake(first->thread);
    }
    spin_unlock(&mutex->lock);
}

void mutex_unlock(struct mutex *mutex)
{
    uintptr_t me = (uintptr_t)thread_current(), owner = me;
    lock_order_release_sleeping(thread_locks(), mutex, mutex->rank);
    if (__builtin_expect(
            !__atomic_compare_exchange_n(&mutex->owner, &owner, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED), 0))
        unlock_slowly(mutex, me);
}

bool mutex_is_mine(const struct mutex *mutex)
{
    return (__atomic_load_n(&mutex->owner, __ATOMIC_RELAXED) & ~BITS) == (uintptr_t)thread_current();
}
