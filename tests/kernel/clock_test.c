/*
 * Clocks in the running machine: that they never go back, on any CPU, and agree with another counter.
 */
#include "ktest.h"
#include "on_cpus.h"

#include "arch/x86_64/cpu.h"
#include "lib/string.h"
#include "time/calibrate.h"
#include "time/clock.h"
#include "time/source.h"

/* What any CPU has read last, and how often one has read less than that. */
static uint64_t newest;
static uint64_t wrong;

static void read_for_a_while(unsigned cpu, void *unused)
{
    uint64_t end = clock_monotonic() + 50 * NS_PER_MS, now, own = 0;
    do {
        uint64_t seen = __atomic_load_n(&newest, __ATOMIC_SEQ_CST);
        now = clock_monotonic();
        if (now < seen || now < own)
            __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
        own = now;
        while (seen < now &&
               !__atomic_compare_exchange_n(&newest, &seen, now, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        }
    } while (now < end);
}

KTEST(clock_never_goes_back)
{
    newest = wrong = 0;
    on_cpus(read_for_a_while, NULL);
    KTEST_EQUAL(wrong, 0);
}

/*
 * The clock of a CPU goes on while an interrupt reads it, too: every reading here is interrupted now and then. How many
 * readings there are in a time is the machine's affair, a virtual one may not run for long; but hardly two are equal.
 */
KTEST(clock_goes_on)
{
    uint64_t last = clock_monotonic(), start = last, steps = 0, readings = 0;
    for (; last - start < 20 * NS_PER_MS || readings < 1000; readings++) {
        uint64_t now = clock_monotonic();
        steps += now > last;
        if (!KTEST_CHECK(now >= last))
            return;
        last = now;
    }
    KTEST_CHECK(steps > readings / 10);
}

/* Over 100 ms, against each source that is there: to 1 %. What disturbs a reading is known (spread), and allowed. */
KTEST(clock_agrees_with_other_sources)
{
    struct clock_source *source;
    unsigned compared = 0;
    for (unsigned i = 0; (source = clock_source(i)) != NULL; i++) {
        if (!clock_source_probe(source) || strcmp(clock_name(), source->name) == 0)
            continue;
        uint64_t wait = source->mask * NS_PER_SECOND / source->hz / 2;
        wait = wait < 100 * NS_PER_MS ? wait : 100 * NS_PER_MS;
        cpu_interrupts_disable();
        struct clock_reading first = calibrate_read(source);
        clock_delay(wait);
        struct clock_reading second = calibrate_read(source);
        cpu_interrupts_enable();
        uint64_t hz = calibrate_tsc_hz(source, &first, &second, clock_tsc_hz());
        uint64_t noise = (first.spread + second.spread) / 2 * 1000 / (second.tsc - first.tsc + 1); /* parts in 1000 */
        if (noise > 20)
            ktest_note("%s: too noisy to tell", source->name);
        else if (!KTEST_CHECK(calibrate_agree(hz, clock_tsc_hz(), 1000 / (10 + noise))))
            ktest_note("%s: %lu kHz, not %lu kHz", source->name, hz / 1000, clock_tsc_hz() / 1000);
        compared++;
    }
    if (compared == 0)
        ktest_skip("there is no other counter");
}

KTEST(clock_delay_is_long_enough)
{
    static const uint64_t delays[] = {0, 1, 1000, 50000, 3000000};
    for (unsigned i = 0; i < ARRAY_LENGTH(delays); i++) {
        uint64_t start = clock_monotonic();
        clock_delay(delays[i]);
        KTEST_CHECK(clock_monotonic() - start >= delays[i]);
    }
}

KTEST(clock_wall_can_be_set)
{
    uint64_t before = clock_wall(), start = clock_monotonic();
    KTEST_CHECK(before > 1000000000 * NS_PER_SECOND); /* the machine knows that it is later than 2001 */
    clock_set_wall(12345 * NS_PER_SECOND);
    uint64_t now = clock_wall();
    KTEST_CHECK(now >= 12345 * NS_PER_SECOND && now < 12345 * NS_PER_SECOND + 5 * NS_PER_SECOND);
    clock_set_wall(before + (clock_monotonic() - start));
}

/* How long a counter's difference is: a second is a second. */
KTEST(clock_cycles)
{
    uint64_t second = clock_tsc_to_ns(clock_tsc_hz());
    KTEST_CHECK(second >= NS_PER_SECOND - 2 && second <= NS_PER_SECOND);
    KTEST_EQUAL(clock_tsc_to_ns(0), 0);
}
