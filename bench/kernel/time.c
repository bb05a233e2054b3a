/*
 * What time costs: reading the clock, timers, interrupts; and a line of the log.
 */
#define LOG_NAME "bench"

#include "bench.h"

#include "log.h"
#include "time/timer.h"

BENCH(clock_monotonic)
{
    BENCH_LOOP(rounds)
    clock_monotonic();
    return cycles;
}

static void do_nothing(struct timer *timer) {}

/* A time-out that is stopped before it comes, while another timer is due earlier. */
BENCH(timer_start_and_stop)
{
    struct timer first, timer;
    timer_init(&first, do_nothing);
    timer_init(&timer, do_nothing);
    timer_start(&first, clock_monotonic() + 1000 * NS_PER_SECOND);
    uint64_t far = clock_monotonic() + 2000 * NS_PER_SECOND;
    BENCH_LOOP(rounds)
    {
        timer_start(&timer, far);
        timer_stop(&timer);
    }
    timer_stop(&first);
    return cycles;
}

/* Among a thousand others. */
BENCH(timer_start_and_stop_among_1000)
{
    static struct timer others[1000];
    uint64_t far = clock_monotonic() + 1000 * NS_PER_SECOND;
    for (unsigned i = 0; i < ARRAY_LENGTH(others); i++) {
        timer_init(&others[i], do_nothing);
        timer_start(&others[i], far + i * 2);
    }
    struct timer timer;
    timer_init(&timer, do_nothing);
    BENCH_LOOP(rounds)
    {
        timer_start(&timer, far + 1001);
        timer_stop(&timer);
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(others); i++)
        timer_stop(&others[i]);
    return cycles;
}

static uint64_t fired;

static void note_time(struct timer *timer)
{
    __atomic_store_n(&fired, clock_monotonic(), __ATOMIC_RELAXED);
}

/* From the moment for which a timer was set to its function, while the CPU is busy. */
BENCH(timer_latency)
{
    struct timer timer;
    uint64_t late = 0;
    timer_init(&timer, note_time);
    for (uint64_t i = 0; i < rounds; i++) {
        uint64_t wanted = clock_monotonic() + 20000;
        fired = 0;
        timer_start(&timer, wanted);
        while (!__atomic_load_n(&fired, __ATOMIC_RELAXED))
            cpu_pause();
        late += fired - wanted;
    }
    return late * clock_tsc_hz() / NS_PER_SECOND;
}

BENCH(log_line)
{
    BENCH_LOOP(rounds)
    log_info("a line with a number, %u", (unsigned)bench_left);
    return cycles;
}
