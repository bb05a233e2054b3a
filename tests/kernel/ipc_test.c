/*
 * Pipes, polling, epoll sets, counters, timers, watches and locks (kernel/fs): what programs cannot show: that nothing
 * is left behind, also where memory runs short; threads that close what others wait for; the time of day being set.
 */
#include "fs/credentials.h"
#include "fs/dentry.h"
#include "fs/epoll.h"
#include "fs/eventfd.h"
#include "fs/inotify.h"
#include "fs/lock.h"
#include "fs/names.h"
#include "fs/pipe.h"
#include "fs/timerfd.h"
#include "fs/watch.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "random.h"
#include "tests/kernel/ktest.h"

static uint64_t watches_in_use(void)
{
    return watch_count;
}
KTEST_COUNT(watches, watches_in_use);

static struct walk root_walk(void)
{
    struct walk walk;
    fs_root_walk(&walk);
    return walk;
}

static struct file *open_file(const char *name)
{
    struct walk walk = root_walk();
    int error;
    return file_open(&walk, name, O_RDWR | O_CREAT, 0600, &error);
}

static void remove_file(const char *name)
{
    struct walk walk = root_walk();
    name_remove(&walk, name, false);
}

static long put(struct file *file, const void *bytes, size_t size)
{
    struct iov iov;
    iov_init_kernel(&iov, (void *)bytes, size);
    return file_write(file, &iov, NULL);
}

static long get(struct file *file, void *bytes, size_t size)
{
    struct iov iov;
    iov_init_kernel(&iov, bytes, size);
    return file_read(file, &iov, NULL);
}

static int add(struct file *set, struct file *file, uint32_t events)
{
    struct epoll_event event = {.events = events};
    return epoll_control(set, EPOLL_CTL_ADD, file, 0, &event);
}

static bool is_readable(struct file *file)
{
    return file_poll(file, NULL) & POLLIN;
}

/* ------------------------------------------------------------------------------------------------------------------
 * One of each
 */

static int fill_pipe(struct file *const ends[2])
{
    char bytes[8] = "bytes";
    for (int i = 0; i < 20; i++) {
        long written = put(ends[1], bytes, sizeof bytes);
        if (written < 0)
            return (int)written;
    }
    return KTEST_EQUAL(get(ends[0], bytes, 3), 3) ? 0 : -EIO;
}

static int use_pipe(void *unused)
{
    struct file *ends[2];
    int error = pipe_create(O_NONBLOCK, ends);
    if (error)
        return error;
    error = fill_pipe(ends);
    if (!error) {
        long size = pipe_set_size(pipe_of(ends[0]), 0x100000, false);
        error = size < 0 ? (int)size : 0;
    }
    file_put(ends[0]);
    file_put(ends[1]);
    return error;
}

static int use_sets(void *unused)
{
    struct file *inner = epoll_create(), *outer = epoll_create(), *counter = eventfd_create(1, false, O_NONBLOCK);
    int error = inner && outer && counter ? 0 : -ENOMEM;
    if (!error)
        error = add(inner, counter, POLLIN);
    if (!error)
        error = add(outer, inner, POLLIN);
    if (!error)
        KTEST_CHECK(is_readable(outer));
    if (counter)
        file_put(counter); /* it leaves its set, */
    if (!error)
        KTEST_CHECK(!is_readable(outer));
    if (outer)
        file_put(outer);
    if (inner)
        file_put(inner); /* and this one has been left */
    return error;
}

static int poll_many(void *unused)
{
    enum { COUNT = 100 };
    struct polled *polled = kmalloc(COUNT * sizeof *polled, ALLOC_ZERO);
    struct file *counter = polled ? eventfd_create(0, false, 0) : NULL;
    int error = counter ? 0 : -ENOMEM;
    if (!error) {
        for (unsigned i = 0; i < COUNT; i++)
            polled[i] = (struct polled){.file = counter, .wanted = POLLIN};
        error = (int)poll_files(polled, COUNT, clock_monotonic() + NS_PER_MS);
        file_put(counter);
    }
    kfree(polled);
    return error;
}

static int use_watch(void *unused)
{
    struct file *file = open_file("/watched"), *inotify = inotify_create(O_NONBLOCK);
    char bytes[64];
    int error = file && inotify ? 0 : -ENOMEM, number = 0;
    if (!error)
        number = inotify_add(inotify, file->inode, IN_ALL_EVENTS);
    if (number < 0)
        error = number;
    else if (!error)
        error = get(inotify, bytes, sizeof bytes) == -EAGAIN ? 0 : -EIO;
    if (!error && put(file, "x", 1) == 1)
        KTEST_EQUAL(get(inotify, bytes, sizeof bytes), 16);
    if (inotify)
        file_put(inotify);
    if (file)
        file_put(file);
    remove_file("/watched");
    return error;
}

static int use_locks(void *unused)
{
    struct file *file = open_file("/locked");
    struct lock_range range = {.owner = file, .of_file = true, .type = F_WRLCK, .start = 0, .end = 99};
    if (file == NULL)
        return -ENOMEM;
    int error = lock_range_set(file, &range, false);
    range.start = range.end = 50;
    range.type = F_UNLCK;
    if (!error)
        error = lock_range_set(file, &range, false);
    if (!error)
        error = lock_file_set(file, F_RDLCK, 0, false);
    file_put(file);
    remove_file("/locked");
    return error == -ENOLCK ? -ENOMEM : error;
}

static int use_timer(void *unused)
{
    struct file *timer = timerfd_create(true, O_NONBLOCK);
    struct timerfd_setting soon = {.value = NS_PER_MS, .interval = NS_PER_MS}, old;
    if (timer == NULL)
        return -ENOMEM;
    int error = timerfd_set(timer, &soon, false, false, &old);
    thread_sleep(3 * NS_PER_MS);
    KTEST_CHECK(is_readable(timer));
    file_put(timer);
    return error;
}

KTEST(ipc_survives_every_shortage)
{
    KTEST_EVERY_ALLOCATION(use_pipe, NULL);
    KTEST_EVERY_ALLOCATION(use_sets, NULL);
    KTEST_EVERY_ALLOCATION(poll_many, NULL);
    KTEST_EVERY_ALLOCATION(use_locks, NULL);
    KTEST_EVERY_ALLOCATION(use_timer, NULL);
}

/* An event for which there is no memory is not an error of who causes it, so this one only leaves nothing behind. */
KTEST(ipc_watches_leave_nothing)
{
    KTEST_EQUAL(use_watch(NULL), 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The time of day
 */

KTEST(ipc_timers_follow_the_time_of_day)
{
    struct file *waits = timerfd_create(true, O_NONBLOCK), *cancels = timerfd_create(true, O_NONBLOCK);
    uint64_t before = clock_wall(), start = clock_monotonic(), ticks;
    struct timerfd_setting later = {.value = before + 1000 * NS_PER_SECOND}, now;
    if (!KTEST_CHECK(waits && cancels))
        return;
    KTEST_EQUAL(timerfd_set(waits, &later, true, false, &now), 0);
    KTEST_EQUAL(timerfd_set(cancels, &later, true, true, &now), 0);
    clock_set_wall(before + 500 * NS_PER_SECOND);
    timerfd_clock_was_set();
    KTEST_EQUAL(timerfd_get(waits, &now), 0);
    KTEST_CHECK(now.value > 400 * NS_PER_SECOND && now.value < 501 * NS_PER_SECOND);
    KTEST_EQUAL(get(waits, &ticks, sizeof ticks), (long)-EAGAIN);
    KTEST_CHECK(is_readable(cancels));
    KTEST_EQUAL(get(cancels, &ticks, sizeof ticks), (long)-ECANCELED);
    KTEST_EQUAL(get(cancels, &ticks, sizeof ticks), (long)-EAGAIN);
    clock_set_wall(before + 2000 * NS_PER_SECOND);
    timerfd_clock_was_set();
    thread_sleep(NS_PER_MS);
    KTEST_EQUAL(get(waits, &ticks, sizeof ticks), 8);
    clock_set_wall(before + (clock_monotonic() - start));
    timerfd_clock_was_set();
    file_put(waits);
    file_put(cancels);
}

/* ------------------------------------------------------------------------------------------------------------------
 * All CPUs at once
 */

#define WORKERS 4
#define SLOTS 6
#define ROUNDS 600

/* What the workers share: files that any of them may replace. */
static struct {
    struct spinlock lock;
    struct file *files[SLOTS];
} shared;

static struct file *shared_get(unsigned slot)
{
    spin_lock(&shared.lock);
    struct file *file = shared.files[slot];
    if (file)
        file_get(file);
    spin_unlock(&shared.lock);
    return file;
}

static void shared_set(unsigned slot, struct file *file)
{
    spin_lock(&shared.lock);
    struct file *old = shared.files[slot];
    shared.files[slot] = file;
    spin_unlock(&shared.lock);
    if (old)
        file_put(old);
}

static struct file *make_one(unsigned kind)
{
    struct file *ends[2];
    switch (kind % 4) {
    case 0: return eventfd_create(0, true, O_NONBLOCK);
    case 1: return epoll_create();
    case 2: return timerfd_create(false, O_NONBLOCK);
    default:
        if (pipe_create(O_NONBLOCK, ends) < 0)
            return NULL;
        file_put(ends[1]);
        return ends[0];
    }
}

static void do_something(struct file *one, struct file *other, unsigned what)
{
    uint64_t value = 1;
    struct epoll_event event = {.events = what & 64 ? POLLIN | EPOLLET : POLLIN};
    struct polled polled[2] = {{.file = one, .wanted = POLLIN}, {.file = other, .wanted = POLLIN | POLLOUT}};
    struct timerfd_setting soon = {.value = NS_PER_US * (what % 50), .interval = what % 3 * NS_PER_US}, old;
    switch (what % 6) {
    case 0: epoll_control(one, EPOLL_CTL_ADD, other, 0, &event); break;
    case 1: epoll_control(one, EPOLL_CTL_DEL, other, 0, &event); break;
    case 2: poll_files(polled, 2, clock_monotonic() + 20 * NS_PER_US); break;
    case 3: put(one, &value, sizeof value); break;
    case 4: get(one, &value, sizeof value); break;
    default: timerfd_set(one, &soon, false, false, &old);
    }
}

static long work(void *argument)
{
    uint64_t seed = (uintptr_t)argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        unsigned random = (unsigned)(seed >> 33);
        if (random % 8 == 0) {
            shared_set(random / 8 % SLOTS, make_one(random / 128));
            continue;
        }
        struct file *one = shared_get(random / 8 % SLOTS), *other = shared_get(random / 64 % SLOTS);
        if (one && other)
            do_something(one, other, random / 1024);
        if (one)
            file_put(one);
        if (other)
            file_put(other);
    }
    return 0;
}

KTEST(ipc_many_threads_wait_and_close)
{
    struct thread *threads[WORKERS];
    spin_lock_init(&shared.lock, LOCK_RANK_DEVICE);
    for (unsigned i = 0; i < WORKERS; i++)
        threads[i] = thread_create("ipc", work, (void *)(random_u64() | 1));
    for (unsigned i = 0; i < WORKERS; i++)
        if (KTEST_CHECK(threads[i] != NULL))
            thread_join(threads[i]);
    for (unsigned i = 0; i < SLOTS; i++)
        shared_set(i, NULL);
}
