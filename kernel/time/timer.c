/*
 * Timers: see timer.h.
 *
 * A queue's lock guards its tree and the timers in it. A timer says by `cpu` which queue's lock guards it; the field
 * changes only under the lock of the queue that it names before. So whoever wants a timer looks at the field, takes
 * that queue's lock and looks again (lock_queue_of). No two queues' locks are held together.
 *
 * When a timer fires, it is taken out and its function called without the lock; `running` of the queue points to it
 * meanwhile. The function may free the timer, so nothing is written to it afterwards: that a timer runs is known from
 * its queue alone. A timer that is started on another CPU while its function runs here belongs to the other queue from
 * then on; the mark TIMER_STRAY in it sends timer_stop_wait to look at every queue.
 *
 * `armed` is when the CPU's timer interrupt will come. It is set for the earliest timer and not set back when that one
 * is stopped: most timers are time-outs that are stopped, and one interrupt for nothing costs less than to program the
 * hardware each time. An interrupt that comes too early is set again.
 */
#include "time/timer.h"

#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/spinlock.h"
#include "time/event.h"
#include "time/upkeep.h"

#define TIMER_QUEUED 1 /* timer.state */
#define TIMER_STRAY 2

#define NEVER UINT64_MAX
#define BATCH 256 /* timers in one interrupt; other interrupts get their turn then */

struct timer_queue {
    struct spinlock lock; /* TIMERS */
    struct rb_tree tree;
    struct timer *running; /* whose function is being called */
    uint64_t armed;        /* NEVER: the interrupt is not set */
    uint64_t count;
    bool up; /* its CPU's interrupt is ready */
};

static PER_CPU(struct timer_queue, timer_queue);

static struct timer *first_timer(const struct timer_queue *queue)
{
    return rb_entry(rb_first(&queue->tree), struct timer, node);
}

/* Locks the queue that the timer belongs to. */
static struct timer_queue *lock_queue_of(const struct timer *timer)
{
    for (;;) {
        uint16_t cpu = __atomic_load_n(&timer->cpu, __ATOMIC_ACQUIRE);
        struct timer_queue *queue = &cpu_local(timer_queue, cpu);
        spin_lock(&queue->lock);
        if (__atomic_load_n(&timer->cpu, __ATOMIC_RELAXED) == cpu)
            return queue;
        spin_unlock(&queue->lock);
    }
}

static void insert(struct timer_queue *queue, struct timer *timer)
{
    struct rb_node *parent = NULL, *node = queue->tree.root;
    bool left = true;
    while (node) {
        parent = node;
        left = timer->expires < container_of(node, struct timer, node)->expires;
        node = left ? node->left : node->right;
    }
    rb_insert(&queue->tree, &timer->node, parent, left);
    timer->state |= TIMER_QUEUED;
    queue->count++;
}

static bool take_out(struct timer_queue *queue, struct timer *timer)
{
    if (!(timer->state & TIMER_QUEUED))
        return false;
    rb_remove(&queue->tree, &timer->node);
    timer->state &= (uint8_t)~TIMER_QUEUED;
    queue->count--;
    return true;
}

/* Sets this CPU's interrupt for the first of the queue, unless it comes early enough anyway. */
static void arm(struct timer_queue *queue)
{
    const struct timer *first = first_timer(queue);
    if (!first || first->expires >= queue->armed || !queue->up)
        return;
    uint64_t now = clock_monotonic();
    queue->armed = first->expires;
    event_set(first->expires > now ? first->expires - now : 0);
}

void timer_init(struct timer *timer, void (*function)(struct timer *timer))
{
    *timer = (struct timer){.function = function};
}

void timer_start(struct timer *timer, uint64_t expires)
{
    bool interrupts = cpu_interrupts_disable(); /* stays on this CPU */
    uint16_t cpu = (uint16_t)cpu_number();
    struct timer_queue *queue;
    while ((queue = lock_queue_of(timer)) != this_cpu_pointer(timer_queue)) {
        take_out(queue, timer);
        if (queue->running == timer)
            timer->state |= TIMER_STRAY;
        __atomic_store_n(&timer->cpu, cpu, __ATOMIC_RELEASE); /* from here on our queue's lock guards it */
        spin_unlock(&queue->lock);
    }
    take_out(queue, timer);
    timer->expires = expires;
    insert(queue, timer);
    arm(queue);
    spin_unlock(&queue->lock);
    if (interrupts)
        cpu_interrupts_enable();
}

bool timer_stop(struct timer *timer)
{
    struct timer_queue *queue = lock_queue_of(timer);
    bool queued = take_out(queue, timer);
    spin_unlock(&queue->lock);
    return queued;
}

/* Waits until CPU does not call the timer's function. On this CPU it cannot, unless it is the function that calls us.
 */
static void wait_on(const struct timer *timer, unsigned cpu)
{
    const struct timer_queue *queue = &cpu_local(timer_queue, cpu);
    while (cpu != cpu_number() && __atomic_load_n(&queue->running, __ATOMIC_ACQUIRE) == timer)
        cpu_pause();
}

bool timer_stop_wait(struct timer *timer)
{
    bool stopped = false;
    for (;;) {
        struct timer_queue *queue = lock_queue_of(timer);
        bool queued = take_out(queue, timer), stray = timer->state & TIMER_STRAY;
        bool running = queue->running == timer && queue != this_cpu_pointer(timer_queue);
        unsigned cpu = timer->cpu;
        if (!running)
            timer->state = 0;
        spin_unlock(&queue->lock);
        stopped |= queued;
        if (running)
            wait_on(timer, cpu);
        for (unsigned other = 0; stray && other < cpu_count; other++)
            wait_on(timer, other);
        if (!running && !stray)
            return stopped;
        /* The function may have started it again before it came to its end. */
    }
}

bool timer_is_queued(const struct timer *timer)
{
    return __atomic_load_n(&timer->state, __ATOMIC_RELAXED) & TIMER_QUEUED;
}

/* The timer interrupt. */
static void expire(void *unused)
{
    struct timer_queue *queue = this_cpu_pointer(timer_queue);
    spin_lock(&queue->lock);
    queue->armed = NEVER;
    uint64_t now = clock_monotonic();
    struct timer *timer;
    for (int i = 0; i < BATCH && (timer = first_timer(queue)) != NULL && timer->expires <= now; i++) {
        take_out(queue, timer);
        __atomic_store_n(&queue->running, timer, __ATOMIC_RELAXED);
        spin_unlock(&queue->lock);
        timer->function(timer);
        __atomic_store_n(&queue->running, NULL, __ATOMIC_RELEASE);
        spin_lock(&queue->lock);
    }
    arm(queue);
    spin_unlock(&queue->lock);
}

void timers_init_early(void)
{
    interrupt_set_kernel_handler(VECTOR_TIMER, expire);
    event_measure_begin();
}

void timers_init_cpu(void)
{
    struct timer_queue *queue = this_cpu_pointer(timer_queue);
    event_init_cpu();
    spin_lock_init(&queue->lock, LOCK_RANK_TIMERS);
    spin_lock(&queue->lock);
    queue->armed = NEVER;
    queue->up = true;
    arm(queue);
    spin_unlock(&queue->lock);
    if (cpu_number() == 0)
        upkeep_start();
}

uint64_t timer_pending_count(void)
{
    uint64_t count = 0;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        count += __atomic_load_n(&cpu_local(timer_queue, cpu).count, __ATOMIC_RELAXED);
    return count;
}
