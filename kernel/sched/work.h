/*
 * Work queues: functions that interrupt handlers and others leave for a thread to run, which may sleep. Each CPU has a
 * worker for the shared queue; a subsystem that blocks for long makes a queue of its own.
 *
 * An item is queued at most once at a time; it may be queued again from the moment its function begins.
 */
#ifndef CORRODE_SCHED_WORK_H
#define CORRODE_SCHED_WORK_H

#include "sched/wait.h"

struct work {
    struct list_node link;
    void (*function)(struct work *work);
    uint32_t queued;
};

/* A work item and the timer that queues it. */
struct delayed_work {
    struct work work;
    struct timer timer;
};

struct work_queue;

void work_init(struct work *work, void (*function)(struct work *work));
void delayed_work_init(struct delayed_work *delayed, void (*function)(struct work *work));

/* Queues it on this CPU's worker (queue NULL: the shared ones); false when it was queued already. Any context. */
bool work_queue_add(struct work_queue *queue, struct work *work);
bool work_queue_add_delayed(struct work_queue *queue, struct delayed_work *delayed, uint64_t ns);

/* Takes it out or waits until it has run; afterwards it neither is queued nor runs. Thread context. */
void work_cancel(struct work_queue *queue, struct work *work);
void delayed_work_cancel(struct work_queue *queue, struct delayed_work *delayed);

/* Waits until everything queued so far has run. */
void work_queue_flush(struct work_queue *queue);

/* A queue with THREADS workers of its own. NULL: no memory. */
struct work_queue *work_queue_create(const char *name, unsigned threads);
void work_queue_destroy(struct work_queue *queue);

int work_init_shared(void); /* once threads run on all CPUs: the shared workers; 0 or -ENOMEM */

#endif
