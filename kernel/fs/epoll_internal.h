/*
 * What the files of epoll sets share: see epoll.c.
 */
#ifndef CORRODE_FS_EPOLL_INTERNAL_H
#define CORRODE_FS_EPOLL_INTERNAL_H

#include "fs/epoll.h"
#include "lib/rbtree.h"
#include "sched/mutex.h"

#define MODES (EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET)

#define EPOLL_MODES (EPOLLEXCLUSIVE | EPOLLWAKEUP | EPOLLONESHOT | EPOLLET) /* what is not POLL* */

struct epoll {
    struct mutex mutex;   /* EPOLL */
    struct rb_tree items; /* struct epoll_item, by `node` */
    uint32_t harvests;    /* begun, and ended, that took items from `ready`: odd while one goes on */
    uint32_t sets;        /* members that are sets */
    uint32_t references;
    struct file *file; /* its own */

    struct spinlock lock;      /* EPOLL_READY */
    struct list ready;         /* struct epoll_item, by `in_ready` */
    struct list sleepers;      /* struct sleeping; the last to come is the first */
    bool told;                 /* the pollers have been, and nobody has looked since */
    struct wait_queue pollers; /* `ready` is no longer empty */

    uint32_t seen; /* epoll_nesting.c: in which check it was, and what came out */
    uint32_t levels;
};

/* An item's place in one of its file's wait queues. */
struct epoll_place {
    struct waiter waiter;
    struct wait_queue *queue; /* NULL: not used */
    struct epoll_item *item;
    struct epoll_place *next;
};

struct epoll_item {
    struct rb_node node;
    struct epoll *epoll;
    struct file *file;
    struct list_node in_file;
    struct list_node in_ready;
    struct epoll_item *next; /* of those that a call has taken */
    int fd;
    uint32_t events;  /* written under epoll->lock */
    uint32_t harvest; /* epoll->harvests when it was taken last */
    bool queued;      /* it is in epoll->ready; epoll->lock */
    uint64_t data;
    struct epoll_place place; /* most files have one queue */
    struct epoll_place *more; /* allocated */
};

/* The sets that a file is in. */
struct epoll_items {
    struct spinlock lock; /* EPOLL_FILE */
    struct list list;     /* struct epoll_item, by `in_file` */
};

extern const struct file_ops epoll_ops;

/* NULL: it is no set. */
static inline struct epoll *epoll_of(const struct file *file)
{
    return file->ops == &epoll_ops ? file->data : NULL;
}

void epoll_put(struct epoll *epoll);

/* epoll.c: a queue of an item's file has been woken. And: it may be ready from the beginning, or after a change. */
bool epoll_notify(struct waiter *waiter);
void epoll_announce(struct epoll *epoll, struct epoll_item *item);

/* epoll_items.c: the operations of epoll_ctl. epoll->mutex is held. */
int epoll_add(struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event);
int epoll_change(struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event);
int epoll_remove(struct epoll *epoll, struct file *file, int fd);
void epoll_remove_all(struct epoll *epoll);

/* epoll_nesting.c. May INNER become a member of OUTER? 0 or -ELOOP; the lock is held, and kept until it is one. */
void epoll_nesting_lock(void);
void epoll_nesting_unlock(void);
int epoll_nesting_check(struct epoll *outer, struct epoll *inner);

#endif
