/*
 * The scheduler: who runs, where, and when.
 *
 * The host may be slow, and may take its processors away from ours for long. So shares are measured until they are as
 * they should be, and a test fails when they do not become so; of delays, the shortest of several counts; and what must
 * never happen (a sleep that is too short) is tested as such.
 */
#include "crew.h"

#include "arch/x86_64/fpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "time/timer.h"

#define PATIENCE (20 * NS_PER_SECOND)

static bool stop;
static struct crew_clock torture;

static void stop_all(bool value)
{
    __atomic_store_n(&stop, value, __ATOMIC_RELEASE);
}

static long spin_until_stopped(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        cpu_pause();
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Yielding
 */

#define YIELDS 1000

static struct {
    uint32_t ready, turns;
    uint8_t who[2 * YIELDS];
} yields;

static long note_and_yield(void *argument)
{
    __atomic_fetch_add(&yields.ready, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&yields.ready, __ATOMIC_ACQUIRE) < 2)
        thread_yield();
    for (int i = 0; i < YIELDS; i++) {
        yields.who[yields.turns++] = (uint8_t)(uintptr_t)argument;
        thread_yield();
    }
    return 0;
}

/* Two threads on one CPU that do nothing but yield take turns, but for where a slice ends in between. */
KTEST(sched_yield_takes_turns)
{
    struct thread *threads[2];
    yields.turns = yields.ready = 0;
    for (uintptr_t i = 0; i < 2; i++) {
        threads[i] = thread_create_stopped("yielder", note_and_yield, (void *)i);
        if (!KTEST_CHECK(threads[i] != NULL))
            return;
        thread_bind(threads[i], crew_cpu(crew_cpus() - 1));
    }
    thread_start(threads[0]);
    thread_start(threads[1]);
    thread_join(threads[0]);
    thread_join(threads[1]);
    KTEST_EQUAL(yields.turns, 2 * YIELDS);
    unsigned changes = 0;
    for (unsigned i = 1; i < yields.turns; i++)
        changes += yields.who[i] != yields.who[i - 1];
    KTEST_CHECK(changes > YIELDS / 2);
}

KTEST(sched_yield_alone_returns)
{
    for (int i = 0; i < 100; i++)
        thread_yield();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Shares
 */

static void measure(const struct crew *crew, const uint64_t *before, uint64_t *least, uint64_t *most)
{
    *least = UINT64_MAX;
    *most = 0;
    for (unsigned i = 0; i < crew->count; i++) {
        uint64_t time = __atomic_load_n(&crew->threads[i]->run_time, __ATOMIC_RELAXED) - before[i];
        *least = min_u64(*least, time);
        *most = max_u64(*most, time);
    }
}

/* Lets the crew run until its luckiest has had at most PERCENT more than its unluckiest. */
static void wait_for_fairness(const struct crew *crew, unsigned percent)
{
    static uint64_t before[CREW_MAX];
    uint64_t least, most, start = clock_monotonic();
    for (unsigned i = 0; i < crew->count; i++)
        before[i] = __atomic_load_n(&crew->threads[i]->run_time, __ATOMIC_RELAXED);
    do {
        thread_sleep(50 * NS_PER_MS);
        measure(crew, before, &least, &most);
        if (least > 20 * NS_PER_MS && most * 100 <= least * (100 + percent))
            return;
    } while (clock_monotonic() - start < PATIENCE);
    KTEST_FAIL(
        "unfair: from %lu to %lu ms each", (unsigned long)(least / NS_PER_MS), (unsigned long)(most / NS_PER_MS));
}

static void set_allowed_all(const struct crew *crew, unsigned cpus)
{
    struct cpu_mask mask = {{0}};
    for (unsigned i = 0; i < cpus; i++)
        cpu_mask_add(&mask, crew_cpu(i));
    for (unsigned i = 0; i < crew->count; i++)
        KTEST_EQUAL(thread_set_allowed(crew->threads[i], &mask), 0);
}

static void test_fairness(unsigned threads, unsigned cpus, unsigned percent)
{
    struct crew crew;
    stop_all(false);
    crew_start(&crew, threads, spin_until_stopped, NULL, 0);
    set_allowed_all(&crew, cpus);
    wait_for_fairness(&crew, percent);
    stop_all(true);
    crew_join(&crew);
}

KTEST(sched_equals_share_one_cpu_equally)
{
    test_fairness(5, 1, 8);
}

KTEST(sched_equals_share_all_cpus_equally)
{
    test_fairness(3 * crew_cpus(), crew_cpus(), 25);
}

KTEST(sched_one_more_than_cpus_share_them)
{
    if (crew_cpus() < 2)
        return ktest_skip("one CPU");
    test_fairness(3, 2, 25);
}

/* Nice 0 against nice 5: 1.25^5 = 3.05 times the share. */
KTEST(sched_nice_decides_the_share)
{
    struct crew crew;
    uint64_t deadline = clock_monotonic() + PATIENCE, kind = 0, rude = 0;
    stop_all(false);
    crew_start(&crew, 2, spin_until_stopped, NULL, 0);
    thread_set_nice(crew.threads[1], 5);
    set_allowed_all(&crew, 1);
    KTEST_EQUAL(crew.threads[1]->nice, 5);
    uint64_t rude_before = crew.threads[0]->run_time, kind_before = crew.threads[1]->run_time;
    do {
        thread_sleep(50 * NS_PER_MS);
        rude = crew.threads[0]->run_time - rude_before;
        kind = crew.threads[1]->run_time - kind_before;
    } while (
        (kind < 20 * NS_PER_MS || rude * 100 < kind * 270 || rude * 100 > kind * 345) && clock_monotonic() < deadline);
    KTEST_CHECK(rude * 100 >= kind * 270 && rude * 100 <= kind * 345);
    stop_all(true);
    crew_join(&crew);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Preemption and wake-ups
 */

static long set_stop(void *unused)
{
    stop_all(true);
    return 0;
}

/* A thread that never gives up its CPU must lose it all the same: the one that ends it waits for that CPU. */
KTEST(sched_spinning_thread_is_preempted)
{
    unsigned cpu = crew_cpu(crew_cpus() - 1);
    struct crew crew;
    stop_all(false);
    struct thread *ender = thread_create_stopped("ender", set_stop, NULL);
    if (!KTEST_CHECK(ender != NULL))
        return;
    crew_start(&crew, 1, spin_until_stopped, NULL, 0);
    thread_bind(crew.threads[0], cpu);
    thread_bind(ender, cpu);
    thread_sleep(2 * NS_PER_MS);
    thread_start(ender);
    crew_join(&crew);
    thread_join(ender);
}

KTEST(sched_sleep_is_never_too_short)
{
    static const uint64_t times[] = {0, 1, 1000, 50000, NS_PER_MS, 7 * NS_PER_MS, 30 * NS_PER_MS};
    for (size_t i = 0; i < ARRAY_LENGTH(times); i++) {
        uint64_t shortest = UINT64_MAX;
        for (int round = 0; round < 5; round++) {
            uint64_t start = clock_monotonic();
            thread_sleep(times[i]);
            uint64_t slept = clock_monotonic() - start;
            if (slept < times[i])
                KTEST_FAIL("slept %lu ns in place of %lu", slept, times[i]);
            shortest = min_u64(shortest, slept);
        }
        KTEST_CHECK(shortest < times[i] + 50 * NS_PER_MS);
    }
    uint64_t now = clock_monotonic();
    thread_sleep_until(now - now / 2); /* gone by already */
    thread_sleep_until(now + NS_PER_MS);
    KTEST_CHECK(clock_monotonic() >= now + NS_PER_MS);
}

/*
 * Who sleeps on a busy CPU gets it when the time has come, and not only when the busy one's slice ends: the same
 * interrupt notes how far the busy ones are, and they get no further before the sleeper looks.
 */
static uint64_t progress[2];

static uint64_t whole_progress(void)
{
    return __atomic_load_n(&progress[0], __ATOMIC_RELAXED) + __atomic_load_n(&progress[1], __ATOMIC_RELAXED);
}

static long progress_until_stopped(void *counter)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        __atomic_fetch_add((uint64_t *)counter, 1, __ATOMIC_RELAXED);
    return 0;
}

struct note {
    struct timer timer;
    uint64_t progress; /* when it fired; 0: not yet */
};

static void take_note(struct timer *timer)
{
    struct note *note = container_of(timer, struct note, timer);
    __atomic_store_n(&note->progress, whole_progress(), __ATOMIC_RELAXED);
}

/* Sleeps once: has nobody run between the interrupt and this thread? */
static bool wakes_up_at_once(void)
{
    struct note note = {.progress = 0};
    uint64_t deadline = clock_monotonic() + 5 * NS_PER_MS;
    timer_init(&note.timer, take_note);
    timer_start(&note.timer, deadline);
    thread_sleep_until(deadline);
    uint64_t now = whole_progress();
    timer_stop_wait(&note.timer);
    return now != 0 && __atomic_load_n(&note.progress, __ATOMIC_RELAXED) == now;
}

KTEST(sched_sleeper_wakes_up_on_a_busy_cpu)
{
    struct crew crew;
    unsigned cpu = cpu_number(), at_once = 0;
    stop_all(false);
    thread_bind(thread_current(), cpu);
    crew_start(&crew, 2, progress_until_stopped, progress, sizeof progress[0]);
    for (unsigned i = 0; i < crew.count; i++)
        thread_bind(crew.threads[i], cpu);
    thread_sleep(50 * NS_PER_MS); /* both have moved here */
    for (unsigned i = 0; i < 20; i++)
        at_once += wakes_up_at_once();
    stop_all(true);
    crew_join(&crew);
    struct cpu_mask all;
    memset(&all, 0xff, sizeof all);
    thread_set_allowed(thread_current(), &all);
    if (!KTEST_CHECK(at_once >= 15))
        ktest_note("of 20 wake-ups %u came at once", at_once);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Several CPUs
 */

static uint32_t arrived;

static long wait_awake_for_all(void *argument)
{
    uint32_t wanted = crew_cpus();
    __atomic_fetch_add(&arrived, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&arrived, __ATOMIC_RELAXED) < wanted)
        cpu_pause();
    return 0;
}

/* As many threads as CPUs, that wait awake for each other: idle CPUs take them, and are idle again afterwards. */
KTEST(sched_work_spreads_over_idle_cpus)
{
    unsigned cpus = crew_cpus();
    bool spread = false;
    for (int round = 0; round < 50 && !spread; round++) {
        struct crew crew;
        uint64_t used = 0;
        stop_all(false);
        crew_start(&crew, cpus < CREW_MAX ? cpus : CREW_MAX, spin_until_stopped, NULL, 0);
        thread_sleep(20 * NS_PER_MS);
        struct cpu_mask seen = {{0}};
        for (unsigned i = 0; i < crew.count; i++)
            cpu_mask_add(&seen, crew.threads[i]->cpu);
        for (unsigned i = 0; i < CPU_MAX / 64; i++)
            used += (unsigned)__builtin_popcountll(seen.bits[i]);
        spread = used == crew.count;
        stop_all(true);
        crew_join(&crew);
    }
    KTEST_CHECK(spread);
    arrived = 0;
    crew_run(cpus, wait_awake_for_all, NULL, 0);
}

static long visit_all_cpus(void *unused)
{
    long visited = 0;
    for (unsigned round = 0; round < 20 && crew_clock_runs(&torture); round++)
        for (unsigned i = 0; i < crew_cpus(); i++) {
            KTEST_EQUAL(thread_bind(thread_current(), crew_cpu(i)), 0);
            visited += KTEST_EQUAL(cpu_number(), crew_cpu(i));
        }
    return visited;
}

KTEST(sched_thread_goes_where_it_is_bound)
{
    crew_clock_start(&torture);
    KTEST_CHECK(crew_run(3, visit_all_cpus, NULL, 0) >= crew_cpus());
    struct cpu_mask none = {{0}};
    KTEST_EQUAL(thread_set_allowed(thread_current(), &none), -EINVAL);
    KTEST_EQUAL(thread_bind(thread_current(), CPU_MAX), -EINVAL);
    if (crew_cpus() < CPU_MAX)
        KTEST_EQUAL(thread_bind(thread_current(), CPU_MAX - 1), -EINVAL);
}

static bool is_on(const struct thread *thread, unsigned cpu)
{
    return __atomic_load_n(&thread->cpu, __ATOMIC_RELAXED) == cpu;
}

/* Others are moved while they run, wait, or sleep. */
static void move_around(long (*function)(void *))
{
    struct crew crew;
    stop_all(false);
    crew_clock_start(&torture);
    crew_start(&crew, crew_cpus() + 2, function, NULL, 0);
    for (unsigned round = 0; round < 10 && crew_clock_runs(&torture); round++)
        for (unsigned i = 0; i < crew.count && crew_clock_runs(&torture); i++) {
            unsigned cpu = crew_cpu((round + i) % crew_cpus());
            uint64_t deadline = clock_monotonic() + PATIENCE;
            KTEST_EQUAL(thread_bind(crew.threads[i], cpu), 0);
            while (!is_on(crew.threads[i], cpu) && clock_monotonic() < deadline)
                thread_sleep(20 * NS_PER_US);
            KTEST_CHECK(is_on(crew.threads[i], cpu));
        }
    stop_all(true);
    crew_join(&crew);
}

static long sleep_until_stopped(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        thread_sleep(100 * NS_PER_US);
    return 0;
}

KTEST(sched_running_threads_are_moved)
{
    move_around(spin_until_stopped);
}

KTEST(sched_sleeping_threads_are_moved)
{
    move_around(sleep_until_stopped);
}

/* Nothing to do: all CPUs halt, and no clock ticks on those that have nothing at all to do. */
KTEST(sched_idle_cpus_halt)
{
    struct sched_report before[4], after;
    unsigned cpus = min_u64(crew_cpus(), ARRAY_LENGTH(before));
    thread_sleep(20 * NS_PER_MS); /* whatever the last test has left */
    for (unsigned i = 0; i < cpus; i++)
        sched_report(crew_cpu(i), &before[i]);
    uint64_t start = clock_monotonic();
    thread_sleep(200 * NS_PER_MS);
    uint64_t passed = clock_monotonic() - start;
    for (unsigned i = 0; i < cpus; i++) {
        sched_report(crew_cpu(i), &after);
        uint64_t halts = after.halts - before[i].halts, idle = after.idle_ns - before[i].idle_ns;
        if (idle < passed / 2 || halts > 50)
            KTEST_FAIL("CPU %u was idle for %lu of %lu ms and halted %lu times", i, (unsigned long)(idle / NS_PER_MS),
                (unsigned long)(passed / NS_PER_MS), halts);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Floating-point and vector registers
 */

struct registers {
    uint8_t xmm[16][16];
};

static void load_registers(const struct registers *from)
{
    __asm__ volatile("movdqu (%0), %%xmm0\nmovdqu 16(%0), %%xmm1\nmovdqu 32(%0), %%xmm2\nmovdqu 48(%0), %%xmm3\n"
                     "movdqu 64(%0), %%xmm4\nmovdqu 80(%0), %%xmm5\nmovdqu 96(%0), %%xmm6\nmovdqu 112(%0), %%xmm7\n"
                     "movdqu 128(%0), %%xmm8\nmovdqu 144(%0), %%xmm9\nmovdqu 160(%0), %%xmm10\n"
                     "movdqu 176(%0), %%xmm11\nmovdqu 192(%0), %%xmm12\nmovdqu 208(%0), %%xmm13\n"
                     "movdqu 224(%0), %%xmm14\nmovdqu 240(%0), %%xmm15"
        :
        : "r"(from)
        : "memory");
}

static void store_registers(struct registers *to)
{
    __asm__ volatile("movdqu %%xmm0, (%0)\nmovdqu %%xmm1, 16(%0)\nmovdqu %%xmm2, 32(%0)\nmovdqu %%xmm3, 48(%0)\n"
                     "movdqu %%xmm4, 64(%0)\nmovdqu %%xmm5, 80(%0)\nmovdqu %%xmm6, 96(%0)\nmovdqu %%xmm7, 112(%0)\n"
                     "movdqu %%xmm8, 128(%0)\nmovdqu %%xmm9, 144(%0)\nmovdqu %%xmm10, 160(%0)\n"
                     "movdqu %%xmm11, 176(%0)\nmovdqu %%xmm12, 192(%0)\nmovdqu %%xmm13, 208(%0)\n"
                     "movdqu %%xmm14, 224(%0)\nmovdqu %%xmm15, 240(%0)"
        :
        : "r"(to)
        : "memory");
}

static long use_registers(void *argument)
{
    uint32_t chance = *(uint32_t *)argument;
    struct registers mine, now;
    if (fpu_enable(&thread_current()->fpu) != 0) {
        KTEST_FAIL("fpu_enable failed");
        return 0;
    }
    for (unsigned round = 0; round < 200 && crew_clock_runs(&torture); round++) {
        for (size_t i = 0; i < sizeof mine; i++)
            ((uint8_t *)&mine)[i] = (uint8_t)crew_random(&chance);
        load_registers(&mine);
        switch (crew_random(&chance) % 4) {
        case 0: thread_yield(); break;
        case 1: thread_sleep(crew_random(&chance) % 100000); break;
        case 2: crew_spin(crew_random(&chance) % 2000); break;
        case 3: thread_bind(thread_current(), crew_cpu(crew_random(&chance) % crew_cpus())); break;
        }
        store_registers(&now);
        if (!KTEST_EQUAL(memcmp(&mine, &now, sizeof mine), 0))
            return 0;
    }
    return 1;
}

KTEST(sched_vector_registers_belong_to_their_thread)
{
    static uint32_t seeds[CREW_MAX];
    unsigned count = (unsigned)min_u64(3 * crew_cpus(), CREW_MAX);
    for (uint32_t i = 0; i < count; i++)
        seeds[i] = i * 104729 + 1;
    crew_clock_start(&torture);
    KTEST_EQUAL(crew_run(count, use_registers, seeds, sizeof seeds[0]), count);
}
