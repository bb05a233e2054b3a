/*
 * Counters as files: see eventfd.h. The counter changes by compare-and-swap; there is no lock.
 *
 * Source: eventfd(2).
 */
#include "fs/eventfd.h"

#include "lib/errno.h"
#include "mm/slab.h"

#define COUNT_MAX (UINT64_MAX - 1)

struct eventfd {
    uint64_t count;
    bool semaphore;
    struct wait_queue readable, writable;
};

static uint64_t count_of(const struct eventfd *eventfd)
{
    return __atomic_load_n(&eventfd->count, __ATOMIC_ACQUIRE);
}

static void wake(struct wait_queue *queue)
{
    if (!wait_queue_is_empty(queue))
        wait_queue_wake_all(queue);
}

/* What a read takes; 0: there is nothing. */
static uint64_t take(struct eventfd *eventfd)
{
    uint64_t count = count_of(eventfd), taken;
    do {
        if (count == 0)
            return 0;
        taken = eventfd->semaphore ? 1 : count;
    } while (!__atomic_compare_exchange_n(
        &eventfd->count, &count, count - taken, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return taken;
}

static bool add(struct eventfd *eventfd, uint64_t more)
{
    uint64_t count = count_of(eventfd);
    do {
        if (more > COUNT_MAX - count)
            return false;
    } while (
        !__atomic_compare_exchange_n(&eventfd->count, &count, count + more, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return true;
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    struct eventfd *eventfd = file->data;
    uint64_t taken;
    if (to->left < sizeof taken)
        return -EINVAL;
    while ((taken = take(eventfd)) == 0) {
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        int error = wait_event_interruptible(&eventfd->readable, count_of(eventfd) > 0);
        if (error)
            return error;
    }
    wake(&eventfd->writable);
    return iov_copy_out(to, &taken, sizeof taken) == sizeof taken ? (long)sizeof taken : -EFAULT;
}

static long write(struct file *file, struct iov *from, uint64_t *position)
{
    struct eventfd *eventfd = file->data;
    uint64_t more;
    if (from->left < sizeof more)
        return -EINVAL;
    if (iov_copy_in(from, &more, sizeof more) < sizeof more)
        return -EFAULT;
    if (more > COUNT_MAX)
        return -EINVAL;
    while (!add(eventfd, more)) {
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        int error = wait_event_interruptible(&eventfd->writable, more <= COUNT_MAX - count_of(eventfd));
        if (error)
            return error;
    }
    wake(&eventfd->readable);
    return sizeof more;
}

static unsigned poll(struct file *file, struct poll_table *table)
{
    struct eventfd *eventfd = file->data;
    poll_wait(table, &eventfd->readable);
    poll_wait(table, &eventfd->writable);
    uint64_t count = count_of(eventfd);
    return (count > 0 ? POLLIN : 0) | (count < COUNT_MAX ? POLLOUT : 0);
}

static void release(struct file *file)
{
    kfree(file->data);
}

struct file *eventfd_create(uint64_t count, bool semaphore, unsigned flags)
{
    static const struct file_ops ops = {
        .read = read, .write = write, .poll = poll, .release = release, .seek = file_seek_nowhere, .stream = true};
    struct eventfd *eventfd = kmalloc(sizeof *eventfd, 0);
    if (eventfd == NULL)
        return NULL;
    eventfd->count = count;
    eventfd->semaphore = semaphore;
    wait_queue_init(&eventfd->readable);
    wait_queue_init(&eventfd->writable);
    struct file *file = file_create_anonymous("anon_inode:[eventfd]", &ops, eventfd, O_RDWR | flags, 0600);
    if (file == NULL)
        kfree(eventfd);
    return file;
}
