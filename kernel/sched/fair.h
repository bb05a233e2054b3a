/*
 * Fair shares of one CPU: which of those who want it has had the least of its share so far.
 *
 * Each entity has a weight, by its nice value: one step of nice is a factor of 1.25. While it runs, its virtual run
 * time grows by the time that it runs, divided by its weight (1024, nice 0, counts as 1). The queue keeps those who
 * wait in order of virtual run time; the first is the one that should run. So all virtual run times stay close
 * together, and the real ones are in proportion to the weights.
 *
 * `minimum` follows the least virtual run time in the queue and never goes back. Who comes from outside (new, from
 * another CPU, or out of sleep) is placed relative to it: nobody can save up time by sleeping, beyond half a period,
 * and nobody is punished for having been on a busier CPU.
 *
 * The entity that runs is not in the tree, but is part of `count` and `weight`.
 *
 * Nothing here knows threads, clocks or locks: the caller holds the queue's lock and says how much time has passed.
 *
 * Source: Stoica et al., "Earliest Eligible Virtual Deadline First" (1996), for virtual time; the factor is that of
 * setpriority on Linux (man 7 sched).
 */
#ifndef CORRODE_SCHED_FAIR_H
#define CORRODE_SCHED_FAIR_H

#include "lib/rbtree.h"

#define NICE_MIN (-20)
#define NICE_MAX 19
#define FAIR_WEIGHT_NICE_0 1024u

/* Nanoseconds. */
#define FAIR_PERIOD 6000000ull      /* in so long everyone runs once ... */
#define FAIR_SLICE_MIN 1000000ull   /* ... if that leaves each of them a slice of this */
#define FAIR_WAKE_MARGIN 1000000ull /* who wakes up takes the CPU away only from one who is so far ahead */

struct fair_entity {
    struct rb_node node;
    uint64_t virtual_time; /* nanoseconds at weight 1024; compare with fair_before */
    uint64_t inverse;      /* 2^42 / weight */
    uint32_t weight;
};

struct fair_queue {
    struct rb_tree tree;
    uint64_t minimum;
    uint64_t weight; /* sum, with the one that runs */
    uint32_t count;  /* with the one that runs */
};

uint32_t fair_weight(int nice); /* clamped to NICE_MIN..NICE_MAX */

/* Changes its weight; in the sum, too, when it belongs to QUEUE (else NULL). */
void fair_set_nice(struct fair_queue *queue, struct fair_entity *entity, int nice);

/* Virtual times wrap like any counter. */
static inline bool fair_before(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b) < 0;
}

/* What NS of running are for it in virtual time. */
static inline uint64_t fair_virtual(const struct fair_entity *entity, uint64_t ns)
{
    if (__builtin_expect(entity->weight == FAIR_WEIGHT_NICE_0, 1))
        return ns;
    return (uint64_t)((unsigned __int128)ns * entity->inverse >> 32);
}

/* It comes to the queue, waiting; it leaves, whether waiting (`fair_leave`) or running (`fair_leave_running`). */
void fair_join(struct fair_queue *queue, struct fair_entity *entity);
void fair_leave(struct fair_queue *queue, struct fair_entity *entity);
static inline void fair_leave_running(struct fair_queue *queue, struct fair_entity *entity)
{
    queue->count--;
    queue->weight -= entity->weight;
}

/* From waiting to running and back; count and weight stay. */
static inline void fair_run(struct fair_queue *queue, struct fair_entity *entity)
{
    if (queue->tree.root == &entity->node && !entity->node.left && !entity->node.right)
        queue->tree = (struct rb_tree){0}; /* the only one that waits: two threads that take turns */
    else
        rb_remove(&queue->tree, &entity->node);
}
void fair_wait(struct fair_queue *queue, struct fair_entity *entity);

/* Who of those that wait has had the least; NULL: nobody waits. */
static inline struct fair_entity *fair_first(const struct fair_queue *queue)
{
    return rb_entry(queue->tree.leftmost, struct fair_entity, node);
}

/* RUNNING (NULL: nobody) has run for NS. */
static inline void fair_account(struct fair_queue *queue, struct fair_entity *running, uint64_t ns)
{
    const struct fair_entity *least = fair_first(queue);
    if (running) {
        running->virtual_time += fair_virtual(running, ns);
        if (!least || fair_before(running->virtual_time, least->virtual_time))
            least = running;
    }
    if (least && fair_before(queue->minimum, least->virtual_time))
        queue->minimum = least->virtual_time;
}

/* Between queues, virtual time is relative to the minimum. */
static inline void fair_export(const struct fair_queue *queue, struct fair_entity *entity)
{
    entity->virtual_time -= queue->minimum;
}
static inline void fair_import(const struct fair_queue *queue, struct fair_entity *entity)
{
    entity->virtual_time += queue->minimum;
}

/* Bounds what a sleeper has saved up: call before fair_join. */
void fair_place_woken(const struct fair_queue *queue, struct fair_entity *entity);

/* How long RUNNING may run, from when it got the CPU, while others wait. */
uint64_t fair_slice(const struct fair_queue *queue, const struct fair_entity *running);

/* Does WOKEN, which has just joined, deserve the CPU so much more that RUNNING should stop at once? */
bool fair_preempts(const struct fair_entity *woken, const struct fair_entity *running);

#endif
