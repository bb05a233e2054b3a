/*
 * The clock of kernel/time in a machine whose counters may be missing, stuck or liars (time_machine.h).
 */
#include "tests/unit/time_machine.h"
#include "tests/unit/unit.h"

#include "arch/x86_64/io.h"
#include "arch/x86_64/percpu.h"
#include "time/calibrate.h"
#include "time/clock.h"
#include "time/clock_internal.h"
#include "time/kvmclock.h"
#include "time/scale.h"
#include "time/timer.h"

#include <pthread.h>
#include <string.h>

#define SECOND 1000000000ull

/* Starts the clock after WORK_NS of other work. */
static void start(uint64_t work_ns)
{
    clock_init_early();
    timers_init_early();
    machine.ps += work_ns * 1000;
    clock_init();
    timers_init_cpu();
}

static void assert_close(uint64_t got, uint64_t wanted, uint64_t parts)
{
    uint64_t difference = got > wanted ? got - wanted : wanted - got;
    if (difference > wanted / parts + 1)
        fail_msg("%lu is not %lu to a part in %lu", got, wanted, parts);
}

/* The clock runs right, to a part in PARTS, for NS. */
static void assert_runs_right(uint64_t ns, uint64_t parts)
{
    uint64_t clock = clock_monotonic(), machine_time = machine_ns();
    machine_run(ns);
    assert_close(clock_monotonic() - clock, machine_ns() - machine_time, parts);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void test_arithmetic(void **state)
{
    assert_int_equal(scale_ratio(7, 9, 2), 31);
    assert_int_equal(scale_ratio(UINT64_MAX, UINT64_MAX, UINT64_MAX), UINT64_MAX);
    assert_int_equal(scale_ratio(UINT64_MAX, 2, 1), UINT64_MAX); /* does not fit */
    assert_int_equal(scale_ratio(1, 1, 0), UINT64_MAX);
    assert_int_equal(scale_ratio(0, UINT64_MAX, 5), 0);
    for (int i = 0; i < 100000; i++) {
        uint64_t a = (uint64_t)random() << 33 ^ (uint64_t)random(), b = (uint64_t)random() << 33 ^ (uint64_t)random();
        uint64_t c = ((uint64_t)random() << 33 ^ (uint64_t)random()) | 1ull << 63;
        a >>= random() % 64, b >>= random() % 64;
        unsigned __int128 wanted = (unsigned __int128)a * b / c;
        assert_true(scale_ratio(a, b, c) == (wanted >> 64 ? UINT64_MAX : (uint64_t)wanted));
    }

    assert_int_equal(scale(UINT64_MAX, UINT64_MAX), UINT64_MAX);
    static const uint64_t rates[] = {SCALE_MIN_HZ, 1193182, 3579545, 14318180, 100000000, 2594905123, SCALE_MAX_HZ};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        uint64_t hz = rates[i];
        for (uint64_t seconds = 1; seconds < 500000000; seconds *= 10) { /* 3 years ... 15 of them */
            uint64_t counts = scale_ratio(hz, seconds, 1);
            if (counts == UINT64_MAX)
                break;
            assert_close(scale(counts, scale_to_ns(hz)), seconds * SECOND, 100000000);
            assert_close(scale(seconds * SECOND, scale_from_ns(hz)), counts, 100000000);
        }
    }
}

static void test_vote(void **state)
{
    struct calibrate_rate rates[4] = {{"a", 0}, {"b", 0}, {"c", 0}, {"d", 0}};
    assert_int_equal(calibrate_vote(rates, 4), -1);
    assert_int_equal(calibrate_vote(rates, 0), -1);
    rates[2].hz = 1000;
    assert_int_equal(calibrate_vote(rates, 4), 2);
    rates[0].hz = 2000;
    assert_int_equal(calibrate_vote(rates, 4), 0); /* one against one: the first */
    rates[3].hz = 1010;
    assert_int_equal(calibrate_vote(rates, 4), 2);
    rates[1].hz = 1990;
    assert_int_equal(calibrate_vote(rates, 4), 0);
}

static void test_kvmclock_rate(void **state)
{
    assert_int_equal(kvmclock_hz(1u << 31, 0), 2000000000); /* half a nanosecond a count */
    assert_int_equal(kvmclock_hz(1u << 31, 1), 1000000000);
    assert_close(kvmclock_hz(0xaaaaaaab, -1), 3000000000, 100000000); /* as KVM has it for 3 GHz */
    assert_int_equal(kvmclock_hz(0, 0), 0);
    assert_int_equal(kvmclock_hz(1, -31), 0);
    assert_int_equal(kvmclock_hz(UINT32_MAX, 31), 0);
    assert_int_equal(kvmclock_hz(UINT32_MAX, -128), 0);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void as_it_should_be(void)
{
    machine_plug_in();
    uint64_t begin = machine_ns();
    start(5000000);
    assert_in_range(machine_ns() - begin, 5000000, 5500000); /* nothing was waited for */
    assert_string_equal(clock_name(), "tsc");
    assert_close(clock_tsc_hz(), 3000000000, 2000);
    assert_close(clock_monotonic(), machine_ns() - begin, 10);
    assert_runs_right(90000000, 2000);
    machine_run(2 * SECOND); /* both corrections */
    assert_close(clock_tsc_hz(), 3000000000, 300000);
    assert_runs_right(1000 * SECOND, 300000);
    assert_int_equal(timer_pending_count(), 0);
    assert_close(clock_tsc_to_ns(3000000000), SECOND, 300000);
    unsigned interrupts = machine.interrupts;
    machine_run(1000 * SECOND);
    assert_int_equal(machine.interrupts, interrupts);
    assert_int_equal(machine.warnings, 1); /* its CMOS clock shows month 0 */
}

/* Without other work, the second reading waits for the window. */
static void no_work(void)
{
    machine_plug_in();
    uint64_t begin = machine_ns();
    start(0);
    assert_in_range(machine_ns() - begin, 1000000, 3000000);
    assert_close(clock_tsc_hz(), 3000000000, 1000);
}

/* Every subset of the three sources; what is not there reads as ones, or is there and stuck. */
static struct {
    unsigned present, stuck;
} subset;

static void one_subset(void)
{
    machine_plug_in();
    struct fake_counter *counters[] = {&machine.hpet, &machine.pm, &machine.pit};
    for (unsigned i = 0; i < 3; i++) {
        counters[i]->present = subset.present >> i & 1;
        counters[i]->stuck = subset.stuck >> i & 1;
    }
    if (!machine.hpet.present)
        machine.hpet_says_hz = 0;
    uint64_t begin = machine_ns();
    start(2000000);
    assert_in_range(machine_ns() - begin, 2000000, 40000000); /* bounded, whatever is broken */
    if ((subset.present & ~subset.stuck) == 0) {
        assert_int_equal(clock_tsc_hz(), 6000000000);
        assert_int_equal(machine.warnings, 2);
        return;
    }
    assert_close(clock_tsc_hz(), 3000000000, 1000);
    machine_run(2 * SECOND);
    assert_close(clock_tsc_hz(), 3000000000, 100000);
    assert_runs_right(10 * SECOND, 100000);
}

static void test_subsets(void **state)
{
    for (subset.present = 0; subset.present < 8; subset.present++)
        for (subset.stuck = 0; subset.stuck < 8; subset.stuck++)
            in_fresh_kernel(one_subset);
}

/* The HPET's table says twice its rate: the two others agree against it. */
static void lying_hpet(void)
{
    machine_plug_in();
    machine.hpet_says_hz = 28636360;
    machine.told_mhz = 3000;
    start(5000000);
    assert_close(clock_tsc_hz(), 3000000000, 1000);
    assert_true(strstr(machine.warning, "hpet") != NULL || machine.warnings == 2);
    machine_run(2 * SECOND);
    assert_runs_right(10 * SECOND, 100000);
}

static void absurd_hpet(void)
{
    machine_plug_in();
    machine.hpet_says_hz = 5; /* out of what arithmetic can do */
    start(5000000);
    assert_close(clock_tsc_hz(), 3000000000, 1000);
    assert_int_equal(machine.warnings, 1);
}

/* The PM timer has 24 bits, or 32, or says 32 and has 24; and it is all there is, and the clock, for long. */
static void pm_timer_alone(uint32_t says, uint64_t has)
{
    machine_plug_in();
    machine.invariant = false;
    machine.hpet_says_hz = 0;
    machine.pm_mask = says;
    machine.pm.mask = has;
    start(5000000);
    assert_string_equal(clock_name(), "acpi_pm");
    assert_runs_right(1000 * SECOND, 100000);
    uint64_t last = clock_monotonic();
    for (int i = 0; i < 100000; i++) {
        uint64_t now = clock_monotonic();
        assert_true(now >= last);
        last = now;
        machine_run((uint64_t)random() % 1000000);
    }
}
static void pm_timer_24(void)
{
    pm_timer_alone(0xffffff, 0xffffff);
}
static void pm_timer_32(void)
{
    pm_timer_alone(0xffffffff, 0xffffffff);
}
static void pm_timer_lies(void)
{
    pm_timer_alone(0xffffffff, 0xffffff);
}

/* A counter whose rate changes is no clock; the HPET is, and wraps every five minutes. */
static void hpet_is_clock(void)
{
    machine_plug_in();
    machine.invariant = false;
    start(5000000);
    assert_string_equal(clock_name(), "hpet");
    machine.tsc_hz = 1000000000;
    assert_runs_right(3000 * SECOND, 100000);
}

/* ... but when there is no other, it is. */
static void only_the_tsc(void)
{
    machine_plug_in();
    machine.invariant = false;
    machine.hpet_says_hz = machine.pm_mask = 0;
    start(5000000);
    assert_string_equal(clock_name(), "tsc");
    assert_runs_right(SECOND, 1000);
}

static void told_exactly(void)
{
    machine_plug_in();
    machine.crystal[0] = 2, machine.crystal[1] = 250, machine.crystal[2] = 24000000; /* 3 GHz */
    machine.deadline = true;
    uint64_t begin = machine_ns();
    start(100000);
    assert_in_range(machine_ns() - begin, 100000, 600000);
    assert_int_equal(clock_tsc_hz(), 3000000000);
    machine_run(2 * SECOND);
    assert_int_equal(clock_tsc_hz(), 3000000000);
    assert_int_equal(machine.interrupts, 0); /* nothing to correct */
}

static void told_by_hypervisor(void)
{
    machine_plug_in();
    fake_is_virtual = true;
    machine.invariant = false;
    machine.tsc_hz = 2594905000;
    machine.told_hypervisor_khz = 2594905;
    start(100000);
    assert_int_equal(clock_tsc_hz(), 2594905000);
    assert_string_equal(clock_name(), "tsc");
}

static void told_a_lie(void)
{
    machine_plug_in();
    machine.crystal[0] = 2, machine.crystal[1] = 500, machine.crystal[2] = 24000000; /* 6 GHz */
    start(5000000);
    assert_close(clock_tsc_hz(), 3000000000, 100);
    assert_true(machine.warnings == 2);
}

static void told_nonsense(void)
{
    static const uint32_t crystals[][3] = {{0, 1, 24000000}, {1, 0, 24000000}, {2, 250, 0}, {2, 250, 5},
        {UINT32_MAX, 1, 24000000}, {1, UINT32_MAX, 24000000}, {2, 250, UINT32_MAX}};
    for (size_t i = 0; i < sizeof crystals / sizeof crystals[0]; i++) {
        machine_plug_in();
        memcpy(machine.crystal, crystals[i], sizeof machine.crystal);
        clock_init_early();
    }
    start(5000000);
    assert_close(clock_tsc_hz(), 3000000000, 1000);
}

/* A host that takes the processor away for 2 ms in every other access: the rate is right all the same. */
static void noisy_host(void)
{
    machine_plug_in();
    machine.stall_one_in = 2;
    machine.stall_ps = 2000000000;
    start(5000000);
    assert_close(clock_tsc_hz(), 3000000000, 20);
    machine.stall_one_in = 8;
    machine_run(2 * SECOND);
    assert_close(clock_tsc_hz(), 3000000000, 10000);
}

/* ... also when there is but the PIT, which wraps in 55 ms, and the host takes longer than that at the worst time. */
static unsigned stall_at;

static void long_stall(void)
{
    machine_plug_in();
    machine.hpet_says_hz = machine.pm_mask = 0;
    machine.stall_ps = 70000000000;
    clock_init_early();
    timers_init_early();
    machine.stall_after = stall_at;
    clock_init();
    assert_close(clock_tsc_hz(), 3000000000, 50);
}

static void test_long_stall(void **state)
{
    for (stall_at = 1; stall_at < 3000; stall_at += stall_at < 20 ? 1 : 97)
        in_fresh_kernel(long_stall);
}

/* Corrections, however often the clock is read, never take it back. */
static void never_back(void)
{
    machine_plug_in();
    machine.access_ps = 5000000; /* readings that are poor enough for corrections to matter */
    start(1000000);
    uint64_t last = clock_monotonic(), end = machine_ns() + 2 * SECOND;
    while (machine_ns() < end) {
        uint64_t now = clock_monotonic();
        assert_true(now >= last);
        assert_true(now - last < 1000000); /* nor does it jump */
        last = now;
        machine_run((uint64_t)random() % 10000);
    }
    assert_close(clock_tsc_hz(), 3000000000, 50000);
}

/* A counter that is given up: another source goes on from the same time, and is read before it wraps. */
static void given_up(void)
{
    machine_plug_in();
    machine.hpet_says_hz = 0;
    start(5000000);
    machine_run(10 * SECOND);
    uint64_t before = clock_monotonic();
    assert_true(clock_give_up_tsc("a test wants it"));
    assert_string_equal(clock_name(), "acpi_pm");
    uint64_t after = clock_monotonic();
    assert_in_range(after, before, before + 10000);
    assert_true(clock_give_up_tsc("it is not needed twice"));
    assert_int_equal(machine.warnings, 2);
    machine.tsc_hz /= 2;
    assert_runs_right(1000 * SECOND, 100000);
}

static void not_given_up(void)
{
    machine_plug_in();
    machine.hpet_says_hz = machine.pm_mask = 0;
    start(5000000);
    assert_false(clock_give_up_tsc("a test wants it"));
    assert_string_equal(clock_name(), "tsc");
    assert_runs_right(SECOND, 1000);
}

/* Another CPU comes up while CPU 0 waits for it. */
static bool up;

static void *come_up(void *unused)
{
    fake_cpu = 1;
    clock_init_cpu();
    __atomic_store_n(&up, true, __ATOMIC_SEQ_CST);
    return NULL;
}

static void second_cpu(uint64_t ahead)
{
    machine_plug_in();
    start(5000000);
    machine.tsc_ahead = ahead;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, come_up, NULL), 0);
    while (!__atomic_load_n(&up, __ATOMIC_SEQ_CST))
        clock_delay_serving(1000);
    pthread_join(thread, NULL);
    assert_string_equal(clock_name(), ahead ? "hpet" : "tsc");
    assert_runs_right(SECOND, 1000);
}
static void second_cpu_alike(void)
{
    second_cpu(0);
}
static void second_cpu_ahead(void)
{
    second_cpu(3000000000);
}
static void second_cpu_behind(void)
{
    second_cpu(-3000000000ull);
}

static void test_delay_early(void **state)
{
    machine_plug_in();
    uint64_t begin = machine_ns();
    clock_delay(100000);
    assert_in_range(machine_ns() - begin, 100000, 120000);
    machine.pit.stuck = true;
    begin = machine_ns();
    clock_delay(100000);
    assert_in_range(machine_ns() - begin, 100000, 5000000);
    machine.pit.present = false;
    begin = machine_ns();
    clock_delay(100000);
    assert_in_range(machine_ns() - begin, 100000, 5000000);
    assert_int_equal(clock_monotonic(), 0);
}

static void wall_clock(void)
{
    machine_plug_in();
    memcpy(machine.cmos, (uint8_t[]){0x56, 0, 0x34, 0, 0x12, 0, 0, 0x15, 0x06, 0x24, 0x26, 0x02}, 12);
    start(5000000);
    assert_int_equal(machine.warnings, 0);
    assert_in_range(clock_wall(), 1718454896 * SECOND, 1718454897 * SECOND);
    machine_run(100 * SECOND);
    assert_in_range(clock_wall(), 1718454996 * SECOND - 1000000, 1718454997 * SECOND);
    clock_set_wall(5 * SECOND);
    machine_run(SECOND);
    assert_in_range(clock_wall(), 6 * SECOND - 1000000, 6 * SECOND + 1000000);
}

#define FRESH(name)                                                                                                    \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        in_fresh_kernel(name);                                                                                         \
    }
FRESH(as_it_should_be)
FRESH(no_work)
FRESH(lying_hpet)
FRESH(absurd_hpet)
FRESH(pm_timer_24)
FRESH(pm_timer_32)
FRESH(pm_timer_lies)
FRESH(hpet_is_clock)
FRESH(only_the_tsc)
FRESH(told_exactly)
FRESH(told_by_hypervisor)
FRESH(told_a_lie)
FRESH(told_nonsense)
FRESH(noisy_host)
FRESH(never_back)
FRESH(wall_clock)
FRESH(given_up)
FRESH(not_given_up)
FRESH(second_cpu_alike)
FRESH(second_cpu_ahead)
FRESH(second_cpu_behind)

UNIT_MAIN(cmocka_unit_test(test_arithmetic), cmocka_unit_test(test_vote), cmocka_unit_test(test_kvmclock_rate),
    cmocka_unit_test(test_as_it_should_be), cmocka_unit_test(test_no_work), cmocka_unit_test(test_subsets),
    cmocka_unit_test(test_lying_hpet), cmocka_unit_test(test_absurd_hpet), cmocka_unit_test(test_pm_timer_24),
    cmocka_unit_test(test_pm_timer_32), cmocka_unit_test(test_pm_timer_lies), cmocka_unit_test(test_hpet_is_clock),
    cmocka_unit_test(test_only_the_tsc), cmocka_unit_test(test_told_exactly), cmocka_unit_test(test_told_by_hypervisor),
    cmocka_unit_test(test_told_a_lie), cmocka_unit_test(test_told_nonsense), cmocka_unit_test(test_noisy_host),
    cmocka_unit_test(test_never_back), cmocka_unit_test(test_long_stall), cmocka_unit_test(test_delay_early),
    cmocka_unit_test(test_wall_clock), cmocka_unit_test(test_given_up), cmocka_unit_test(test_not_given_up),
    cmocka_unit_test(test_second_cpu_alike), cmocka_unit_test(test_second_cpu_ahead),
    cmocka_unit_test(test_second_cpu_behind))
