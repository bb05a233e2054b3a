/*
 * System calls that read and set the clocks. Most programs read them without one (kernel/vdso).
 *
 * Source: clock_gettime(2), gettimeofday(2), time(2), adjtimex(2), getcpu(2).
 */
#include "arch/x86_64/percpu.h"
#include "proc/clocks.h"
#include "syscall/waiting.h"
#include "time/share.h"

#define COARSE_NS 4000000 /* what coarse clocks say of themselves, as where a timer ticks 250 times a second */

struct user_timeval {
    int64_t seconds, microseconds;
};

struct user_timezone {
    int32_t minutes_west, daylight_saving;
};
#define MINUTES_WEST_MAX (15 * 60)

static struct user_timespec timespec_of(uint64_t ns)
{
    return (struct user_timespec){(int64_t)(ns / NS_PER_SECOND), (int64_t)(ns % NS_PER_SECOND)};
}

long sys_clock_gettime(const uint64_t a[6])
{
    struct program_clock clock;
    uint64_t now;
    int error = program_clock_find((int)a[0], &clock);
    if (!error)
        error = program_clock_read(&clock, &now);
    if (error)
        return error;
    struct user_timespec time = timespec_of(now);
    return copy_to_user(a[1], &time);
}

long sys_clock_getres(const uint64_t a[6])
{
    struct program_clock clock;
    uint64_t now;
    int error = program_clock_find((int)a[0], &clock);
    if (!error && clock.number)
        error = program_clock_read(&clock, &now); /* does it exist? */
    if (error || a[1] == 0)
        return error;
    struct user_timespec resolution = {0, clock.coarse ? COARSE_NS : 1};
    return copy_to_user(a[1], &resolution);
}

/* The time of day, to NS. It never is before the machine started. */
static int set_time(uint64_t ns)
{
    if (!credentials_capable(task_current()->credentials, CAP_SYS_TIME))
        return -EPERM;
    if (ns < clock_monotonic())
        return -EINVAL;
    time_of_day_set(ns);
    return 0;
}

long sys_clock_settime(const uint64_t a[6])
{
    struct program_clock clock;
    struct user_timespec time;
    uint64_t ns;
    if (program_clock_find((int)a[0], &clock) < 0)
        return -EINVAL;
    if ((int)a[0] > CLOCK_REALTIME)
        return -EINVAL;
    if (copy_from_user(&time, a[1]) < 0)
        return -EFAULT;
    if ((int)a[0] < CLOCK_REALTIME) /* of processor time */
        return program_clock_read(&clock, &ns) < 0 ? -EINVAL : -EPERM;
    int error = time_check(&time, &ns);
    return error ? error : set_time(ns);
}

long sys_gettimeofday(const uint64_t a[6])
{
    uint64_t now = clock_wall();
    struct user_timeval time = {(int64_t)(now / NS_PER_SECOND), (int64_t)(now % NS_PER_SECOND / NS_PER_US)};
    struct user_timezone zone;
    clock_zone(&zone.minutes_west, &zone.daylight_saving);
    if (a[0] && copy_to_user(a[0], &time) < 0)
        return -EFAULT;
    return a[1] ? copy_to_user(a[1], &zone) : 0;
}

long sys_settimeofday(const uint64_t a[6])
{
    struct user_timeval time = {0};
    struct user_timezone zone = {0};
    struct user_timespec checked;
    uint64_t ns;
    if ((a[0] && copy_from_user(&time, a[0]) < 0) || (a[1] && copy_from_user(&zone, a[1]) < 0))
        return -EFAULT;
    if (time.microseconds < 0 || time.microseconds >= (int64_t)(NS_PER_SECOND / NS_PER_US))
        return -EINVAL;
    checked = (struct user_timespec){time.seconds, time.microseconds * (int64_t)NS_PER_US};
    if (time_check(&checked, &ns) < 0)
        return -EINVAL;
    if (!credentials_capable(task_current()->credentials, CAP_SYS_TIME))
        return -EPERM;
    if (zone.minutes_west < -MINUTES_WEST_MAX || zone.minutes_west > MINUTES_WEST_MAX)
        return -EINVAL;
    if (a[1])
        clock_set_zone(zone.minutes_west, zone.daylight_saving);
    return a[0] ? set_time(ns) : 0;
}

long sys_time(const uint64_t a[6])
{
    int64_t seconds = (int64_t)(clock_wall() / NS_PER_SECOND);
    return a[0] && copy_to_user(a[0], &seconds) < 0 ? -EFAULT : seconds;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The clock's discipline: there is none to change, only to read
 */

struct user_timex {
    uint32_t modes, pad;
    int64_t offset, frequency, max_error, estimated_error;
    int32_t status, pad2;
    int64_t constant, precision, tolerance;
    struct user_timeval time;
    int64_t tick;
    int64_t pulses[2]; /* of a signal once a second: none */
    int32_t shift, pad3;
    int64_t pulse_counts[5];
    int32_t tai;
    int32_t pad4[11];
};
_Static_assert(sizeof(struct user_timex) == 208, "struct timex");

#define STATUS_UNSYNCHRONIZED 0x40
#define CLOCK_STATE_ERROR 5 /* nobody keeps it right */
#define ERROR_MAX_US 16000000
#define TOLERANCE (500ll << 16) /* parts per million, with 16 bits after the point */

static long read_discipline(uaddr_t address)
{
    struct user_timex timex;
    if (copy_from_user(&timex, address) < 0)
        return -EFAULT;
    if (timex.modes)
        return -EPERM;
    uint64_t now = clock_wall();
    timex = (struct user_timex){
        .max_error = ERROR_MAX_US,
        .estimated_error = ERROR_MAX_US,
        .status = STATUS_UNSYNCHRONIZED,
        .constant = 2,
        .precision = 1,
        .tolerance = TOLERANCE,
        .time = {(int64_t)(now / NS_PER_SECOND), (int64_t)(now % NS_PER_SECOND / NS_PER_US)},
        .tick = 10000,
    };
    return copy_to_user(address, &timex) < 0 ? -EFAULT : CLOCK_STATE_ERROR;
}

long sys_adjtimex(const uint64_t a[6])
{
    return read_discipline(a[0]);
}

long sys_clock_adjtime(const uint64_t a[6])
{
    struct program_clock clock;
    bool of_processor = (int)a[0] < 0 && (a[0] & 7) != 3; /* 3: a clock that is a file */
    if (!of_processor && program_clock_find((int)a[0], &clock) < 0)
        return -EINVAL;
    return (int)a[0] == CLOCK_REALTIME ? read_discipline(a[1]) : -EOPNOTSUPP;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processors
 */

long sys_getcpu(const uint64_t a[6])
{
    uint32_t cpu = cpu_number(), node = 0;
    if (a[0] && copy_to_user(a[0], &cpu) < 0)
        return -EFAULT;
    return a[1] ? copy_to_user(a[1], &node) : 0;
}

long sys_sched_yield(const uint64_t a[6])
{
    thread_yield();
    return 0;
}
