/*
 * Semaphores and completions.
 *
 * A semaphore's up hands its unit to the first sleeper, if there is one, so that units are given out in the order in
 * which they were asked for, and none can be lost: when the time of a sleeper is over, it looks under the lock whether
 * it was given one before it leaves the list.
 */
#include "sched/mutex.h"
#include "sched/sleeper.h"

void semaphore_init(struct semaphore *semaphore, int64_t count)
{
    *semaphore = (struct semaphore){.count = count};
    spin_lock_init(&semaphore->lock, LOCK_RANK_WAIT_QUEUE);
    list_init(&semaphore->waiters);
}

bool semaphore_down_until(struct semaphore *semaphore, uint64_t deadline)
{
    spin_lock(&semaphore->lock);
    bool mine = semaphore->count > 0;
    if (mine)
        semaphore->count--;
    else {
        struct sleeper sleeper = {0};
        bool late = false;
        sleeper_enqueue(&semaphore->waiters, &sleeper);
        while (!sleeper.granted && !late)
            late = sleeper_sleep_until(&semaphore->lock, deadline);
        mine = sleeper.granted;
        list_remove(&sleeper.link);
    }
    spin_unlock(&semaphore->lock);
    return mine;
}

void semaphore_down(struct semaphore *semaphore)
{
    semaphore_down_until(semaphore, THREAD_FOREVER);
}

void semaphore_up(struct semaphore *semaphore)
{
    spin_lock(&semaphore->lock);
    struct sleeper *first = sleeper_first(&semaphore->waiters);
    if (first)
        sleeper_grant(first);
    else
        semaphore->count++;
    spin_unlock(&semaphore->lock);
}

void completion_init(struct completion *completion)
{
    completion->done = false;
    wait_queue_init(&completion->waiters);
}

void completion_wait(struct completion *completion)
{
    struct waiter waiter;
    for (;;) {
        wait_prepare(&completion->waiters, &waiter, false);
        spin_lock(&completion->waiters.lock);
        bool done = completion->done;
        spin_unlock(&completion->waiters.lock);
        if (done)
            break;
        thread_block();
        wait_finish(&completion->waiters, &waiter);
    }
    wait_finish(&completion->waiters, &waiter);
}

void completion_signal(struct completion *completion)
{
    spin_lock(&completion->waiters.lock);
    completion->done = true;
    list_for_each(struct waiter, waiter, &completion->waiters.waiters, link) thread_wake(waiter->thread);
    spin_unlock(&completion->waiters.lock);
}
