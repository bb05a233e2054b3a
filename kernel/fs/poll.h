/*
 * Waiting for many files at once: what poll, select and epoll ask of a file.
 *
 * A file's `poll` operation tells which events hold now, and hands each wait queue that will announce another one to
 * poll_wait, which puts the caller into it when he is about to sleep. So a file that can be polled wakes these queues
 * whenever its answer may have changed:
 *
 *     static unsigned pipe_poll(struct file *file, struct poll_table *table)
 *     {
 *         poll_wait(table, &pipe->readers);
 *         return pipe->used > 0 ? POLLIN | POLLRDNORM : 0;
 *     }
 *
 * The queues live until the file is released, and are the same whenever it is asked.
 */
#ifndef CORRODE_FS_POLL_H
#define CORRODE_FS_POLL_H

#include "sched/wait.h"

struct file;

#define POLLIN 0x001u
#define POLLPRI 0x002u
#define POLLOUT 0x004u
#define POLLERR 0x008u
#define POLLHUP 0x010u
#define POLLNVAL 0x020u
#define POLLRDNORM 0x040u
#define POLLRDBAND 0x080u
#define POLLWRNORM 0x100u
#define POLLWRBAND 0x200u
#define POLLRDHUP 0x2000u

struct poll_table {
    void (*add)(struct poll_table *table, struct wait_queue *queue);
};

/* TABLE NULL: the caller only asks. */
static inline void poll_wait(struct poll_table *table, struct wait_queue *queue)
{
    if (table)
        table->add(table, queue);
}

/* What a file answers that has no poll operation. */
#define POLL_ALWAYS (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM)

/* One of many to wait for. */
struct polled {
    struct file *file; /* NULL: nothing; `events` is the caller's then, and if it is not 0, it counts as ready */
    uint16_t wanted;   /* POLL*, of those that count */
    uint16_t events;   /* the answer */
    uint32_t tag;      /* the caller's */
};

/*
 * Waits until one of COUNT files is ready, or clock_monotonic() reaches DEADLINE; 0: only asks. How many are ready, 0
 * when it is late; -ERESTARTSYS, -ENOMEM. The caller holds the files.
 */
long poll_files(struct polled *polled, size_t count, uint64_t deadline);
/* The same for who has asked them all just now. */
long poll_files_wait(struct polled *polled, size_t count, uint64_t deadline);

#endif
