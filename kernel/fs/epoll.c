/*
 * Epoll sets: see epoll.h.
 *
 * Each member has an item in the set's tree (by file and descriptor) and in its file's list, and stands with a place
 * (struct waiter) in each wait queue that the file's poll operation names. When such a queue is woken, notify puts the
 * item on the set's list `ready`, if it is not there yet, and wakes one of those who wait for the set. epoll_wait takes
 * items from that list and asks their files what holds now: so a call costs as much as there is ready, however many the
 * members. A level-triggered item that was ready goes back to the end of the list, to be asked again by the next call;
 * if it is not ready then, it stays away until the next notify.
 *
 * A set can be waited for itself, by poll or by another set: `pollers`. They are told once that something has become
 * ready, and again only when somebody has looked at the set since (`told`): so a circle of events cannot grow with the
 * number of ways from a file to an outer set. Sets form no circle and no chain longer than LEVELS_MAX: who adds a set
 * to a set checks that, with a lock (epoll_nesting.c).
 *
 * Lives: an item is gone when it is removed, or the set's file is, or the member's file (epoll_file_gone): all under
 * the set's mutex. A member's file stays while an item refers to it, since it cannot go away without removing the item.
 * The struct epoll is counted: by its file, and by who is about to remove an item whose file is gone.
 *
 * Locks: set->mutex (rank EPOLL; several from the outer set to the inner ones) guards the tree, and is held while files
 * are asked; set->lock (spin, rank EPOLL_READY) what notify changes, which is called with the lock of a file's wait
 * queue; file->poll_items->lock (spin, rank EPOLL_FILE) the file's list.
 *
 * Source: epoll(7), epoll_ctl(2), epoll_wait(2).
 */
#include "fs/epoll_internal.h"

#include "lib/errno.h"
#include "mm/slab.h"

#define EXCLUSIVE_ALLOWED (POLLIN | POLLOUT | POLLERR | POLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE)

/* A thread that waits for a set. */
struct sleeping {
    struct list_node link;
    struct thread *thread;
};

void epoll_put(struct epoll *epoll)
{
    if (__atomic_sub_fetch(&epoll->references, 1, __ATOMIC_ACQ_REL) == 0)
        kfree(epoll);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What is ready
 */

/* epoll->lock is held. Whether somebody was woken. */
static bool wake_sleeper(struct epoll *epoll)
{
    struct list_node *node;
    while ((node = list_pop_front(&epoll->sleepers)) != NULL)
        if (thread_wake(container_of(node, struct sleeping, link)->thread))
            return true;
    return false;
}

static void enqueue_locked(struct epoll *epoll, struct epoll_item *item)
{
    item->queued = true;
    list_push_back(&epoll->ready, &item->in_ready);
}

/* The item may be ready: *woken when somebody has been. Whether the pollers must be told. */
static bool announce(struct epoll *epoll, struct epoll_item *item, bool *woken)
{
    bool tell = false;
    spin_lock(&epoll->lock);
    if (!item->queued && item->events & ~EPOLL_MODES) {
        enqueue_locked(epoll, item);
        *woken = wake_sleeper(epoll);
    }
    if (item->queued && !epoll->told && !wait_queue_is_empty(&epoll->pollers))
        tell = epoll->told = true;
    spin_unlock(&epoll->lock);
    return tell;
}

/* A queue of the file has been woken, and is locked. */
bool epoll_notify(struct waiter *waiter)
{
    struct epoll_item *item = container_of(waiter, struct epoll_place, waiter)->item;
    struct epoll *epoll = item->epoll;
    bool woken = false;
    if (announce(epoll, item, &woken))
        woken |= wait_queue_wake_nested(&epoll->pollers) > 0;
    return woken;
}

/* The same from elsewhere: the item is ready from the beginning, or has been changed. */
void epoll_announce(struct epoll *epoll, struct epoll_item *item)
{
    bool woken = false;
    if (announce(epoll, item, &woken))
        wait_queue_wake(&epoll->pollers);
}

/* epoll->mutex is held. Before a harvest, and after it. */
static void turn_harvest(struct epoll *epoll)
{
    __atomic_store_n(&epoll->harvests, epoll->harvests + 1, __ATOMIC_SEQ_CST);
}

/* Takes up to MAX items from the list, but none twice in one harvest; chains them. */
static struct epoll_item *take(struct epoll *epoll, unsigned max)
{
    struct epoll_item *first = NULL, **end = &first;
    spin_lock(&epoll->lock);
    epoll->told = false;
    for (; max > 0 && !list_is_empty(&epoll->ready); max--) {
        struct epoll_item *item = container_of(list_first(&epoll->ready), struct epoll_item, in_ready);
        if (item->harvest == epoll->harvests)
            break;
        item->harvest = epoll->harvests;
        list_remove(&item->in_ready);
        item->queued = false;
        *end = item;
        end = &item->next;
    }
    *end = NULL;
    spin_unlock(&epoll->lock);
    return first;
}

/* Puts a chain back into the list; the end of a harvest: who else waits for what is there gets his turn. */
static void put_back(struct epoll *epoll, struct epoll_item *chain)
{
    spin_lock(&epoll->lock);
    for (struct epoll_item *next; chain; chain = next) {
        next = chain->next;
        if (!chain->queued)
            enqueue_locked(epoll, chain);
    }
    if (!list_is_empty(&epoll->ready))
        wake_sleeper(epoll);
    spin_unlock(&epoll->lock);
}

/* While somebody harvests, what is ready may be in his hands: who does not want to wait must wait for that. */
static bool maybe_ready(const struct epoll *epoll)
{
    uint32_t harvests = __atomic_load_n(&epoll->harvests, __ATOMIC_ACQUIRE);
    return __atomic_load_n(&epoll->ready.head.next, __ATOMIC_ACQUIRE) != &epoll->ready.head || harvests & 1 ||
           harvests != __atomic_load_n(&epoll->harvests, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

/* One item is asked. 1: an event has been written; 0: it is not ready; -EFAULT. *again: it goes back to the list. */
static int tell(struct epoll_item *item, uaddr_t to, bool *again)
{
    uint32_t wanted = item->events;
    struct epoll_event event = {.events = file_poll(item->file, NULL) & wanted, .data = item->data};
    *again = false;
    if (event.events == 0)
        return 0;
    *again = !(wanted & (EPOLLONESHOT | EPOLLET));
    if (copy_to_user(to, &event) < 0) {
        *again = true;
        return -EFAULT;
    }
    if (wanted & EPOLLONESHOT)
        __atomic_store_n(&item->events, wanted & EPOLL_MODES, __ATOMIC_RELAXED);
    return 1;
}

static long harvest(struct epoll *epoll, uaddr_t events, unsigned max)
{
    struct epoll_item *chain, *back = NULL, **end = &back;
    unsigned count = 0;
    int result = 0;
    mutex_lock(&epoll->mutex);
    turn_harvest(epoll);
    while (result >= 0 && count < max && (chain = take(epoll, max - count)) != NULL)
        for (struct epoll_item *next; chain; chain = next) {
            bool again = true;
            next = chain->next;
            if (result >= 0)
                result = tell(chain, events + count * sizeof(struct epoll_event), &again);
            count += result > 0;
            if (again) {
                *end = chain;
                end = &chain->next;
            }
        }
    *end = NULL;
    put_back(epoll, back);
    turn_harvest(epoll);
    mutex_unlock(&epoll->mutex);
    return count > 0 ? (long)count : result;
}

/* Sleeps until something may be ready: 0, -ERESTARTSYS, -ETIMEDOUT. */
static int sleep(struct epoll *epoll, uint64_t deadline)
{
    struct sleeping sleeper = {.thread = thread_current()};
    spin_lock(&epoll->lock);
    if (!list_is_empty(&epoll->ready)) {
        spin_unlock(&epoll->lock);
        return 0;
    }
    list_push_front(&epoll->sleepers, &sleeper.link);
    thread_prepare_block();
    spin_unlock(&epoll->lock);
    int error = thread_block_interruptible(deadline);
    spin_lock(&epoll->lock);
    list_remove(&sleeper.link);
    spin_unlock(&epoll->lock);
    return error;
}

__attribute__((noinline)) static long wait_until(struct epoll *epoll, uaddr_t events, unsigned max, uint64_t deadline)
{
    int error = 0;
    for (;;) {
        long count = maybe_ready(epoll) ? harvest(epoll, events, max) : 0;
        if (count != 0)
            return count;
        if (error || deadline == 0)
            return error == -ERESTARTSYS ? -EINTR : 0;
        error = sleep(epoll, deadline);
    }
}

long epoll_wait(struct file *set, uaddr_t events, unsigned max, uint64_t deadline)
{
    struct epoll *epoll = epoll_of(set);
    if (epoll == NULL)
        return -EINVAL;
    if (deadline == 0 && !maybe_ready(epoll))
        return 0; /* as programs ask that have other work */
    return wait_until(epoll, events, max, deadline);
}

/* Is one of the members ready? What is not leaves the list. */
static unsigned poll(struct file *file, struct poll_table *table)
{
    struct epoll *epoll = file->data;
    struct epoll_item *item;
    unsigned events = 0;
    poll_wait(table, &epoll->pollers);
    mutex_lock_nested(&epoll->mutex);
    turn_harvest(epoll);
    while (events == 0 && (item = take(epoll, 1)) != NULL)
        if (file_poll(item->file, NULL) & item->events) {
            events = POLLIN | POLLRDNORM;
            put_back(epoll, item);
        }
    turn_harvest(epoll);
    mutex_unlock(&epoll->mutex);
    return events;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The set as a file
 */

static int check_control(const struct epoll *epoll, int operation, const struct file *file, const struct file *set,
    const struct epoll_event *event)
{
    if (file->ops->poll == NULL)
        return -EPERM;
    if (file == set || epoll == NULL)
        return -EINVAL;
    if (operation != EPOLL_CTL_DEL && event->events & EPOLLEXCLUSIVE)
        if (operation == EPOLL_CTL_MOD || epoll_of(file) || event->events & ~EXCLUSIVE_ALLOWED)
            return -EINVAL;
    return 0;
}

int epoll_control(struct file *set, int operation, struct file *file, int fd, const struct epoll_event *event)
{
    struct epoll *epoll = epoll_of(set);
    int error = check_control(epoll, operation, file, set, event);
    bool nesting = operation == EPOLL_CTL_ADD && epoll_of(file);
    if (error)
        return error;
    if (nesting) {
        epoll_nesting_lock();
        error = epoll_nesting_check(epoll, epoll_of(file));
    }
    if (!error) {
        mutex_lock(&epoll->mutex);
        error = operation == EPOLL_CTL_ADD   ? epoll_add(epoll, file, fd, event)
                : operation == EPOLL_CTL_MOD ? epoll_change(epoll, file, fd, event)
                : operation == EPOLL_CTL_DEL ? epoll_remove(epoll, file, fd)
                                             : -EINVAL;
        mutex_unlock(&epoll->mutex);
    }
    if (nesting)
        epoll_nesting_unlock();
    return error;
}

static void release(struct file *file)
{
    struct epoll *epoll = file->data;
    mutex_lock(&epoll->mutex);
    epoll_remove_all(epoll);
    mutex_unlock(&epoll->mutex);
    epoll_put(epoll);
}

const struct file_ops epoll_ops = {.poll = poll, .release = release, .seek = file_seek_nowhere, .stream = true};

struct file *epoll_create(void)
{
    struct epoll *epoll = kmalloc(sizeof *epoll, ALLOC_ZERO);
    if (epoll == NULL)
        return NULL;
    mutex_init(&epoll->mutex, LOCK_RANK_EPOLL);
    spin_lock_init(&epoll->lock, LOCK_RANK_EPOLL_READY);
    list_init(&epoll->ready);
    list_init(&epoll->sleepers);
    wait_queue_init(&epoll->pollers);
    epoll->references = 1;
    struct file *file = file_create_anonymous("anon_inode:[eventpoll]", &epoll_ops, epoll, O_RDWR, 0600);
    if (file)
        epoll->file = file;
    else
        kfree(epoll);
    return file;
}
