/*
 * Which counter is the clock, and how fast it runs: see clock.h.
 *
 * clock_init_early looks for every source of known rate and reads each beside the time-stamp counter. clock_init reads
 * again, when some more of the kernel has started, and has the rate by as many opinions as the machine has sources,
 * CPUID's among them; the majority is right (calibrate_vote). It waits only for what is missing to a millisecond, and
 * not even that for a rate that was told. Between the two the best source is the clock. Then the counter is, where it
 * is constant or nothing else counts. upkeep.c corrects the rate later, when the window has grown.
 *
 * Reading takes no lock (timebase.h). Corrections take `lock`. Everything else is written before other CPUs run.
 */
#include "time/clock.h"

#include "arch/acpi/acpi.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/spinlock.h"
#include "log.h"
#include "time/clock_internal.h"
#include "time/event.h"
#include "time/kvmclock.h"
#include "time/rtc.h"
#include "time/scale.h"
#include "time/share.h"
#include "time/sync.h"
#include "time/upkeep.h"

#define LOG_NAME "clock"

#define SOURCES_MAX 2                   /* with what CPUID tells, enough for a vote */
#define SHORT_WRAP_NS (100 * NS_PER_MS) /* a source that wraps sooner has no long window */
#define SHORT_WINDOWS 5
#define CORRECTION_LEAD_NS (10 * NS_PER_MS)

struct clock_state clock_state = {.tsc_hz = 0};

static struct spinlock lock = SPINLOCK_INIT(CLOCK);

/* The sources that work, and their readings: index for index. */
static struct {
    struct clock_source *source;
    struct clock_reading first, second;
} measured[SOURCES_MAX];
static unsigned measured_count;

static struct kvmclock told_by_kvm; /* tsc_hz is 0: nothing was told */

/* ------------------------------------------------------------------------------------------------------------------
 * Telling the time
 */

uint64_t clock_monotonic(void)
{
    return timebase_read(&clock_state.timebase);
}

uint64_t clock_wall(void)
{
    return clock_monotonic() + __atomic_load_n(&clock_state.wall_offset, __ATOMIC_RELAXED);
}

/* What has changed, programs see too. The lock is held. */
static void publish(void)
{
    clock_publish(&clock_state.timebase, clock_state.wall_offset);
}

void clock_set_wall(uint64_t ns)
{
    spin_lock(&lock);
    __atomic_store_n(&clock_state.wall_offset, ns - clock_monotonic(), __ATOMIC_RELAXED);
    publish();
    spin_unlock(&lock);
}

void clock_share(struct clock_shared *shared)
{
    spin_lock(&lock);
    clock_share_page(shared);
    publish();
    spin_unlock(&lock);
}

uint64_t clock_tsc_hz(void)
{
    return clock_state.tsc_hz;
}

uint64_t clock_tsc_to_ns(uint64_t cycles)
{
    return scale(cycles, __atomic_load_n(&clock_state.tsc_to_ns, __ATOMIC_RELAXED));
}

const char *clock_name(void)
{
    const struct clock_source *source = timebase_source(&clock_state.timebase);
    return source ? source->name : "tsc";
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

/* Before the clock runs: by a source that counts, or as many cycles as no processor is faster than. */
static void delay_early(uint64_t ns)
{
    const struct clock_source *source = measured_count ? measured[0].source : NULL;
    if (!source && clock_source_probe(&clock_pit))
        source = &clock_pit;
    uint64_t most = scale_ratio(ns, CLOCK_GUESS_HZ, NS_PER_SECOND), start = cpu_tsc();
    if (!source) {
        while (cpu_tsc() - start < most)
            cpu_pause();
        return;
    }
    uint64_t wanted = scale_ratio(ns, source->hz, NS_PER_SECOND) + 1;
    uint64_t last = source->read();
    for (uint64_t passed = 0; passed < wanted && cpu_tsc() - start < 4 * most;) { /* unless it stops counting */
        uint64_t count = source->read();
        passed += (count - last) & source->mask;
        last = count;
    }
}

void clock_delay(uint64_t ns)
{
    if (!clock_state.tsc_hz) {
        delay_early(ns);
        return;
    }
    uint64_t start = clock_monotonic();
    while (clock_monotonic() - start < ns)
        cpu_pause();
}

void clock_delay_serving(uint64_t ns)
{
    uint64_t start = clock_monotonic();
    do {
        sync_answer();
        cpu_pause();
    } while (clock_monotonic() - start < ns);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Measuring
 */

static struct clock_reading read_pair(const struct clock_source *source)
{
    bool interrupts = cpu_interrupts_disable();
    struct clock_reading reading = calibrate_read(source);
    if (interrupts)
        cpu_interrupts_enable();
    return reading;
}

void clock_init_early(void)
{
    struct clock_source *source;
    for (unsigned i = 0; (source = clock_source(i)) != NULL && measured_count < SOURCES_MAX; i++)
        if (clock_source_probe(source))
            measured[measured_count++].source = source;
    for (unsigned i = 0; i < measured_count; i++)
        measured[i].first = read_pair(measured[i].source);
    if (measured_count && measured[0].source->rating > 0)
        timebase_start(&clock_state.timebase, measured[0].source, 0, measured[0].source->hz);
    log_set_clock(clock_monotonic);
}

static uint64_t wrap_ns(const struct clock_source *source)
{
    return scale_ratio(source->mask, NS_PER_SECOND, source->hz);
}

/* Is the window long enough? To see whether a rate that we were told is true, it need not be long. */
static bool window_is_good(unsigned i, bool told)
{
    if (told)
        return calibrate_is_precise(&measured[i].first, &measured[i].second, 4 * CALIBRATE_VOTE);
    uint64_t count = (measured[i].second.count - measured[i].first.count) & measured[i].source->mask;
    return scale_ratio(count, NS_PER_SECOND, measured[i].source->hz) >= CALIBRATE_MIN_NS &&
           calibrate_is_precise(&measured[i].first, &measured[i].second, CALIBRATE_PRECISION);
}

/* Reads source I until the window since its first reading is good, or that takes too long. */
static void read_until_good(unsigned i, bool told)
{
    uint64_t most = scale_ratio(CALIBRATE_MAX_NS, CLOCK_GUESS_HZ, NS_PER_SECOND), start = cpu_tsc();
    do {
        measured[i].second = read_pair(measured[i].source);
    } while (!window_is_good(i, told) && cpu_tsc() - start < most);
}

static uint64_t measured_hz(unsigned i, uint64_t estimate)
{
    return calibrate_tsc_hz(measured[i].source, &measured[i].first, &measured[i].second, estimate);
}

/*
 * A source that wraps soon, and no other that would tell how often it has: a window of its own, which should be short;
 * and another, for the host of a virtual machine may have made it long. They agree when it has not.
 */
static void read_short(unsigned i, bool told)
{
    uint64_t hz = 0, before;
    int left = SHORT_WINDOWS;
    do {
        before = hz;
        measured[i].first = read_pair(measured[i].source);
        read_until_good(i, told);
        hz = measured_hz(i, 0);
    } while (--left > 0 && (!before || !hz || !calibrate_agree(hz, before, CALIBRATE_VOTE)));
}

/* Reads all sources again; the first of them when enough time has passed since its first reading. */
static void read_again(bool told)
{
    if (measured_count == 1 && wrap_ns(measured[0].source) < SHORT_WRAP_NS)
        read_short(0, told);
    else if (measured_count > 0)
        read_until_good(0, told);
    for (unsigned i = 1; i < measured_count; i++)
        measured[i].second = read_pair(measured[i].source);
}

/* The opinion of each source about the TSC's rate. The first tells the others how often they may have wrapped. */
static void ask_all(struct calibrate_rate *rates)
{
    uint64_t estimate = 0;
    for (unsigned i = 0; i < measured_count; i++) {
        rates[i] = (struct calibrate_rate){.from = measured[i].source->name, .hz = measured_hz(i, estimate)};
        if (!estimate)
            estimate = rates[i].hz;
    }
}

static void warn_of_minority(const struct calibrate_rate *rates, unsigned count, int best)
{
    for (unsigned i = 0; i < count; i++)
        if (rates[i].from && !calibrate_agree(rates[i].hz, rates[best].hz, CALIBRATE_VOTE))
            log_warning("by %s the time-stamp counter runs at %lu kHz, by %s at %lu kHz: the latter is taken",
                rates[i].from, rates[i].hz / 1000, rates[best].from, rates[best].hz / 1000);
}

static void guess(void)
{
    clock_state.tsc_hz = CLOCK_GUESS_HZ;
    log_warning("nothing tells how fast the time-stamp counter runs, %lu MHz is a guess: time goes wrong",
        (unsigned long)(CLOCK_GUESS_HZ / 1000000));
}

/*
 * Sets the rate, and what it can be corrected against. Of those who agree the first is taken: an exact rate comes
 * before what is measured, one that is about right after it.
 */
static void find_rate(void)
{
    struct tsc_rate told = tsc_rate_told();
    if (kvmclock_read(&told_by_kvm))
        told = (struct tsc_rate){.hz = told_by_kvm.tsc_hz, .exact = true, .from = "kvm-clock"};
    read_again(told.exact);
    struct calibrate_rate rates[SOURCES_MAX + 1];
    struct calibrate_rate *by_source = told.exact ? rates + 1 : rates;
    rates[told.exact ? 0 : measured_count] = (struct calibrate_rate){.from = told.from, .hz = told.hz};
    ask_all(by_source);

    int best = calibrate_vote(rates, measured_count + 1);
    if (best < 0) {
        guess();
        return;
    }
    warn_of_minority(rates, measured_count + 1, best);
    clock_state.tsc_hz = rates[best].hz;
    clock_state.exact = told.exact && best == 0;
    for (unsigned i = measured_count; i-- > 0;) {
        if (!calibrate_agree(by_source[i].hz, rates[best].hz, CALIBRATE_VOTE))
            continue;
        clock_state.reference = measured[i].source;
        clock_state.first = measured[i].first;
    }
    log_info("the time-stamp counter runs at %lu kHz, by %s", clock_state.tsc_hz / 1000, rates[best].from);
}

static void set_wall(void)
{
    uint64_t seconds;
    if (told_by_kvm.tsc_hz)
        clock_set_wall(told_by_kvm.wall_ns + clock_tsc_to_ns(cpu_tsc() - told_by_kvm.tsc));
    else if (rtc_read(acpi_century_register(), &seconds))
        clock_set_wall(seconds * NS_PER_SECOND);
    else
        log_warning("the machine's clock does not tell the time; it is 1970 now");
}

static void set_tsc_hz(uint64_t hz)
{
    __atomic_store_n(&clock_state.tsc_hz, hz, __ATOMIC_RELAXED);
    __atomic_store_n(&clock_state.tsc_to_ns, scale_to_ns(hz), __ATOMIC_RELAXED);
    __atomic_store_n(&clock_state.ns_to_tsc, scale_from_ns(hz), __ATOMIC_RELAXED);
}

static struct clock_source *best_clock(void)
{
    struct clock_source *source = clock_state.reference;
    return source && source->rating > 0 ? source : NULL;
}

/* The source whose first reading it was is the clock already; where that cannot be one, time begins now. */
static void choose_clock(void)
{
    struct clock_source *source = tsc_is_constant() ? NULL : best_clock();
    uint64_t hz = source ? source->hz : clock_state.tsc_hz;
    uint64_t now = clock_monotonic();
    if (!now && measured_count)
        now = clock_tsc_to_ns(cpu_tsc() - measured[0].first.tsc);
    if (!source || source != timebase_source(&clock_state.timebase))
        timebase_start(&clock_state.timebase, source, now, hz);
    if (source)
        log_notice("the clock is %s: the time-stamp counter does not run at a constant rate", source->name);
}

void clock_init(void)
{
    find_rate();
    set_tsc_hz(clock_state.tsc_hz);
    event_measure_end();
    choose_clock();
    set_wall();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Corrections
 */

void clock_correct(uint64_t hz)
{
    spin_lock(&lock);
    bool corrected = timebase_source(&clock_state.timebase) ||
                     timebase_correct(&clock_state.timebase, hz, scale(CORRECTION_LEAD_NS, scale_from_ns(hz)));
    if (corrected)
        set_tsc_hz(hz);
    publish();
    spin_unlock(&lock);
}

bool clock_give_up_tsc(const char *why)
{
    struct clock_source *source = best_clock();
    spin_lock(&lock);
    bool already = timebase_source(&clock_state.timebase) != NULL;
    if (source && !already)
        timebase_start(&clock_state.timebase, source, clock_monotonic() + NS_PER_US, source->hz);
    publish();
    spin_unlock(&lock);
    if (source)
        upkeep_clock_changed();
    if (!already)
        log_warning("the time-stamp counter is not fit for a clock: %s; the clock is %s", why,
            source ? source->name : "the counter all the same, for there is no other");
    return source != NULL;
}

/* Is the counter what CPU 0's is, as far as anyone can tell? */
static bool is_synchronous(struct sync_offset *offset)
{
    return sync_measure(offset) && (uint64_t)(offset->cycles < 0 ? -offset->cycles : offset->cycles) <= offset->error;
}

void clock_init_cpu(void)
{
    struct sync_offset offset;
    if (is_synchronous(&offset))
        return;
    if (offset.error == UINT64_MAX) {
        log_warning("CPU %u cannot compare its time-stamp counter with CPU 0's: no answer", cpu_number());
        return;
    }
    int64_t cycles = offset.cycles;
    if (tsc_adjust(cycles) && is_synchronous(&offset)) {
        log_info("the time-stamp counter of CPU %u was %ld cycles behind and has been set", cpu_number(), cycles);
        return;
    }
    log_warning("the time-stamp counter of CPU %u is %ld cycles behind CPU 0's", cpu_number(), cycles);
    clock_give_up_tsc("it differs between CPUs");
}
