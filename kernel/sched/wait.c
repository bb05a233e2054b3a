/*
 * Wait queues, and sleeping until a time.
 *
 * A waiter is in the queue from wait_prepare to wait_finish, on its own stack. Wakers call thread_wake under the
 * queue's lock, and wait_finish always takes that lock: so the waiter's stack and thread are there while a waker looks
 * at them.
 *
 * Those who are not exclusive stand in front: a wake-up goes over them all and stops behind the first exclusive one
 * that it has woken. An exclusive waiter that is awake already, because someone else has woken it, does not count as
 * woken, and the next one is. One that has been woken is taken out, so that the next wake-up need not look at it again.
 *
 * Those with a notify function are no thread's: they stay in the queue until wait_dequeue.
 */
#include "sched/wait.h"

#include "lib/errno.h"

void wait_queue_init(struct wait_queue *queue)
{
    spin_lock_init(&queue->lock, LOCK_RANK_WAIT_QUEUE);
    list_init(&queue->waiters);
}

static void enter(struct wait_queue *queue, struct waiter *waiter)
{
    if (waiter->exclusive)
        list_push_back(&queue->waiters, &waiter->link);
    else
        list_push_front(&queue->waiters, &waiter->link);
}

void wait_prepare(struct wait_queue *queue, struct waiter *waiter, bool exclusive)
{
    waiter->thread = thread_current();
    waiter->exclusive = exclusive;
    waiter->notify = NULL;
    spin_lock(&queue->lock);
    enter(queue, waiter);
    thread_prepare_block();
    spin_unlock(&queue->lock);
}

void wait_finish(struct wait_queue *queue, struct waiter *waiter)
{
    thread_cancel_block();
    spin_lock(&queue->lock);
    list_remove(&waiter->link);
    spin_unlock(&queue->lock);
}

void wait_enqueue(struct wait_queue *queue, struct waiter *waiter)
{
    spin_lock(&queue->lock);
    enter(queue, waiter);
    spin_unlock(&queue->lock);
}

void wait_dequeue(struct wait_queue *queue, struct waiter *waiter)
{
    spin_lock(&queue->lock);
    list_remove(&waiter->link);
    spin_unlock(&queue->lock);
}

static unsigned wake_locked(struct wait_queue *queue, unsigned exclusive)
{
    unsigned woken = 0;
    list_for_each_safe(struct waiter, waiter, &queue->waiters, link)
    {
        if (!(waiter->notify ? waiter->notify(waiter) : thread_wake(waiter->thread)))
            continue;
        woken++;
        if (!waiter->exclusive)
            continue;
        if (waiter->notify == NULL)
            list_remove(&waiter->link);
        if (--exclusive == 0)
            break;
    }
    return woken;
}

static unsigned wake(struct wait_queue *queue, unsigned exclusive)
{
    spin_lock(&queue->lock);
    unsigned woken = wake_locked(queue, exclusive);
    spin_unlock(&queue->lock);
    return woken;
}

unsigned wait_queue_wake_nested(struct wait_queue *queue)
{
    spin_lock_nested(&queue->lock);
    unsigned woken = wake_locked(queue, 1);
    spin_unlock(&queue->lock);
    return woken;
}

unsigned wait_queue_wake(struct wait_queue *queue)
{
    return wake(queue, 1);
}

unsigned wait_queue_wake_all(struct wait_queue *queue)
{
    return wake(queue, ~0u);
}

bool wait_queue_is_empty(const struct wait_queue *queue)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return __atomic_load_n(&queue->waiters.head.next, __ATOMIC_RELAXED) == &queue->waiters.head;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Time
 */

struct alarm {
    struct timer timer;
    struct thread *thread;
};

static void alarm_rings(struct timer *timer)
{
    thread_wake(container_of(timer, struct alarm, timer)->thread);
}

bool thread_block_until(uint64_t deadline)
{
    if (deadline == THREAD_FOREVER) {
        thread_block();
        return false;
    }
    struct alarm alarm = {.thread = thread_current()};
    timer_init(&alarm.timer, alarm_rings);
    timer_start(&alarm.timer, deadline);
    thread_block();
    return !timer_stop_wait(&alarm.timer);
}

void thread_sleep_until(uint64_t monotonic_ns)
{
    thread_prepare_block();
    while (clock_monotonic() < monotonic_ns) {
        thread_block_until(monotonic_ns);
        thread_prepare_block();
    }
    thread_cancel_block();
}

void thread_sleep(uint64_t ns)
{
    uint64_t now = clock_monotonic();
    thread_sleep_until(ns < THREAD_FOREVER - now ? now + ns : THREAD_FOREVER);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Interruption
 *
 * One sets `interruptible` and then looks at `attention`; the other sets `attention` and then looks at `interruptible`:
 * whoever comes second sees the other.
 */

int thread_block_attentive(uint32_t bits, uint64_t deadline)
{
    struct thread *self = thread_current();
    bool late = false;
    __atomic_store_n(&self->interruptible, bits, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&self->attention, __ATOMIC_SEQ_CST) & bits)
        thread_cancel_block();
    else
        late = thread_block_until(deadline);
    __atomic_store_n(&self->interruptible, 0, __ATOMIC_RELAXED);
    bool interrupted = __atomic_load_n(&self->attention, __ATOMIC_SEQ_CST) & bits;
    return interrupted ? -ERESTARTSYS : late ? -ETIMEDOUT : 0;
}

int thread_block_interruptible(uint64_t deadline)
{
    return thread_block_attentive(~THREAD_ATTENTION_LATER, deadline);
}

int thread_sleep_interruptible(uint64_t monotonic_ns)
{
    int result = 0;
    while (result == 0) {
        thread_prepare_block();
        if (clock_monotonic() >= monotonic_ns) {
            thread_cancel_block();
            return 0;
        }
        result = thread_block_interruptible(monotonic_ns);
    }
    return result == -ETIMEDOUT ? 0 : result;
}

void thread_interrupt(struct thread *thread, uint32_t bits)
{
    __atomic_fetch_or(&thread->attention, bits, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&thread->interruptible, __ATOMIC_SEQ_CST) & bits)
        thread_wake(thread);
    unsigned cpu = __atomic_load_n(&thread->cpu, __ATOMIC_RELAXED);
    if (__atomic_load_n(&thread->on_cpu, __ATOMIC_RELAXED) && cpu != cpu_number())
        smp_reschedule(cpu); /* on its way back from the interrupt it looks */
}
