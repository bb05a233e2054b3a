/*
 * Timers in the running machine: never early, not too late, in thousands, started and stopped by everyone at once, and
 * silent when there are none.
 */
#include "ktest.h"
#include "on_cpus.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/interrupt.h"
#include "mm/slab.h"
#include "sched/sched.h"
#include "time/timer.h"

KTEST_COUNT(timers, timer_pending_count);

struct shot {
    struct timer timer;
    uint64_t at; /* when it fired; 0: not yet */
    unsigned cpu;
    unsigned times;
};

static void shoot(struct timer *timer)
{
    struct shot *shot = container_of(timer, struct shot, timer);
    shot->at = clock_monotonic();
    shot->cpu = cpu_number();
    __atomic_fetch_add(&shot->times, 1, __ATOMIC_RELEASE);
}

static bool wait_for(struct shot *shot, uint64_t limit)
{
    uint64_t end = clock_monotonic() + limit;
    while (__atomic_load_n(&shot->times, __ATOMIC_ACQUIRE) == 0 && clock_monotonic() < end)
        cpu_pause();
    return shot->times > 0;
}

/* Numbers that look like chance, the same in each run. */
static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

#define SHOTS 30

static unsigned count_below(const uint64_t *values, unsigned count, uint64_t value)
{
    unsigned below = 0;
    for (unsigned i = 0; i < count; i++)
        below += values[i] < value;
    return below;
}

/* The one of COUNT values that has RANK others below it. */
static uint64_t ranked(const uint64_t *values, unsigned count, unsigned rank)
{
    for (unsigned i = 0; i < count; i++)
        if (count_below(values, count, values[i]) <= rank && count_below(values, count, values[i] + 1) > rank)
            return values[i];
    return UINT64_MAX;
}

/* One timer; how late it came, UINT64_MAX: not at all. */
static uint64_t lateness(uint64_t wanted, unsigned cpu)
{
    struct shot shot = {.times = 0};
    timer_init(&shot.timer, shoot);
    timer_start(&shot.timer, wanted);
    bool fired = wait_for(&shot, 10 * NS_PER_SECOND);
    timer_stop_wait(&shot.timer); /* its function has returned */
    if (!KTEST_CHECK(fired) || !KTEST_CHECK(shot.at >= wanted) || !KTEST_EQUAL(shot.cpu, cpu))
        return UINT64_MAX;
    return shot.at - wanted;
}

/*
 * One after the other: none early; a tenth of them within half a millisecond, and half of them within twenty, for the
 * host has other things to do, and they may last: so there are TRIES.
 */
#define TRIES 5
#define LATE_TENTH (500 * NS_PER_US)
#define LATE_HALF (20 * NS_PER_MS)

static void shoot_and_measure(unsigned cpu, void *chosen)
{
    static uint64_t late[SHOTS];
    if (cpu != *(unsigned *)chosen)
        return;
    uint32_t seed = cpu + 1;
    uint64_t tenth = UINT64_MAX, half = UINT64_MAX;
    for (unsigned i = 0; i < TRIES && (tenth > LATE_TENTH || half > LATE_HALF); i++) {
        for (unsigned j = 0; j < SHOTS; j++) {
            late[j] = lateness(clock_monotonic() + 1000 + next_random(&seed) % (2 * NS_PER_MS), cpu);
            if (late[j] == UINT64_MAX)
                return;
        }
        tenth = ranked(late, SHOTS, SHOTS / 10);
        half = ranked(late, SHOTS, SHOTS / 2);
    }
    if (!KTEST_CHECK(tenth <= LATE_TENTH && half <= LATE_HALF))
        ktest_note("CPU %u: only a tenth of the timers are less than %lu us late, and half of them %lu us", cpu,
            (unsigned long)(tenth / 1000), (unsigned long)(half / 1000));
}

KTEST(timer_accuracy)
{
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        on_cpus(shoot_and_measure, &cpu);
}

/* Far ones are approached in steps, past ones fire at once. */
KTEST(timer_extremes)
{
    struct shot never = {.times = 0}, past = {.times = 0}, zero = {.times = 0};
    timer_init(&never.timer, shoot);
    timer_init(&past.timer, shoot);
    timer_init(&zero.timer, shoot);
    timer_start(&never.timer, UINT64_MAX);
    timer_start(&past.timer, clock_monotonic() - 1);
    timer_start(&zero.timer, 0);
    KTEST_CHECK(wait_for(&past, NS_PER_SECOND));
    KTEST_CHECK(wait_for(&zero, NS_PER_SECOND));
    KTEST_EQUAL(never.times, 0);
    KTEST_CHECK(timer_is_queued(&never.timer));
    KTEST_CHECK(timer_stop_wait(&never.timer));
    KTEST_CHECK(!timer_stop(&never.timer));
    timer_stop_wait(&past.timer);
    timer_stop_wait(&zero.timer);
}

#define MANY 5000

/* Thousands at once, in any order: each fires once, none early, none is lost. */
KTEST(timer_thousands)
{
    struct shot *shots = kmalloc(MANY * sizeof *shots, ALLOC_ZERO);
    if (!KTEST_CHECK(shots != NULL))
        return;
    uint32_t seed = 7;
    uint64_t start = clock_monotonic();
    for (unsigned i = 0; i < MANY; i++) {
        timer_init(&shots[i].timer, shoot);
        timer_start(&shots[i].timer, start + next_random(&seed) % (30 * NS_PER_MS));
    }
    unsigned lost = 0, early = 0, twice = 0;
    for (unsigned i = 0; i < MANY; i++) {
        lost += !wait_for(&shots[i], 10 * NS_PER_SECOND);
        timer_stop_wait(&shots[i].timer);
        early += shots[i].at < shots[i].timer.expires;
        twice += shots[i].times > 1;
    }
    KTEST_EQUAL(lost, 0);
    KTEST_EQUAL(early, 0);
    KTEST_EQUAL(twice, 0);
    kfree(shots);
}

/* All CPUs start, move and stop the same few timers, and each its neighbour's own. */
#define SHARED 8
static struct timer shared[SHARED];
static uint64_t shared_fired;

static void count_shared(struct timer *timer)
{
    __atomic_fetch_add(&shared_fired, 1, __ATOMIC_RELAXED);
}

struct own {
    struct timer timer;
    bool running;
};

static void run_own(struct timer *timer)
{
    struct own *own = container_of(timer, struct own, timer);
    __atomic_store_n(&own->running, true, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 20; i++)
        cpu_pause();
    __atomic_store_n(&own->running, false, __ATOMIC_SEQ_CST);
}

static struct own owns[CPU_MAX];

static void torture(unsigned cpu, void *unused)
{
    uint32_t seed = cpu * 77 + 1;
    unsigned next = (cpu + 1) % cpu_count;
    uint64_t end = clock_monotonic() + 150 * NS_PER_MS;
    while (clock_monotonic() < end) {
        struct timer *timer = &shared[next_random(&seed) % SHARED];
        switch (next_random(&seed) % 8) {
        case 0: timer_stop(timer); break;
        case 1: timer_stop_wait(timer); break;
        case 2: timer_start(&owns[cpu].timer, 0); break; /* and our neighbour stops it */
        case 3: timer_stop_wait(&owns[next].timer); break;
        default: timer_start(timer, clock_monotonic() + next_random(&seed) % (100 * NS_PER_US));
        }
    }
}

KTEST(timer_torture)
{
    shared_fired = 0;
    for (unsigned i = 0; i < SHARED; i++)
        timer_init(&shared[i], count_shared);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        timer_init(&owns[cpu].timer, run_own);
    on_cpus(torture, NULL);
    for (unsigned i = 0; i < SHARED; i++) {
        timer_stop_wait(&shared[i]);
        KTEST_CHECK(!timer_is_queued(&shared[i]));
    }
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        timer_stop_wait(&owns[cpu].timer);
        KTEST_CHECK(!owns[cpu].running);
    }
    KTEST_CHECK(shared_fired > 0);
}

static unsigned stop_failures;

/* CPU 0 starts it again and again, CPU 1 stops it meanwhile. */
static void start_or_stop(unsigned cpu, void *unused)
{
    uint64_t end = clock_monotonic() + 50 * NS_PER_MS;
    while (clock_monotonic() < end) {
        if (cpu == 0) {
            timer_start(&owns[0].timer, 0);
            for (int i = 0; i < 100; i++)
                cpu_pause();
        } else if (cpu == 1) {
            timer_stop_wait(&owns[0].timer);
        }
    }
}

/* Just before it fires, just after, and in between. */
static void stop_after_start(unsigned cpu, void *unused)
{
    uint64_t end = clock_monotonic() + 50 * NS_PER_MS;
    while (clock_monotonic() < end) {
        timer_start(&owns[cpu].timer, clock_monotonic() + 1000);
        clock_delay(900);
        timer_stop_wait(&owns[cpu].timer);
        if (__atomic_load_n(&owns[cpu].running, __ATOMIC_SEQ_CST) || timer_is_queued(&owns[cpu].timer))
            __atomic_fetch_add(&stop_failures, 1, __ATOMIC_RELAXED);
    }
}

KTEST(timer_stop_waits)
{
    stop_failures = 0;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        timer_init(&owns[cpu].timer, run_own);
    on_cpus(stop_after_start, NULL);
    on_cpus(start_or_stop, NULL);
    timer_stop_wait(&owns[0].timer);
    KTEST_EQUAL(stop_failures, 0);
    KTEST_CHECK(!owns[0].running);
}

/* A CPU that has nothing to do and no timer is left in peace; but every five seconds one samples the load average. */
KTEST(timer_idle_is_silent)
{
    if (cpu_count < 2) {
        ktest_skip("the only CPU waits for the end of this test");
        return;
    }
    while (clock_monotonic() < 1100 * NS_PER_MS)
        cpu_pause();             /* the clock corrects itself in the first second */
    clock_delay(20 * NS_PER_MS); /* interrupts for timers that have been stopped */
    static uint64_t before[CPU_MAX];
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        before[cpu] = interrupt_count(VECTOR_TIMER, cpu);
    clock_delay(200 * NS_PER_MS);
    uint64_t sum = 0;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        uint64_t came = interrupt_count(VECTOR_TIMER, cpu) - before[cpu];
        if (cpu == cpu_number())
            continue;
        sum += came;
        if (came > 0)
            ktest_note("CPU %u had %lu timer interrupts", cpu, came);
    }
    KTEST_CHECK(sum <= 1);
}
