/*
 * alarm and setitimer; and everything that goes by processor time: two of the three interval timers, POSIX timers of
 * such clocks, and RLIMIT_CPU. Nothing in the kernel counts processor time up to a moment. Instead, as long as there is
 * something that waits for it, a timer looks: when it might be time at the earliest, if the process ran from now on,
 * and not more often than every few milliseconds.
 *
 * Source: setitimer(2), getrlimit(2).
 */
#include "lib/errno.h"
#include "proc/process_internal.h"
#include "proc/timers_internal.h"

#define CHECK_GAP (4 * NS_PER_MS)

static const uint8_t signals[ITIMERS] = {SIGALRM, SIGVTALRM, SIGPROF};

/* The next moment of its grid after NOW. */
static void advance(struct interval_timer *interval, uint64_t now)
{
    uint64_t missed = (now - interval->expires) / interval->interval;
    interval->expires += (missed + 1) * interval->interval;
}

/* ------------------------------------------------------------------------------------------------------------------
 * ITIMER_REAL. When it has gone off and repeats, whoever takes SIGALRM sets it again.
 */

static void set_alarm_again(struct process_timers *timers, uint64_t gap)
{
    struct interval_timer *alarm = &timers->intervals[ITIMER_REAL];
    uint64_t now = clock_monotonic();
    if (alarm->expires > now)
        return;
    if (alarm->interval == 0) {
        alarm->expires = 0;
        return;
    }
    advance(alarm, now);
    timer_start(&timers->alarm, max_u64(alarm->expires, now + gap));
}

static void alarm_rings(struct timer *timer)
{
    struct process_timers *timers = container_of(timer, struct process_timers, alarm);
    struct process *process = timers->process;
    spin_lock(&process->signal_lock);
    struct interval_timer *alarm = &timers->intervals[ITIMER_REAL];
    uint64_t now = clock_monotonic();
    if (alarm->expires > now) /* it has been set anew meanwhile */
        timer_start(timer, alarm->expires);
    else if (alarm->expires && process->task_count > 0) {
        signal_send_locked(process, NULL, SIGALRM, NULL);
        if (alarm->interval == 0)
            alarm->expires = 0;
        else if (!(process->signals.pending & signal_bit(SIGALRM))) /* nobody wants it */
            set_alarm_again(timers, TIMER_GAP);
    }
    spin_unlock(&process->signal_lock);
}

void alarm_signal_taken_locked(struct process *process)
{
    struct process_timers *timers = process->timers;
    if (timers && timers->intervals[ITIMER_REAL].interval && timers->intervals[ITIMER_REAL].expires &&
        process->task_count > 0)
        set_alarm_again(timers, 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processor time
 */

/* What is due of SETTING at NOW: its signal's bit. *next: the earliest moment that is left, as processor time from now.
 */
static uint64_t check_interval(struct process_timers *timers, int which, uint64_t now, uint64_t *next)
{
    struct interval_timer *interval = &timers->intervals[which];
    uint64_t due = 0;
    if (interval->expires == 0)
        return 0;
    if (interval->expires <= now) {
        due = signal_bit(signals[which]);
        if (interval->interval)
            advance(interval, now);
        else
            interval->expires = 0;
    }
    if (interval->expires)
        *next = min_u64(*next, interval->expires - now);
    return due;
}

/* RLIMIT_CPU, in seconds: a signal at the soft limit and in each second after it, the end at the hard one. A limit of 0
 * leaves a second, as on Linux. */
static uint64_t check_limit(struct process *process, uint64_t now, uint64_t *next)
{
    struct rlimit *limit = &process->limits[RLIMIT_CPU];
    uint64_t seconds = now / NS_PER_SECOND, due = 0;
    if (limit->maximum != RLIM_INFINITY && seconds >= max_u64(limit->maximum, 1))
        return signal_bit(SIGKILL);
    if (limit->current == RLIM_INFINITY)
        return 0;
    if (seconds >= max_u64(limit->current, 1)) {
        due = signal_bit(SIGXCPU);
        limit->current = seconds + 1;
    }
    uint64_t nearest = max_u64(min_u64(limit->current, limit->maximum), 1);
    *next = min_u64(*next, nearest < INT64_MAX / NS_PER_SECOND ? nearest * NS_PER_SECOND - now : INT64_MAX);
    return due;
}

static void check_posix_locked(struct process_timers *timers, uint64_t *next)
{
    list_for_each(struct posix_timer, timer, &timers->posix, link)
    {
        uint64_t now;
        if (!is_by_processor(timer) || !timer->set || timer->pending ||
            program_clock_read_locked(timers->process, &timer->clock, &now) < 0)
            continue;
        if (timer->expires <= now)
            posix_timer_expire_locked(timer, now);
        if (timer->set && !timer->pending)
            *next = min_u64(*next, timer->expires > now ? timer->expires - now : 0);
    }
}

static void check(struct timer *timer)
{
    struct process_timers *timers = container_of(timer, struct process_timers, check);
    struct process *process = timers->process;
    struct usage usage;
    uint64_t next = UINT64_MAX, due = 0;
    spin_lock(&process->signal_lock);
    unsigned tasks = process->task_count;
    if (tasks == 0 || process->exiting)
        goto out;
    process_usage_locked(process, &usage);
    uint64_t total = usage.user_ns + usage.system_ns;
    due = check_interval(timers, ITIMER_VIRTUAL, usage.user_ns, &next) |
          check_interval(timers, ITIMER_PROF, total, &next) | check_limit(process, total, &next);
    check_posix_locked(timers, &next);
    for (; due; due &= due - 1)
        signal_send_locked(process, NULL, __builtin_ctzll(due) + 1, NULL);
    if (next != UINT64_MAX) /* as soon as that, if all of its tasks run from now on */
        timer_start(timer, clock_monotonic() + max_u64(min_u64(next, NS_PER_SECOND) / tasks, CHECK_GAP));
out:
    spin_unlock(&process->signal_lock);
}

void processor_check_locked(struct process_timers *timers)
{
    timer_start(&timers->check, clock_monotonic());
}

void processor_check_init(struct process_timers *timers)
{
    timer_init(&timers->alarm, alarm_rings);
    timer_init(&timers->check, check);
}

void process_limit_processor(struct process *process)
{
    const struct rlimit *limit = &process->limits[RLIMIT_CPU];
    if (limit->current == RLIM_INFINITY && limit->maximum == RLIM_INFINITY)
        return;
    struct process_timers *timers = process_timers_get(process);
    if (timers == NULL)
        return; /* it costs no more than memory that is short anyway */
    spin_lock(&process->signal_lock);
    processor_check_locked(timers);
    spin_unlock(&process->signal_lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Setting and reading
 */

static uint64_t now_of_locked(struct process *process, int which)
{
    struct usage usage;
    if (which == ITIMER_REAL)
        return clock_monotonic();
    process_usage_locked(process, &usage);
    return usage.user_ns + (which == ITIMER_PROF ? usage.system_ns : 0);
}

static void read_locked(struct process_timers *timers, int which, struct timer_setting *setting)
{
    const struct interval_timer *interval = &timers->intervals[which];
    *setting = (struct timer_setting){.interval = interval->interval};
    if (interval->expires == 0)
        return;
    uint64_t now = now_of_locked(timers->process, which);
    if (interval->expires > now)
        setting->value = max_u64(interval->expires - now, NS_PER_US);
    else if (which != ITIMER_REAL || timer_is_queued(&timers->alarm))
        setting->value = NS_PER_US; /* any moment now */
}

void interval_timer_get(int which, struct timer_setting *setting)
{
    struct process *process = task_current()->process;
    *setting = (struct timer_setting){0};
    if (process->timers == NULL)
        return;
    spin_lock(&process->signal_lock);
    read_locked(process->timers, which, setting);
    spin_unlock(&process->signal_lock);
}

int interval_timer_set(int which, const struct timer_setting *new, struct timer_setting *old)
{
    struct process *process = task_current()->process;
    struct process_timers *timers = process_timers_get(process);
    if (timers == NULL)
        return -ENOMEM;
    spin_lock(&process->signal_lock);
    read_locked(timers, which, old);
    uint64_t now = now_of_locked(process, which);
    uint64_t expires = new->value < INT64_MAX / 2 - now ? now + new->value : INT64_MAX / 2;
    timers->intervals[which] = (struct interval_timer){.expires = new->value ? expires : 0, .interval = new->interval};
    if (which != ITIMER_REAL)
        processor_check_locked(timers);
    else if (new->value)
        timer_start(&timers->alarm, expires);
    else
        timer_stop(&timers->alarm);
    spin_unlock(&process->signal_lock);
    return 0;
}
