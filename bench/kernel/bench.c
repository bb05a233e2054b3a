/*
 * Runs the measurements: see bench.h. This is the purpose (kernel/init.h) of build/bench.elf.
 *
 * `bench=cost` measures what one CPU's operations cost; `bench=rate` how often several CPUs can do them, on one CPU,
 * two, four and so on. Each cost is measured a few times, after some rounds to fill caches of every kind, and the least
 * counts: what else happens can only add. `only=NAME` measures one thing, for whoever wants to know where it goes.
 */
#include "bench.h"

#include "arch/x86_64/machine.h"
#include "init.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "sched/sched.h"
#include "tests/kernel/on_cpus.h"
#include "time/clock.h"
#include "tty/console.h"

#define WARM_UP 200
#define ROUNDS 1000
#define TIMES 3
#define RATE_NS (200 * NS_PER_MS)

static char only[64];

static bool is_wanted(const char *name)
{
    return only[0] == '\0' || strcmp(only, name) == 0;
}

static void measure(const struct bench *bench)
{
    uint64_t best = UINT64_MAX;
    bench->run(WARM_UP);
    for (int i = 0; i < TIMES; i++)
        best = min_u64(best, bench->run(ROUNDS));
    uint64_t tenths = best * 10 / (ROUNDS * bench->operations);
    console_printf("bench %s %lu.%lu cycles\n", bench->name, tenths / 10, tenths % 10);
}

static uint64_t done[CPU_MAX];

static void repeat(unsigned cpu, void *argument)
{
    const struct rate *rate = argument;
    uint64_t end = clock_monotonic() + RATE_NS, count = 0;
    while (clock_monotonic() < end)
        for (int i = 0; i < 10; i++, count++)
            rate->operation(cpu);
    done[cpu] = count;
}

static void measure_rate(const struct rate *rate, unsigned cpus)
{
    memset(done, 0, sizeof done);
    on_first_cpus(rate->one ? 1 : cpus, repeat, (void *)rate);
    uint64_t sum = 0;
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
        sum += done[cpu];
    console_printf("bench %s_%u %lu per_second\n", rate->name, cpus, (unsigned long)(sum * NS_PER_SECOND / RATE_NS));
}

static void measure_rates(void)
{
    for (const struct rate *const *rate = __start_rates; rate < __stop_rates; rate++)
        for (unsigned cpus = 1; cpus <= cpu_count; cpus *= 2)
            if (cpus >= (*rate)->cpus && is_wanted((*rate)->name))
                measure_rate(*rate, cpus);
}

static void measure_costs(void)
{
    thread_bind(thread_current(), 0);
    for (const struct bench *const *bench = __start_benches; bench < __stop_benches; bench++)
        if ((*bench)->cpus == cpu_count && is_wanted((*bench)->name))
            measure(*bench);
}

void init_main(const struct boot_info *info)
{
    char what[16];
    cmdline_get("only", only, sizeof only);
    if (cmdline_get("bench", what, sizeof what) < 0 || strcmp(what, "cost") == 0)
        measure_costs();
    else if (strcmp(what, "rate") == 0)
        measure_rates();
    machine_exit(BOOT_EXIT_SUCCESS);
}
