/*
 * Timers (kernel/time/timer.c) in the machine of time_machine.h: against a list that is kept in order by hand, with
 * both modes of the local APIC's timer, and on two CPUs.
 */
#include "tests/unit/time_machine.h"
#include "tests/unit/unit.h"

#include "arch/x86_64/percpu.h"
#include "time/timer.h"

#include <pthread.h>
#include <string.h>

#define TIMERS 500

static struct entry {
    struct timer timer;
    uint64_t wanted; /* when it should fire; 0: it is not queued */
    unsigned fired;
} entries[TIMERS];

static uint64_t last_wanted; /* of those that fired in this run */
static uint64_t worst;       /* lateness */

static void set_up(bool deadline)
{
    machine_plug_in();
    machine.deadline = deadline;
    clock_init_early();
    timers_init_early();
    machine.ps += 5000000000;
    clock_init();
    timers_init_cpu();
    machine_run(2 * NS_PER_SECOND); /* the corrections of the clock are done */
    assert_int_equal(timer_pending_count(), 0);
}

static void fired(struct timer *timer)
{
    struct entry *entry = container_of(timer, struct entry, timer);
    uint64_t now = clock_monotonic();
    assert_int_not_equal(entry->wanted, 0);
    assert_true(now >= entry->wanted);
    assert_true(entry->wanted >= last_wanted); /* in order */
    assert_false(timer_is_queued(timer));
    last_wanted = entry->wanted;
    if (now - entry->wanted > worst)
        worst = now - entry->wanted;
    entry->wanted = 0;
    entry->fired++;
}

/* After it has run to now, exactly those that are due have fired. */
static void check(uint64_t *queued)
{
    uint64_t now = clock_monotonic();
    *queued = 0;
    for (int i = 0; i < TIMERS; i++) {
        assert_true(entries[i].wanted == 0 || entries[i].wanted + 10000 > now);
        assert_int_equal(timer_is_queued(&entries[i].timer), entries[i].wanted != 0);
        *queued += entries[i].wanted != 0;
    }
    assert_int_equal(timer_pending_count(), *queued);
}

static uint64_t some_time(void)
{
    switch (random() % 4) {
    case 0: return (uint64_t)random() % 1000;
    case 1: return (uint64_t)random() % 1000000;
    case 2: return (uint64_t)random() % 100000000;
    default: return 50000000; /* many at one time */
    }
}

static void against_model(bool deadline)
{
    set_up(deadline);
    for (int i = 0; i < TIMERS; i++)
        timer_init(&entries[i].timer, fired);
    uint64_t queued = 0;
    for (int step = 0; step < 20000; step++) {
        struct entry *entry = &entries[random() % TIMERS];
        switch (random() % 5) {
        case 0:
        case 1:
        case 2:
            entry->wanted = clock_monotonic() + some_time();
            timer_start(&entry->timer, entry->wanted);
            break;
        case 3:
            assert_int_equal(
                random() % 2 ? timer_stop(&entry->timer) : timer_stop_wait(&entry->timer), entry->wanted != 0);
            entry->wanted = 0;
            break;
        default:
            last_wanted = 0;
            machine_run((uint64_t)random() % 2000000);
            if (step % 16 == 0)
                check(&queued);
        }
    }
    assert_true(queued > 20);
    last_wanted = 0;
    machine_run(NS_PER_SECOND);
    check(&queued);
    assert_int_equal(queued, 0);
    assert_true(worst < 20000); /* of the machine's time, 10 ns an instruction or so */
    assert_true(machine.programmed < 3 * machine.interrupts);
}

static void model_deadline(void)
{
    against_model(true);
}
static void model_one_shot(void)
{
    against_model(false);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static unsigned calls;
static void count(struct timer *timer)
{
    calls++;
}

/* Far beyond what the hardware can count to, and long past. */
static void extremes(bool deadline)
{
    set_up(deadline);
    struct timer never, hours, past, zero;
    timer_init(&never, count);
    timer_init(&hours, count);
    timer_init(&past, count);
    timer_init(&zero, count);
    uint64_t start = clock_monotonic();
    timer_start(&never, UINT64_MAX);
    timer_start(&hours, start + 100 * 3600 * NS_PER_SECOND);
    timer_start(&past, start - 1);
    timer_start(&zero, 0);
    machine_run(1000);
    assert_int_equal(calls, 2);
    machine_run(99 * 3600 * NS_PER_SECOND);
    assert_int_equal(calls, 2);
    machine_run(2 * 3600 * NS_PER_SECOND);
    assert_int_equal(calls, 3);
    assert_true(timer_is_queued(&never));
    assert_true(timer_stop(&never));
    assert_false(timer_stop(&never));
}
static void extremes_deadline(void)
{
    extremes(true);
}
static void extremes_one_shot(void)
{
    extremes(false);
}

/* The hardware is set only when an earlier timer comes; stopping and starting a time-out costs nothing. */
static void lazy_hardware(void)
{
    set_up(true);
    struct timer timeout, far;
    timer_init(&timeout, count);
    timer_init(&far, count);
    uint64_t now = clock_monotonic();
    unsigned programmed = machine.programmed, interrupts = machine.interrupts;
    timer_start(&timeout, now + 1000000);
    timer_start(&far, now + 2000000);
    assert_int_equal(machine.programmed, programmed + 1);
    for (int i = 0; i < 100; i++) {
        assert_true(timer_stop(&timeout));
        timer_start(&timeout, clock_monotonic() + 1000000);
    }
    assert_int_equal(machine.programmed, programmed + 1);
    assert_int_equal(machine.interrupts, interrupts);
    machine_run(10000000);
    assert_int_equal(calls, 2);
    assert_true(machine.interrupts - interrupts <= 3);
    interrupts = machine.interrupts;
    machine_run(1000 * NS_PER_SECOND);
    assert_int_equal(machine.interrupts, interrupts);
}

/* Functions that start their timer again, also for a time that is past; that stop others; that free themselves. */
static struct timer again, victim;
static unsigned rounds;

static void start_again(struct timer *timer)
{
    if (++rounds < 1000)
        timer_start(timer, rounds % 2 ? 0 : clock_monotonic() + 100);
    else
        assert_true(timer_stop(&victim));
    assert_false(timer_stop_wait(&again) != (rounds < 1000)); /* its own: does not wait for itself */
    if (rounds < 1000)
        timer_start(timer, 0);
}

static void free_itself(struct timer *timer)
{
    memset(timer, 0xee, sizeof *timer);
    free(timer);
    calls++;
}

static void from_functions(void)
{
    set_up(true);
    timer_init(&again, start_again);
    timer_init(&victim, count);
    timer_start(&victim, clock_monotonic() + NS_PER_SECOND);
    timer_start(&again, 0);
    struct timer *own = malloc(sizeof *own);
    timer_init(own, free_itself);
    timer_start(own, clock_monotonic() + 5);
    machine_run(NS_PER_SECOND / 2);
    assert_int_equal(rounds, 1000);
    assert_int_equal(calls, 1);
    machine_run(NS_PER_SECOND);
    assert_int_equal(calls, 1);
    assert_int_equal(timer_pending_count(), 0);
}

/* A timer that is started on another CPU moves there. */
static void moves(void)
{
    set_up(true);
    cpu_count = 2;
    fake_cpu = 1;
    timers_init_cpu();
    struct timer timer;
    timer_init(&timer, count);
    fake_cpu = 0;
    uint64_t when = clock_monotonic() + 1000;
    timer_start(&timer, when);
    fake_cpu = 1;
    timer_start(&timer, when);
    assert_int_equal(timer_pending_count(), 1);
    fake_cpu = 0;
    machine_run(10000);
    assert_int_equal(calls, 0);
    fake_cpu = 1;
    machine_run(10000);
    assert_int_equal(calls, 1);
    fake_cpu = 0;
    timer_start(&timer, clock_monotonic() + NS_PER_SECOND);
    fake_cpu = 1;
    assert_true(timer_stop_wait(&timer));
    assert_int_equal(timer_pending_count(), 0);
}

/* timer_stop_wait waits for a function on another CPU, also for one that has been started elsewhere meanwhile. */
static struct timer slow;
static int phase; /* 1: the function runs; 2: it may end; 3: it has */

static void run_slowly(struct timer *timer)
{
    __atomic_store_n(&phase, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&phase, __ATOMIC_SEQ_CST) == 1)
        usleep(100);
    usleep(50000);
    __atomic_store_n(&phase, 3, __ATOMIC_SEQ_CST);
}

static void *other_cpu(void *unused)
{
    fake_cpu = 1;
    timers_init_cpu();
    timer_start(&slow, 0);
    machine_run(1000);
    return NULL;
}

static void stop_waits(bool stray)
{
    set_up(true);
    cpu_count = 3;
    timer_init(&slow, run_slowly);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, other_cpu, NULL), 0);
    while (__atomic_load_n(&phase, __ATOMIC_SEQ_CST) != 1)
        usleep(100);
    if (stray)
        timer_start(&slow, UINT64_MAX);
    else
        assert_false(timer_stop(&slow)); /* which does not wait */
    assert_int_equal(phase, 1);
    __atomic_store_n(&phase, 2, __ATOMIC_SEQ_CST);
    assert_int_equal(timer_stop_wait(&slow), stray);
    assert_int_equal(__atomic_load_n(&phase, __ATOMIC_SEQ_CST), 3);
    pthread_join(thread, NULL);
    assert_int_equal(timer_pending_count(), 0);
}
static void stop_waits_here(void)
{
    stop_waits(false);
}
static void stop_waits_for_stray(void)
{
    stop_waits(true);
}

#define FRESH(name)                                                                                                    \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        in_fresh_kernel(name);                                                                                         \
    }
FRESH(model_deadline)
FRESH(model_one_shot)
FRESH(extremes_deadline)
FRESH(extremes_one_shot)
FRESH(lazy_hardware)
FRESH(from_functions)
FRESH(moves)
FRESH(stop_waits_here)
FRESH(stop_waits_for_stray)

UNIT_MAIN(cmocka_unit_test(test_model_deadline), cmocka_unit_test(test_model_one_shot),
    cmocka_unit_test(test_extremes_deadline), cmocka_unit_test(test_extremes_one_shot),
    cmocka_unit_test(test_lazy_hardware), cmocka_unit_test(test_from_functions), cmocka_unit_test(test_moves),
    cmocka_unit_test(test_stop_waits_here), cmocka_unit_test(test_stop_waits_for_stray))
