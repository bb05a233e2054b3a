/*
 * System calls about time.
 *
 * Source: clock_gettime(2), nanosleep(2).
 */
#include "syscall/handlers.h"
#include "time/clock.h"

enum clock_id {
    CLOCK_REALTIME = 0,
    CLOCK_MONOTONIC = 1,
    CLOCK_PROCESS_CPUTIME_ID = 2,
    CLOCK_THREAD_CPUTIME_ID = 3,
    CLOCK_MONOTONIC_RAW = 4,
    CLOCK_REALTIME_COARSE = 5,
    CLOCK_MONOTONIC_COARSE = 6,
    CLOCK_BOOTTIME = 7,
};

long sys_clock_gettime(const uint64_t a[6])
{
    uint64_t now;
    switch ((int)a[0]) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: now = clock_wall(); break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME: now = clock_monotonic(); break;
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID: now = thread_current()->run_time; break;
    default: return -EINVAL;
    }
    struct user_timespec time = {(int64_t)(now / NS_PER_SECOND), (int64_t)(now % NS_PER_SECOND)};
    return copy_to_user(a[1], &time);
}

long sys_nanosleep(const uint64_t a[6])
{
    struct user_timespec time;
    uint64_t ns;
    if (copy_from_user(&time, a[0]) < 0)
        return -EFAULT;
    if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= (int64_t)NS_PER_SECOND)
        return -EINVAL;
    if (__builtin_mul_overflow((uint64_t)time.seconds, NS_PER_SECOND, &ns) || ns > INT64_MAX / 2)
        ns = INT64_MAX / 2; /* some 146 years */
    thread_sleep(ns + (uint64_t)time.nanoseconds);
    return 0;
}

#define TIMER_ABSTIME 1

long sys_clock_nanosleep(const uint64_t a[6])
{
    struct user_timespec time;
    int clock = (int)a[0];
    if (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME)
        return -EINVAL;
    const uint64_t relative[6] = {a[2], a[3]};
    if (!(a[1] & TIMER_ABSTIME))
        return sys_nanosleep(relative);
    if (copy_from_user(&time, a[2]) < 0)
        return -EFAULT;
    if (time.seconds < 0 || time.nanoseconds < 0 || time.nanoseconds >= (int64_t)NS_PER_SECOND)
        return -EINVAL;
    uint64_t now = clock == CLOCK_REALTIME ? clock_wall() : clock_monotonic();
    uint64_t until = min_u64((uint64_t)time.seconds, INT32_MAX * 2ull) * NS_PER_SECOND + (uint64_t)time.nanoseconds;
    if (until > now)
        thread_sleep(until - now);
    return 0;
}

long sys_sched_yield(const uint64_t a[6])
{
    thread_yield();
    return 0;
}
