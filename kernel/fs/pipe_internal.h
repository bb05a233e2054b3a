/*
 * What pipe.c and pipe_splice.c share: see pipe.c.
 */
#ifndef CORRODE_FS_PIPE_INTERNAL_H
#define CORRODE_FS_PIPE_INTERNAL_H

#include "fs/pipe.h"
#include "mm/page.h"
#include "sched/mutex.h"

struct pipe_slot {
    struct page *page;
    uint16_t offset, length; /* what is still to be read */
    bool packet;             /* one read takes it, or as much of it as it wants */
    bool shared;             /* another pipe has the page, too: nothing is put behind these bytes */
};

#define SLOTS_DEFAULT (PIPE_SIZE_DEFAULT / PAGE_SIZE)

struct pipe {
    struct mutex lock;                    /* PIPE */
    uint32_t head, tail;                  /* slots ever filled, and emptied */
    uint32_t reserved;                    /* slots that a splice will fill */
    uint32_t slot_count;                  /* a power of two */
    uint32_t readers, writers;            /* files open for that */
    uint32_t readers_ever, writers_ever;  /* how often one was opened: for those who wait for the other side */
    uint32_t files;                       /* that refer to it */
    bool drained;                         /* a splice has the first slots in hand: nobody else reads */
    struct page *spare;                   /* for the next slot; NULL: none */
    struct pipe_slot *slots;              /* `few`, or allocated */
    struct wait_queue readable, writable; /* it no longer is empty, or full; or the other side is gone, or there */
    struct pipe_slot few[SLOTS_DEFAULT];
};

/* These two are for poll also: without the lock. */
static inline bool pipe_is_empty(const struct pipe *pipe)
{
    return __atomic_load_n(&pipe->head, __ATOMIC_RELAXED) == __atomic_load_n(&pipe->tail, __ATOMIC_RELAXED);
}

static inline bool pipe_is_full(const struct pipe *pipe)
{
    return __atomic_load_n(&pipe->head, __ATOMIC_RELAXED) - __atomic_load_n(&pipe->tail, __ATOMIC_RELAXED) +
               __atomic_load_n(&pipe->reserved, __ATOMIC_RELAXED) >=
           __atomic_load_n(&pipe->slot_count, __ATOMIC_RELAXED);
}

static inline struct pipe_slot *pipe_slot(struct pipe *pipe, uint32_t number)
{
    return &pipe->slots[number & (pipe->slot_count - 1)];
}

static inline void pipe_wake(struct wait_queue *queue)
{
    if (!wait_queue_is_empty(queue))
        wait_queue_wake(queue);
}

/* The lock is held: frees the first slot. */
void pipe_drop_first(struct pipe *pipe);

/* Gives the lock away until QUEUE is woken, or a signal comes (-ERESTARTSYS). First wakes OTHER, if that is not NULL.
 */
int pipe_await(struct pipe *pipe, struct wait_queue *queue, bool exclusive, struct wait_queue *other);

#endif
