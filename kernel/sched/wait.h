/*
 * Wait queues: threads that wait for a condition, and those who make it true and say so.
 *
 *     wait_event(&queue, condition);                     the waiter
 *     condition = true; wait_queue_wake_all(&queue);     who makes it so
 *
 * The condition is looked at again after every wake-up. The waker changes it before it wakes; the queue's lock orders
 * the two, so no wake-up is lost. A condition that needs a lock of its own is checked under it in the waiter's
 * expression.
 */
#ifndef CORRODE_SCHED_WAIT_H
#define CORRODE_SCHED_WAIT_H

#include "sched/sched.h"
#include "time/timer.h"

struct wait_queue {
    struct spinlock lock; /* WAIT_QUEUE */
    struct list waiters;  /* struct waiter, first come first */
};

#define WAIT_QUEUE_INIT(queue) {.lock = SPINLOCK_INIT(WAIT_QUEUE), .waiters = LIST_INIT((queue).waiters)}
void wait_queue_init(struct wait_queue *queue);

/*
 * A place in a queue: of one thread, on its stack; or of somebody who wants to be told, for as long as he likes (poll
 * and epoll, which wait in many queues at once).
 */
struct waiter {
    struct list_node link;
    struct thread *thread;
    bool exclusive; /* wait_queue_wake wakes only the first of these, and all others */
    /*
     * Called in place of a wake-up of `thread`; says whether it has woken somebody. NULL: it is a thread. The queue's
     * lock is held, and perhaps others below it, with interrupts off. It may take locks above WAIT_QUEUE, and wake
     * another queue by wait_queue_wake_nested.
     */
    bool (*notify)(struct waiter *waiter);
};

void wait_prepare(struct wait_queue *queue, struct waiter *waiter, bool exclusive); /* enqueues; prepares to block */
void wait_finish(struct wait_queue *queue, struct waiter *waiter);                  /* dequeues; runs on */

/* The same for one with `notify` and `exclusive` set, which stays in the queue however often it is told. Any context.
 */
void wait_enqueue(struct wait_queue *queue, struct waiter *waiter);
void wait_dequeue(struct wait_queue *queue, struct waiter *waiter); /* no notify is running when it returns */

/* Wakes all that are not exclusive and one that is; returns how many. Any context. */
unsigned wait_queue_wake(struct wait_queue *queue);
unsigned wait_queue_wake_all(struct wait_queue *queue);
/* wait_queue_wake out of a notify. Who does that sees to it that the queues form no circle. */
unsigned wait_queue_wake_nested(struct wait_queue *queue);
bool wait_queue_is_empty(const struct wait_queue *queue); /* a hint, without the lock: after a full barrier */

/* Blocks until woken or clock_monotonic() >= deadline; true when the time is over. Prepared as for thread_block. */
#define THREAD_FOREVER UINT64_MAX
bool thread_block_until(uint64_t deadline);

#define wait_event(queue, condition)                                                                                   \
    do {                                                                                                               \
        struct waiter wait_event_waiter;                                                                               \
        while (!(condition)) {                                                                                         \
            wait_prepare((queue), &wait_event_waiter, false);                                                          \
            if (!(condition))                                                                                          \
                thread_block();                                                                                        \
            wait_finish((queue), &wait_event_waiter);                                                                  \
        }                                                                                                              \
    } while (0)

/* The same until clock_monotonic() reaches DEADLINE; whether the condition holds then. */
#define wait_event_until(queue, condition, deadline)                                                                   \
    __extension__({                                                                                                    \
        struct waiter wait_event_waiter;                                                                               \
        bool wait_event_late = false;                                                                                  \
        bool wait_event_true;                                                                                          \
        while (!(wait_event_true = (condition)) && !wait_event_late) {                                                 \
            wait_prepare((queue), &wait_event_waiter, false);                                                          \
            if (!(condition))                                                                                          \
                wait_event_late = thread_block_until(deadline);                                                        \
            wait_finish((queue), &wait_event_waiter);                                                                  \
        }                                                                                                              \
        wait_event_true;                                                                                               \
    })

/*
 * The same for waits that a signal ends: 0 when the condition holds, else -ERESTARTSYS (lib/errno.h) or, when the
 * deadline has passed, -ETIMEDOUT. What a system call waits for that may take for ever is waited for so.
 */
#define wait_event_interruptible_until(queue, condition, deadline)                                                     \
    __extension__({                                                                                                    \
        struct waiter wait_event_waiter;                                                                               \
        int wait_event_result = 0;                                                                                     \
        bool wait_event_true;                                                                                          \
        while (!(wait_event_true = (condition)) && wait_event_result == 0) {                                           \
            wait_prepare((queue), &wait_event_waiter, false);                                                          \
            if (!(wait_event_true = (condition)))                                                                      \
                wait_event_result = thread_block_interruptible(deadline);                                              \
            wait_finish((queue), &wait_event_waiter);                                                                  \
            if (wait_event_true)                                                                                       \
                break;                                                                                                 \
        }                                                                                                              \
        wait_event_true ? 0 : wait_event_result;                                                                       \
    })
#define wait_event_interruptible(queue, condition) wait_event_interruptible_until(queue, condition, THREAD_FOREVER)

/* Blocks, prepared as for thread_block, until woken (0), interrupted (-ERESTARTSYS) or late (-ETIMEDOUT). */
int thread_block_interruptible(uint64_t deadline);
/* The same, but only these bits of `attention` interrupt. */
int thread_block_attentive(uint32_t bits, uint64_t deadline);

/* Sleeps: 0, or -ERESTARTSYS. */
int thread_sleep_interruptible(uint64_t monotonic_ns);

#endif
