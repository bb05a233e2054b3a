/*
 * System calls about timers: kernel/proc/timers.c and interval.c keep them.
 *
 * Source: alarm(2), setitimer(2), timer_create(2), timer_settime(2), timer_getoverrun(2), timer_delete(2), sigevent(7).
 */
#include "proc/timers.h"
#include "syscall/waiting.h"

#define TIMER_ABSTIME 1

/* ------------------------------------------------------------------------------------------------------------------
 * alarm, setitimer
 */

struct user_timeval {
    int64_t seconds, microseconds;
};

struct user_itimerval {
    struct user_timeval interval, value;
};

static int ns_of_timeval(struct user_timeval time, uint64_t *ns)
{
    if (time.microseconds < 0 || time.microseconds >= (int64_t)(NS_PER_SECOND / NS_PER_US))
        return -EINVAL;
    const struct user_timespec same = {time.seconds, time.microseconds * (int64_t)NS_PER_US};
    return time_check(&same, ns);
}

static struct user_timeval timeval_of(uint64_t ns)
{
    return (struct user_timeval){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND / NS_PER_US)};
}

static int write_interval(uaddr_t to, const struct timer_setting *setting)
{
    const struct user_itimerval value = {timeval_of(setting->interval), timeval_of(setting->value)};
    return copy_to_user(to, &value);
}

long sys_getitimer(const uint64_t a[6])
{
    struct timer_setting setting;
    if ((unsigned)a[0] >= ITIMERS)
        return -EINVAL;
    interval_timer_get((int)a[0], &setting);
    return write_interval(a[1], &setting);
}

long sys_setitimer(const uint64_t a[6])
{
    struct user_itimerval value = {0};
    struct timer_setting new, old;
    if (a[1] && copy_from_user(&value, a[1]) < 0)
        return -EFAULT;
    if (ns_of_timeval(value.value, &new.value) < 0 || ns_of_timeval(value.interval, &new.interval) < 0 ||
        (unsigned)a[0] >= ITIMERS)
        return -EINVAL;
    int error = interval_timer_set((int)a[0], &new, &old);
    return error || a[2] == 0 ? error : write_interval(a[2], &old);
}

/* To the nearest second, but never 0 for a timer that is set. */
long sys_alarm(const uint64_t a[6])
{
    const struct timer_setting new = {.value = (uint32_t)a[0] * NS_PER_SECOND};
    struct timer_setting old;
    if (interval_timer_set(ITIMER_REAL, &new, &old) < 0)
        return 0; /* there was none, then, and there is no way to say that there is none now */
    return (long)(old.value && old.value < NS_PER_SECOND ? 1 : (old.value + NS_PER_SECOND / 2) / NS_PER_SECOND);
}

/* ------------------------------------------------------------------------------------------------------------------
 * timer_create and what belongs to it
 */

struct user_sigevent {
    uint64_t value;
    int32_t signal, notify, task;
    uint8_t pad[44];
};
_Static_assert(sizeof(struct user_sigevent) == 64, "struct sigevent");

struct user_itimerspec {
    struct user_timespec interval, value;
};

long sys_timer_create(const uint64_t a[6])
{
    struct user_sigevent user;
    struct timer_event event = {.notify = SIGEV_SIGNAL, .signal = SIGALRM, .value_is_id = a[1] == 0};
    struct program_clock clock;
    if (a[1] && copy_from_user(&user, a[1]) < 0)
        return -EFAULT;
    if (program_clock_find((int)a[0], &clock) < 0)
        return -EINVAL;
    if (clock.only_read)
        return -EOPNOTSUPP;
    uint64_t now;
    if (program_clock_is_foreign(&clock) || program_clock_read(&clock, &now) < 0)
        return -EINVAL;
    if (a[1])
        event =
            (struct timer_event){.notify = user.notify, .signal = user.signal, .task = user.task, .value = user.value};
    int id = process_timer_create(&clock, &event);
    if (id < 0 || copy_to_user(a[2], &id) == 0)
        return id < 0 ? id : 0;
    process_timer_delete(id);
    return -EFAULT;
}

static int read_setting(uaddr_t from, struct timer_setting *setting)
{
    struct user_itimerspec user;
    if (from == 0)
        return -EINVAL;
    if (copy_from_user(&user, from) < 0)
        return -EFAULT;
    int error = time_check(&user.interval, &setting->interval);
    return error ? error : time_check(&user.value, &setting->value);
}

static struct user_timespec timespec_of(uint64_t ns)
{
    return (struct user_timespec){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND)};
}

static int write_setting(uaddr_t to, const struct timer_setting *setting)
{
    const struct user_itimerspec user = {timespec_of(setting->interval), timespec_of(setting->value)};
    return copy_to_user(to, &user);
}

long sys_timer_settime(const uint64_t a[6])
{
    struct timer_setting new, old;
    int error = read_setting(a[2], &new);
    if (!error)
        error = process_timer_set((int)a[0], a[1] & TIMER_ABSTIME, &new, &old);
    return error || a[3] == 0 ? error : write_setting(a[3], &old);
}

long sys_timer_gettime(const uint64_t a[6])
{
    struct timer_setting setting;
    int error = process_timer_get((int)a[0], &setting);
    return error ? error : write_setting(a[1], &setting);
}

long sys_timer_getoverrun(const uint64_t a[6])
{
    return process_timer_overrun((int)a[0]);
}

long sys_timer_delete(const uint64_t a[6])
{
    return process_timer_delete((int)a[0]);
}
