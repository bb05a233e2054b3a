/*
 * Timers as files: see timerfd.h.
 *
 * A timer that has fired is not started again for its next interval before somebody looks at it: then it is known how
 * many times have come meanwhile. So a program gains nothing by an interval of a nanosecond. An absolute time of
 * clock_wall is turned into one of clock_monotonic when it is set, and again when the clock is; these timers are in a
 * list for that.
 *
 * Locks: list_lock (spin, rank TIMERFDS) guards the list; below it timerfd->lock (spin, rank TIMERFD) guards all of it;
 * the timer's function takes it, too. A function that comes late, after the timer has been set anew, finds that its
 * time has not come.
 *
 * Source: timerfd_create(2).
 */
#include "fs/timerfd.h"

#include "lib/errno.h"
#include "mm/slab.h"

struct timerfd {
    struct spinlock lock; /* TIMERFD */
    bool wall;
    bool set;          /* to a time, which may have passed */
    bool fired;        /* `expires` has passed and is counted */
    uint64_t expires;  /* clock_monotonic: the next time, or if it has fired, that one */
    uint64_t interval; /* 0: once */
    uint64_t ticks;    /* not yet read */
    uint64_t offset;   /* with an absolute time of clock_wall: clock_wall - clock_monotonic, of `expires` */
    bool cancels;      /* when the clock is set, a read says so */
    bool canceled;
    struct list_node in_list;
    struct timer timer;
    struct wait_queue readable;
};

static const struct file_ops timerfd_ops;

static struct spinlock list_lock = SPINLOCK_INIT(TIMERFDS);
static struct list absolute_timers = LIST_INIT(absolute_timers);

static void fire(struct timer *timer)
{
    struct timerfd *timerfd = container_of(timer, struct timerfd, timer);
    spin_lock(&timerfd->lock);
    bool due = timerfd->set && !timerfd->fired && clock_monotonic() >= timerfd->expires;
    if (due) {
        timerfd->fired = true;
        __atomic_store_n(&timerfd->ticks, timerfd->ticks + 1, __ATOMIC_RELEASE);
    }
    spin_unlock(&timerfd->lock);
    if (due)
        wait_queue_wake_all(&timerfd->readable);
}

/* The lock is held: counts the times that have come since it fired, and starts it for the next. */
static void catch_up(struct timerfd *timerfd)
{
    if (!timerfd->fired || timerfd->interval == 0)
        return;
    uint64_t now = clock_monotonic(),
             missed = now > timerfd->expires ? (now - timerfd->expires) / timerfd->interval : 0;
    timerfd->ticks += missed;
    uint64_t step;
    if (__builtin_mul_overflow(missed + 1, timerfd->interval, &step) ||
        __builtin_add_overflow(timerfd->expires, step, &timerfd->expires))
        timerfd->expires = THREAD_FOREVER;
    timerfd->fired = false;
    timer_start(&timerfd->timer, timerfd->expires);
}

static struct timerfd_setting setting_of(struct timerfd *timerfd)
{
    uint64_t now = clock_monotonic();
    catch_up(timerfd);
    bool running = timerfd->set && !timerfd->fired;
    uint64_t left = timerfd->expires > now ? timerfd->expires - now : 1; /* 0 would say that it is not set */
    return (struct timerfd_setting){.interval = timerfd->interval, .value = running ? left : 0};
}

static uint64_t ticks_of(const struct timerfd *timerfd)
{
    return __atomic_load_n(&timerfd->ticks, __ATOMIC_ACQUIRE);
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    struct timerfd *timerfd = file->data;
    uint64_t ticks = 0;
    if (to->left < sizeof ticks)
        return -EINVAL;
    while (ticks == 0) {
        if (ticks_of(timerfd) == 0) {
            int error = file->flags & O_NONBLOCK ? -EAGAIN
                                                 : wait_event_interruptible(&timerfd->readable, ticks_of(timerfd) > 0);
            if (error)
                return error;
        }
        spin_lock(&timerfd->lock);
        bool canceled = timerfd->canceled;
        if (timerfd->ticks > 0 && !canceled)
            catch_up(timerfd);
        ticks = timerfd->ticks;
        timerfd->ticks = 0;
        timerfd->canceled = false;
        spin_unlock(&timerfd->lock);
        if (canceled)
            return -ECANCELED;
    }
    return iov_copy_out(to, &ticks, sizeof ticks) == sizeof ticks ? (long)sizeof ticks : -EFAULT;
}

static unsigned poll(struct file *file, struct poll_table *table)
{
    struct timerfd *timerfd = file->data;
    poll_wait(table, &timerfd->readable);
    return ticks_of(timerfd) > 0 ? POLLIN : 0;
}

static void release(struct file *file)
{
    struct timerfd *timerfd = file->data;
    spin_lock(&list_lock);
    list_remove(&timerfd->in_list);
    spin_unlock(&list_lock);
    timer_stop_wait(&timerfd->timer);
    kfree(timerfd);
}

static const struct file_ops timerfd_ops = {
    .read = read, .poll = poll, .release = release, .seek = file_seek_nowhere, .stream = true};

struct file *timerfd_create(bool wall, unsigned flags)
{
    struct timerfd *timerfd = kmalloc(sizeof *timerfd, ALLOC_ZERO);
    if (timerfd == NULL)
        return NULL;
    timerfd->wall = wall;
    spin_lock_init(&timerfd->lock, LOCK_RANK_TIMERFD);
    timer_init(&timerfd->timer, fire);
    list_node_init(&timerfd->in_list);
    wait_queue_init(&timerfd->readable);
    struct file *file = file_create_anonymous("anon_inode:[timerfd]", &timerfd_ops, timerfd, O_RDWR | flags, 0600);
    if (file == NULL)
        kfree(timerfd);
    return file;
}

/* A time as the program names it, as one of clock_monotonic. */
static uint64_t expiry(struct timerfd *timerfd, uint64_t value, bool absolute)
{
    uint64_t now = clock_monotonic();
    if (absolute && timerfd->wall) {
        timerfd->offset = clock_wall() - now;
        return value > timerfd->offset ? value - timerfd->offset : 0;
    }
    if (absolute)
        return value;
    return value < THREAD_FOREVER - now ? now + value : THREAD_FOREVER;
}

static void set_locked(struct timerfd *timerfd, const struct timerfd_setting *new, bool absolute, bool cancels)
{
    timer_stop(&timerfd->timer);
    timerfd->set = new->value > 0;
    timerfd->fired = timerfd->canceled = false;
    timerfd->cancels = cancels;
    timerfd->interval = new->interval;
    timerfd->ticks = 0;
    timerfd->expires = timerfd->set ? expiry(timerfd, new->value, absolute) : 0;
    if (timerfd->set)
        timer_start(&timerfd->timer, timerfd->expires);
}

int timerfd_set(
    struct file *file, const struct timerfd_setting *new, bool absolute, bool cancels, struct timerfd_setting *old)
{
    struct timerfd *timerfd = file->data;
    if (file->ops != &timerfd_ops)
        return -EINVAL;
    bool listed = absolute && timerfd->wall && new->value > 0;
    spin_lock(&list_lock);
    spin_lock(&timerfd->lock);
    *old = setting_of(timerfd);
    set_locked(timerfd, new, absolute, cancels && listed);
    list_remove(&timerfd->in_list);
    if (listed)
        list_push_back(&absolute_timers, &timerfd->in_list);
    spin_unlock(&timerfd->lock);
    spin_unlock(&list_lock);
    return 0;
}

/* OFFSET: what clock_wall is ahead of clock_monotonic now. */
static void move_locked(struct timerfd *timerfd, uint64_t offset)
{
    uint64_t moment;
    if (__builtin_add_overflow(timerfd->expires, timerfd->offset, &moment))
        moment = THREAD_FOREVER;
    timerfd->offset = offset;
    timerfd->expires = moment > offset ? moment - offset : 0;
    if (!timerfd->fired)
        timer_start(&timerfd->timer, timerfd->expires);
    if (timerfd->cancels) {
        timerfd->canceled = true;
        __atomic_store_n(&timerfd->ticks, timerfd->ticks + 1, __ATOMIC_RELEASE);
    }
}

void timerfd_clock_was_set(void)
{
    uint64_t offset = clock_wall() - clock_monotonic();
    spin_lock(&list_lock);
    list_for_each(struct timerfd, timerfd, &absolute_timers, in_list)
    {
        spin_lock(&timerfd->lock);
        move_locked(timerfd, offset);
        spin_unlock(&timerfd->lock);
        wait_queue_wake_all(&timerfd->readable);
    }
    spin_unlock(&list_lock);
}

int timerfd_get(struct file *file, struct timerfd_setting *setting)
{
    struct timerfd *timerfd = file->data;
    if (file->ops != &timerfd_ops)
        return -EINVAL;
    spin_lock(&timerfd->lock);
    *setting = setting_of(timerfd);
    spin_unlock(&timerfd->lock);
    return 0;
}
