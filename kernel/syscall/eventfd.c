/*
 * System calls that make counters and timers files (fs/eventfd.h, fs/timerfd.h).
 *
 * Source: eventfd(2), timerfd_create(2), timerfd_settime(2).
 */
#include "fs/eventfd.h"

#include "fs/timerfd.h"
#include "syscall/waiting.h"

#define EFD_SEMAPHORE 1u

static long make_counter(unsigned count, unsigned flags)
{
    if (flags & ~(EFD_SEMAPHORE | O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    return descriptor_install(eventfd_create(count, flags & EFD_SEMAPHORE, flags & O_NONBLOCK), flags);
}

long sys_eventfd(const uint64_t a[6])
{
    return make_counter((unsigned)a[0], 0);
}

long sys_eventfd2(const uint64_t a[6])
{
    return make_counter((unsigned)a[0], (unsigned)a[1]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Timers
 */

#define TFD_TIMER_ABSTIME 1u
#define TFD_TIMER_CANCEL_ON_SET 2u

enum timer_clock {
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 1,
    CLOCK_BOOTTIME = 7,
    CLOCK_REALTIME_ALARM = 8, /* these two wake a machine that sleeps; this one never does */
    CLOCK_BOOTTIME_ALARM = 9,
};

struct user_itimerspec {
    struct user_timespec interval, value;
};

long sys_timerfd_create(const uint64_t a[6])
{
    int clock = (int)a[0];
    unsigned flags = (unsigned)a[1];
    bool alarm = clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM;
    bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
    if (flags & ~(O_CLOEXEC | O_NONBLOCK) || !(wall || alarm || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME))
        return -EINVAL;
    if (alarm && !credentials_capable(task_current()->credentials, CAP_WAKE_ALARM))
        return -EPERM;
    return descriptor_install(timerfd_create(wall, flags & O_NONBLOCK), flags);
}

static long tell(uaddr_t to, const struct timerfd_setting *setting)
{
    struct user_itimerspec spec = {
        .interval = {(int64_t)(setting->interval / NS_PER_SECOND), (int64_t)(setting->interval % NS_PER_SECOND)},
        .value = {(int64_t)(setting->value / NS_PER_SECOND), (int64_t)(setting->value % NS_PER_SECOND)}};
    return copy_to_user(to, &spec);
}

long sys_timerfd_settime(const uint64_t a[6])
{
    unsigned flags = (unsigned)a[1];
    struct user_itimerspec spec;
    struct timerfd_setting new, old;
    if (copy_from_user(&spec, a[2]) < 0)
        return -EFAULT;
    if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET) || time_check(&spec.interval, &new.interval) < 0 ||
        time_check(&spec.value, &new.value) < 0)
        return -EINVAL;
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    int error = timerfd_set(file, &new, flags & TFD_TIMER_ABSTIME, flags & TFD_TIMER_CANCEL_ON_SET, &old);
    file_put(file);
    return error || a[3] == 0 ? error : tell(a[3], &old);
}

long sys_timerfd_gettime(const uint64_t a[6])
{
    struct timerfd_setting setting;
    struct file *file = files_find(task_current()->files, (int)a[0]);
    if (file == NULL)
        return -EBADF;
    int error = timerfd_get(file, &setting);
    file_put(file);
    return error ? error : tell(a[1], &setting);
}
