/*
 * Sleeping: nanosleep and clock_nanosleep.
 *
 * A signal ends the sleep. If no handler runs it goes on as if nothing had been (restart_syscall): until the same
 * moment for relative sleeps; those until a moment of the clock are made again as they were.
 *
 * Source: nanosleep(2), clock_nanosleep(2), restart_syscall(2).
 */
#include "proc/clocks.h"
#include "syscall/waiting.h"

#define TIMER_ABSTIME 1
#define PROCESSOR_STEP (4 * NS_PER_MS) /* how often processor time is looked at, at most */

enum { RESTART_DEADLINE, RESTART_REST };

static long resume(struct restart *restart);

/* Until DEADLINE on clock_monotonic; what is left when that is interrupted goes to REST, unless it is 0. */
static long sleep_until(uint64_t deadline, uaddr_t rest)
{
    if (thread_sleep_interruptible(deadline) == 0)
        return 0;
    uint64_t now = clock_monotonic(), left = deadline > now ? deadline - now : 0;
    struct user_timespec time = {(int64_t)(left / NS_PER_SECOND), (int64_t)(left % NS_PER_SECOND)};
    if (left == 0)
        return 0;
    if (rest && copy_to_user(rest, &time) < 0)
        return -EFAULT;
    struct restart *restart = &task_current()->restart;
    restart->function = resume;
    restart->values[RESTART_DEADLINE] = deadline;
    restart->values[RESTART_REST] = rest;
    return -ERESTART_RESTARTBLOCK;
}

static long resume(struct restart *restart)
{
    return sleep_until(restart->values[RESTART_DEADLINE], restart->values[RESTART_REST]);
}

static uint64_t deadline_in(uint64_t ns)
{
    uint64_t now = clock_monotonic();
    return ns < THREAD_FOREVER - now ? now + ns : THREAD_FOREVER;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Until a moment of the day: which comes sooner or later when the clock is set
 */

struct day_sleep {
    struct clock_listener listener;
    struct wait_queue queue;
    bool changed;
};

static void wake(struct clock_listener *listener)
{
    struct day_sleep *sleep = container_of(listener, struct day_sleep, listener);
    __atomic_store_n(&sleep->changed, true, __ATOMIC_RELEASE);
    wait_queue_wake_all(&sleep->queue);
}

static long sleep_until_wall(uint64_t moment)
{
    struct day_sleep sleep = {.listener = {.clock_was_set = wake}};
    long result = 0;
    if (clock_wall() >= moment)
        return 0;
    wait_queue_init(&sleep.queue);
    clock_listen(&sleep.listener);
    do {
        __atomic_store_n(&sleep.changed, false, __ATOMIC_SEQ_CST);
        uint64_t now = clock_wall();
        if (now >= moment)
            break;
        result = wait_event_interruptible_until(
            &sleep.queue, __atomic_load_n(&sleep.changed, __ATOMIC_ACQUIRE), deadline_in(moment - now));
        if (result == -ETIMEDOUT)
            result = 0;
    } while (result == 0);
    clock_unlisten(&sleep.listener);
    return result ? -ERESTARTNOHAND : 0;
}

/* Until the clock, of processor time, shows MOMENT. Somebody else of the process must run meanwhile. */
static long sleep_until_used(const struct program_clock *clock, uint64_t moment)
{
    uint64_t used;
    for (;;) {
        int error = program_clock_read(clock, &used);
        if (error || used >= moment)
            return error;
        if (thread_sleep_interruptible(deadline_in(max_u64(moment - used, PROCESSOR_STEP))) < 0)
            return -ERESTARTNOHAND;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The calls
 */

static int read_time(uaddr_t address, uint64_t *ns)
{
    struct user_timespec time;
    return copy_from_user(&time, address) < 0 ? -EFAULT : time_check(&time, ns);
}

long sys_nanosleep(const uint64_t a[6])
{
    uint64_t ns;
    int error = read_time(a[0], &ns);
    return error ? error : sleep_until(deadline_in(ns), a[1]);
}

static long sleep_by_processor(const struct program_clock *clock, uint64_t ns, bool absolute)
{
    uint64_t used = 0;
    bool own = clock->number == 0 || clock->number == task_current()->own_number;
    if (clock->kind == PROGRAM_CLOCK_TASK && own)
        return -EINVAL; /* it would never come */
    int error = program_clock_read(clock, &used);
    return error ? error : sleep_until_used(clock, absolute ? ns : used + ns);
}

long sys_clock_nanosleep(const uint64_t a[6])
{
    struct program_clock clock;
    uint64_t ns;
    bool absolute = a[1] & TIMER_ABSTIME;
    int id = (int)a[0], error = program_clock_find(id, &clock);
    if (!error && (clock.only_read || id == CLOCK_THREAD_CPUTIME_ID))
        error = -EOPNOTSUPP;
    if (!error)
        error = read_time(a[2], &ns);
    if (error)
        return error;
    if (clock.kind == PROGRAM_CLOCK_PROCESS || clock.kind == PROGRAM_CLOCK_TASK)
        return sleep_by_processor(&clock, ns, absolute);
    if (!absolute)
        return sleep_until(deadline_in(ns), a[3]);
    if (clock.kind == PROGRAM_CLOCK_WALL)
        return sleep_until_wall(ns);
    return thread_sleep_interruptible(ns) == 0 ? 0 : -ERESTARTNOHAND;
}
