/*
 * A thread's place among those who wait for a sleeping lock or a semaphore: on its stack, in a list under the lock's
 * spin lock. Unlike in a wait queue, what it waits for is handed to it: whoever grants it takes it off the list, says
 * so and wakes it, all under the spin lock; and the sleeper looks only under that lock. So nothing is lost, nobody
 * barges in, and when the sleeper goes on, the other is done with it.
 */
#ifndef CORRODE_SCHED_SLEEPER_H
#define CORRODE_SCHED_SLEEPER_H

#include "sched/wait.h"

struct sleeper {
    struct list_node link;
    struct thread *thread;
    bool granted;
    bool writer; /* rwlock.c */
};

/* The first of LIST, or NULL. */
static inline struct sleeper *sleeper_first(const struct list *list)
{
    struct list_node *node = list_first(list);
    return node ? container_of(node, struct sleeper, link) : NULL;
}

/* All of these: the spin lock is held. */
static inline void sleeper_enqueue(struct list *list, struct sleeper *me)
{
    me->thread = thread_current();
    list_push_back(list, &me->link);
}

static inline void sleeper_grant(struct sleeper *sleeper)
{
    list_remove(&sleeper->link);
    sleeper->granted = true;
    thread_wake(sleeper->thread);
}

/* Sleeps once, without the lock; it is held again afterwards. Late: true when the deadline has passed. */
static inline bool sleeper_sleep_until(struct spinlock *lock, uint64_t deadline)
{
    thread_prepare_block();
    spin_unlock(lock);
    bool late = thread_block_until(deadline);
    spin_lock(lock);
    return late;
}

static inline void sleeper_sleep(struct spinlock *lock)
{
    thread_prepare_block();
    spin_unlock(lock);
    thread_block();
    spin_lock(lock);
}

#endif
