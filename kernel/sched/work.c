/*
 * Work queues.
 *
 * A work_queue has a list of items and some workers, under one lock; the shared queue is one such part for each CPU,
 * with a worker bound to it. A worker takes the first item, remembers its address as `running`, and calls its function
 * without the lock; after that it does not touch the item again, which may be gone.
 *
 * An item's `state`: QUEUED from the moment someone has claimed it for queueing until a worker takes it; LISTED while
 * it is in a list (under that queue's lock), so that a delayed one is QUEUED but not LISTED while its timer runs; the
 * rest counts who cancels it. Only an item whose state is 0 can be claimed; so while it is being cancelled it cannot
 * come back, and the cancelling thread has to find it in its timer or list, or to wait for the worker that runs it.
 * Claiming and listing are done with interrupts off, so that who finds the state in between need not wait long.
 *
 * A shared item is queued where it runs, if it does, else on this CPU: so it never runs twice at a time, and `queue` is
 * always the one part where it can be.
 *
 * Flushing: items are counted by color when they are queued. A flush changes the color for those that come later, and
 * waits until the count of the old one is 0. The next flush waits for its turn (the mutex), so two colors are enough.
 *
 * Locks: WORK (the mutex), then WORK_QUEUE. `done` wakes those who flush or cancel, after every item if there are any.
 */
#include "sched/work.h"
#include "sched/mutex.h"
#include "sched/sched_internal.h"

#include "lib/errno.h"
#include "lib/printf.h"
#include "mm/slab.h"
#include "panic.h"

#define QUEUED 1u
#define LISTED 2u
#define CANCELLING 4u /* and up */

struct worker {
    struct work_queue *queue;
    struct thread *thread;
    struct work *running; /* for comparison only */
    struct list_node idle;
};

struct work_queue {
    struct spinlock lock; /* WORK_QUEUE; guards what follows */
    struct list items;
    struct list idle; /* workers without work */
    uint32_t pending[2];
    uint8_t color;
    bool ending;

    struct mutex flushing;  /* WORK */
    struct wait_queue done; /* those who wait for items to have run */
    unsigned worker_count;
    struct worker workers[];
};

static struct work_queue *shared[CPU_MAX];

/* ------------------------------------------------------------------------------------------------------------------
 * Queueing
 */

void work_init(struct work *work, void (*function)(struct work *work))
{
    *work = (struct work)WORK_INIT(function);
}

static bool claim(struct work *work)
{
    uint32_t idle = 0;
    return __atomic_compare_exchange_n(&work->state, &idle, QUEUED, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static bool runs_locked(const struct work_queue *queue, const struct work *work)
{
    for (unsigned i = 0; i < queue->worker_count; i++)
        if (queue->workers[i].running == work)
            return true;
    return false;
}

static void list_locked(struct work_queue *queue, struct work *work)
{
    work->color = queue->color;
    queue->pending[work->color]++;
    __atomic_store_n(&work->queue, queue, __ATOMIC_RELAXED);
    __atomic_fetch_or(&work->state, LISTED, __ATOMIC_RELAXED);
    list_push_back(&queue->items, &work->link);
    struct list_node *idle = list_pop_front(&queue->idle);
    if (idle)
        thread_wake(container_of(idle, struct worker, idle)->thread);
}

static struct work_queue *shared_here(void)
{
    struct work_queue *queue = shared[cpu_number()];
    if (!queue)
        queue = shared[0];
    if (!queue)
        panic("work is queued before there are workers");
    return queue;
}

/* The item is claimed, and interrupts are off. */
static void insert(struct work_queue *queue, struct work *work)
{
    struct work_queue *last = queue ? NULL : work->queue;
    if (!queue)
        queue = shared_here();
    if (last && last != queue) {
        spin_lock(&last->lock);
        bool runs = runs_locked(last, work);
        if (runs)
            list_locked(last, work);
        spin_unlock(&last->lock);
        if (runs)
            return;
    }
    spin_lock(&queue->lock);
    list_locked(queue, work);
    spin_unlock(&queue->lock);
}

bool work_queue_add(struct work_queue *queue, struct work *work)
{
    bool interrupts = cpu_interrupts_disable();
    bool claimed = claim(work);
    if (claimed)
        insert(queue, work);
    interrupts_restore(interrupts);
    return claimed;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Delayed work
 */

static void delay_is_over(struct timer *timer)
{
    struct delayed_work *delayed = container_of(timer, struct delayed_work, timer);
    insert(delayed->target, &delayed->work);
}

void delayed_work_init(struct delayed_work *delayed, void (*function)(struct work *work))
{
    work_init(&delayed->work, function);
    timer_init(&delayed->timer, delay_is_over);
    delayed->target = NULL;
}

bool work_queue_add_delayed(struct work_queue *queue, struct delayed_work *delayed, uint64_t ns)
{
    bool interrupts = cpu_interrupts_disable();
    bool claimed = claim(&delayed->work);
    if (claimed) {
        delayed->target = queue;
        timer_start(&delayed->timer, clock_monotonic() + ns);
    }
    interrupts_restore(interrupts);
    return claimed;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Workers
 */

/* The next item, which the worker runs now; NULL: the queue has come to its end. */
static struct work *next_item_locked(struct worker *worker)
{
    struct work_queue *queue = worker->queue;
    struct list_node *node;
    while (!(node = list_pop_front(&queue->items))) {
        if (queue->ending)
            return NULL;
        list_push_back(&queue->idle, &worker->idle);
        thread_prepare_block();
        spin_unlock(&queue->lock);
        thread_block();
        spin_lock(&queue->lock);
        list_remove(&worker->idle);
    }
    struct work *work = container_of(node, struct work, link);
    worker->running = work;
    __atomic_fetch_and(&work->state, ~(QUEUED | LISTED), __ATOMIC_RELEASE);
    return work;
}

static long run_worker(void *argument)
{
    struct worker *worker = argument;
    struct work_queue *queue = worker->queue;
    struct work *work;
    spin_lock(&queue->lock);
    while ((work = next_item_locked(worker)) != NULL) {
        uint8_t color = work->color;
        void (*function)(struct work *) = work->function;
        spin_unlock(&queue->lock);
        function(work);
        spin_lock(&queue->lock);
        worker->running = NULL;
        queue->pending[color]--;
        if (!wait_queue_is_empty(&queue->done))
            wait_queue_wake_all(&queue->done);
    }
    spin_unlock(&queue->lock);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Cancelling and flushing
 */

static bool runs(struct work_queue *queue, const struct work *work)
{
    spin_lock(&queue->lock);
    bool running = runs_locked(queue, work);
    spin_unlock(&queue->lock);
    return running;
}

/* Takes a listed item out of its list; false when it is in none. */
static bool unlist(struct work *work)
{
    struct work_queue *queue = __atomic_load_n(&work->queue, __ATOMIC_RELAXED);
    if (!queue)
        return false;
    spin_lock(&queue->lock);
    bool listed = work->queue == queue && work->state & LISTED;
    if (listed) {
        list_remove(&work->link);
        queue->pending[work->color]--;
        __atomic_fetch_and(&work->state, ~(QUEUED | LISTED), __ATOMIC_RELAXED);
        wait_queue_wake_all(&queue->done);
    }
    spin_unlock(&queue->lock);
    return listed;
}

/* TIMER: that of a delayed item, else NULL. */
static bool cancel(struct work *work, struct timer *timer)
{
    bool taken = false;
    __atomic_fetch_add(&work->state, CANCELLING, __ATOMIC_ACQUIRE);
    while (!taken && __atomic_load_n(&work->state, __ATOMIC_ACQUIRE) & QUEUED) {
        if (timer && timer_stop(timer)) {
            __atomic_fetch_and(&work->state, ~QUEUED, __ATOMIC_RELAXED);
            taken = true;
        } else
            taken = unlist(work);
        if (!taken)
            cpu_pause(); /* another CPU has it in its hands */
    }
    struct work_queue *queue = work->queue;
    if (queue)
        wait_event(&queue->done, !runs(queue, work));
    __atomic_fetch_sub(&work->state, CANCELLING, __ATOMIC_RELEASE);
    return taken;
}

bool work_cancel(struct work *work)
{
    return cancel(work, NULL);
}

bool delayed_work_cancel(struct delayed_work *delayed)
{
    return cancel(&delayed->work, &delayed->timer);
}

static void flush_part(struct work_queue *queue)
{
    mutex_lock(&queue->flushing);
    spin_lock(&queue->lock);
    unsigned old = queue->color;
    queue->color = !old;
    spin_unlock(&queue->lock);
    wait_event(&queue->done, __atomic_load_n(&queue->pending[old], __ATOMIC_ACQUIRE) == 0);
    mutex_unlock(&queue->flushing);
}

void work_queue_flush(struct work_queue *queue)
{
    if (queue)
        flush_part(queue);
    else
        for (unsigned cpu = 0; cpu < cpu_count; cpu++)
            if (shared[cpu])
                flush_part(shared[cpu]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Making and ending queues
 */

static struct thread *start_worker(struct worker *worker, const char *name, const unsigned *cpu)
{
    worker->thread = thread_create_stopped(name, run_worker, worker);
    if (!worker->thread)
        return NULL;
    if (cpu)
        thread_bind(worker->thread, *cpu);
    thread_start(worker->thread);
    return worker->thread;
}

/* CPU: where its worker is to run; NULL: anywhere. */
static struct work_queue *create(const char *name, unsigned threads, const unsigned *cpu)
{
    struct work_queue *queue = kmalloc(sizeof *queue + threads * sizeof queue->workers[0], ALLOC_ZERO);
    if (!queue)
        return NULL;
    spin_lock_init(&queue->lock, LOCK_RANK_WORK_QUEUE);
    list_init(&queue->items);
    list_init(&queue->idle);
    mutex_init(&queue->flushing, LOCK_RANK_WORK);
    wait_queue_init(&queue->done);
    for (unsigned i = 0; i < threads; i++) {
        struct worker *worker = &queue->workers[i];
        worker->queue = queue;
        list_node_init(&worker->idle);
        if (!start_worker(worker, name, cpu))
            goto out_queue;
        queue->worker_count++;
    }
    return queue;

out_queue:
    work_queue_destroy(queue);
    return NULL;
}

struct work_queue *work_queue_create(const char *name, unsigned threads)
{
    return create(name, threads, NULL);
}

void work_queue_destroy(struct work_queue *queue)
{
    spin_lock(&queue->lock);
    queue->ending = true;
    struct list_node *idle;
    while ((idle = list_pop_front(&queue->idle)))
        thread_wake(container_of(idle, struct worker, idle)->thread);
    spin_unlock(&queue->lock);
    for (unsigned i = 0; i < queue->worker_count; i++)
        thread_join(queue->workers[i].thread);
    kfree(queue);
}

int work_init_shared(void)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        char name[THREAD_NAME_SIZE];
        snprintf(name, sizeof name, "work/%u", cpu);
        if (!shared[cpu])
            shared[cpu] = create(name, 1, &cpu);
        if (!shared[cpu])
            return -ENOMEM;
    }
    return 0;
}
