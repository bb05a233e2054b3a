/*
 * Work queues: functions that interrupt handlers and others leave for a thread to run, which may sleep. Each CPU has a
 * worker for the shared queue; a subsystem that blocks for long makes a queue of its own.
 *
 * An item is queued at most once at a time; it may be queued again from the moment its function begins. It never runs
 * on two workers at once, unless its queue has several of its own. Its function may free it. It stays with one queue,
 * or with the shared ones, until it is initialised again.
 *
 *     static struct work rescan = WORK_INIT(rescan_ports);
 *     work_queue_add(NULL, &rescan);                        // in the interrupt handler
 */
#ifndef CORRODE_SCHED_WORK_H
#define CORRODE_SCHED_WORK_H

#include "sched/wait.h"

struct work_queue;

struct work {
    struct list_node link;
    void (*function)(struct work *work);
    uint32_t state;           /* work.c; 0: idle */
    uint8_t color;            /* which of the queue's two counts it is in */
    struct work_queue *queue; /* the part that it is in, or was in last */
};
#define WORK_INIT(its_function) {.function = (its_function)}

/* A work item and the timer that queues it. */
struct delayed_work {
    struct work work;
    struct timer timer;
    struct work_queue *target; /* where it goes; NULL: the shared ones */
};

void work_init(struct work *work, void (*function)(struct work *work));
void delayed_work_init(struct delayed_work *delayed, void (*function)(struct work *work));

/*
 * Queues it, for this CPU's worker when QUEUE is NULL; false when it was queued already, or is being cancelled. Any
 * context. The delayed kind is queued when clock_monotonic() has advanced by NS.
 */
bool work_queue_add(struct work_queue *queue, struct work *work);
bool work_queue_add_delayed(struct work_queue *queue, struct delayed_work *delayed, uint64_t ns);

/*
 * Takes it out or waits until it has run; afterwards it neither is queued nor runs, also when its function queues it
 * again. Thread context, and not from its own function. True when it was taken out.
 */
bool work_cancel(struct work *work);
bool delayed_work_cancel(struct delayed_work *delayed);

/* Waits until everything queued so far has run (NULL: on the shared workers of all CPUs). Thread context. */
void work_queue_flush(struct work_queue *queue);

/* A queue with THREADS workers of its own. NULL: no memory. */
struct work_queue *work_queue_create(const char *name, unsigned threads);

/* Runs what is queued, then ends the workers. Nobody adds to it any more. */
void work_queue_destroy(struct work_queue *queue);

int work_init_shared(void); /* once threads run on all CPUs: the shared workers; 0 or -ENOMEM */

#endif
