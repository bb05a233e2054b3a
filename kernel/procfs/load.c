/*
 * How busy the machine is: /proc/uptime, /proc/loadavg and /proc/stat.
 *
 * The load average is how many threads want a CPU, averaged over the last one, five and fifteen minutes: a timer looks
 * every five seconds, and each sample decays by e^(-5/60) and so on, as numbers with 11 bits behind the point.
 *
 * Times are in ticks of 1/100 s, as programs have it, whatever the kernel counts in.
 *
 * Source: proc(5), "/proc/loadavg", "/proc/stat"; sysconf(3), _SC_CLK_TCK.
 */
#include "procfs/procfs.h"
#include "procfs/procfs_internal.h"

#include "procfs/procfs.h"

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp.h"
#include "debug/counter.h"
#include "proc/numbers.h"
#include "sched/sched.h"
#include "time/timer.h"

#define TICK_NS (uint64_t)(NS_PER_SECOND / 100)
#define SAMPLE_NS (5 * NS_PER_SECOND)
#define POINT 11 /* bits behind the point */
#define ONE (1u << POINT)

/* In ticks. */
struct cpu_times {
    uint64_t user, system, idle;
    uint64_t switches;
};

static struct timer sampling;
static const uint32_t decays[3] = {1884, 2014, 2037}; /* ONE * e^(-5/60), e^(-5/300), e^(-5/900) */
static uint64_t averages[3];                          /* written by the timer alone */

static unsigned count_runnable(void)
{
    struct sched_report report;
    unsigned count = 0;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        sched_report(cpu, &report);
        count += report.runnable;
    }
    return count;
}

static void sample(struct timer *timer)
{
    uint64_t active = (uint64_t)count_runnable() << POINT;
    for (unsigned i = 0; i < ARRAY_LENGTH(averages); i++) {
        uint64_t average = averages[i] * decays[i] + active * (ONE - decays[i]);
        if (active >= averages[i])
            average += ONE - 1; /* or it would never get there */
        __atomic_store_n(&averages[i], average >> POINT, __ATOMIC_RELAXED);
    }
    timer_start(timer, timer->expires + SAMPLE_NS);
}

void procfs_load_init(void)
{
    timer_init(&sampling, sample);
    timer_start(&sampling, clock_monotonic() + SAMPLE_NS);
}

void procfs_load_averages(uint64_t loads[3])
{
    for (unsigned i = 0; i < ARRAY_LENGTH(averages); i++)
        loads[i] = __atomic_load_n(&averages[i], __ATOMIC_RELAXED) << (16 - POINT);
}

int procfs_show_loadavg(struct text *out, const struct pseudo_node *node)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(averages); i++) {
        uint64_t average = __atomic_load_n(&averages[i], __ATOMIC_RELAXED) + ONE / 200; /* rounds */
        text_printf(out, "%lu.%02lu ", average >> POINT, (average & (ONE - 1)) * 100 >> POINT);
    }
    text_printf(out, "%u/%lu %d\n", count_runnable(), thread_count(), number_last());
    return 0;
}

/*
 * How a CPU's BUSY ticks were last divided, user's above 32 bits of the system's: what programs have is counted by
 * samples, which may run ahead of the clock, and neither part may ever seem to shrink. 32 bits last for 497 days.
 */
static uint64_t shown[CPU_MAX];

static void divide_busy(unsigned cpu, uint64_t busy, uint64_t user, struct cpu_times *times)
{
    uint64_t before = __atomic_load_n(&shown[cpu], __ATOMIC_RELAXED), after;
    do {
        uint64_t old_user = before >> 32, old_system = (uint32_t)before;
        busy = max_u64(busy, old_user + old_system);
        user = min_u64(max_u64(user, old_user), busy - old_system);
        after = user << 32 | (uint32_t)(busy - user);
    } while (!__atomic_compare_exchange_n(&shown[cpu], &before, after, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    times->user += user;
    times->system += busy - user;
}

static void read_cpu(unsigned cpu, struct cpu_times *times)
{
    struct sched_report report;
    sched_report(cpu, &report);
    times->idle += report.idle_ns / TICK_NS;
    uint64_t busy = report.now_ns - min_u64(report.idle_ns, report.now_ns);
    divide_busy(cpu, busy / TICK_NS, report.user_ns / TICK_NS, times);
    times->switches += report.switches;
}

static void put_times(struct text *out, const struct cpu_times *times)
{
    text_printf(out, " %lu 0 %lu %lu 0 0 0 0 0 0\n", times->user, times->system, times->idle);
}

int procfs_show_stat(struct text *out, const struct pseudo_node *node)
{
    struct cpu_times total = {0};
    uint64_t now = clock_monotonic();
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        read_cpu(cpu, &total);
    text_puts(out, "cpu ");
    put_times(out, &total);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        struct cpu_times times = {0};
        if (!cpu_mask_has(&cpus_online, cpu))
            continue;
        read_cpu(cpu, &times);
        text_printf(out, "cpu%u", cpu);
        put_times(out, &times);
    }
    text_printf(out, "intr %lu\nctxt %lu\nbtime %lu\n", procfs_interrupt_total(), total.switches,
        (clock_wall() - now) / (uint64_t)NS_PER_SECOND);
    const struct counter *created = counter_find("tasks_created");
    text_printf(out, "processes %lu\nprocs_running %u\nprocs_blocked 0\n", counter_value(created), count_runnable());
    return 0;
}

int procfs_show_uptime(struct text *out, const struct pseudo_node *node)
{
    struct cpu_times total = {0};
    uint64_t up = clock_monotonic() / TICK_NS;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        read_cpu(cpu, &total);
    text_printf(out, "%lu.%02lu %lu.%02lu\n", up / 100, up % 100, total.idle / 100, total.idle % 100);
    return 0;
}
