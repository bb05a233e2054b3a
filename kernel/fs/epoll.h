/*
 * Epoll sets: files that somebody waits for, again and again, who is told which of them are ready without asking all.
 *
 *     struct file *set = epoll_create();
 *     epoll_control(set, EPOLL_CTL_ADD, file, fd, &event);
 *     long count = epoll_wait(set, user_events, 64, deadline);
 */
#ifndef CORRODE_FS_EPOLL_H
#define CORRODE_FS_EPOLL_H

#include "arch/x86_64/user.h"
#include "fs/fs.h"

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3

/* Beside POLL*, which have the same values. */
#define EPOLLEXCLUSIVE (1u << 28)
#define EPOLLWAKEUP (1u << 29)
#define EPOLLONESHOT (1u << 30)
#define EPOLLET (1u << 31)

/* As programs have it. */
struct epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

struct file *epoll_create(void); /* NULL: no memory */

/*
 * EVENT is not used for EPOLL_CTL_DEL. SET may be any file: -EINVAL when it is no set. -EPERM: FILE cannot be waited
 * for; -EEXIST, -ENOENT, -ELOOP, -ENOSPC (too many in all sets together), -ENOMEM.
 */
int epoll_control(struct file *set, int operation, struct file *file, int fd, const struct epoll_event *event);

/*
 * Writes up to MAX events (struct epoll_event) to the program; waits until there is one, or clock_monotonic() reaches
 * DEADLINE; 0: does not wait. How many; 0 when it is late; -EINTR, -EFAULT, or -EINVAL when SET is none.
 */
long epoll_wait(struct file *set, uaddr_t events, unsigned max, uint64_t deadline);

/* FILE->poll_items is not NULL, and the last reference to FILE is gone: it leaves all sets. */
void epoll_file_gone(struct file *file);

void epoll_init(void); /* once, before the first set */

#endif
