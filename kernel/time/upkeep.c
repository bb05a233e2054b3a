/*
 * What the clock needs while it runs, by timers on the boot CPU:
 *
 *  - the time-stamp counter's rate is measured again over a longer and longer window: after 0.1 s and after 1 s. The
 *    readings' error, some microseconds, is then some parts in a million. An exact rate (CPUID's) stays as it is.
 *  - a clock source that wraps must be read before it does. (The time-stamp counter never wraps.)
 *
 * Afterwards, with the time-stamp counter for a clock, no timer is left here.
 */
#include "time/upkeep.h"

#include "arch/x86_64/io.h"
#include "log.h"
#include "time/clock_internal.h"
#include "time/scale.h"
#include "time/timer.h"

#define LOG_NAME "clock"

#define FIRST_CORRECTION (100 * NS_PER_MS)
#define SECOND_CORRECTION NS_PER_SECOND
#define CREDIBLE 64 /* a correction of more than a part in so many is not believed */

static struct timer correction, keeping;
static uint64_t keeping_period;

static void measure_again(void)
{
    struct clock_reading now = calibrate_read(clock_state.reference);
    uint64_t before = clock_tsc_hz();
    uint64_t hz = calibrate_tsc_hz(clock_state.reference, &clock_state.first, &now, before);
    if (!hz || !calibrate_agree(hz, before, CREDIBLE)) {
        log_warning("by %s the time-stamp counter runs at %lu kHz now, and not at %lu kHz: not believed",
            clock_state.reference->name, hz / 1000, before / 1000);
        return;
    }
    clock_correct(hz);
    log_info("the time-stamp counter runs at %lu.%03lu kHz", hz / 1000, hz % 1000);
}

static void correct(struct timer *timer)
{
    bool again = timer->expires < SECOND_CORRECTION;
    measure_again();
    if (again)
        timer_start(timer, SECOND_CORRECTION);
}

static void keep(struct timer *timer)
{
    clock_monotonic(); /* which notes how far the source has come */
    timer_start(timer, timer->expires + keeping_period);
}

void upkeep_start(void)
{
    timer_init(&correction, correct);
    timer_init(&keeping, keep);
    if (clock_state.reference && !clock_state.exact)
        timer_start(&correction, FIRST_CORRECTION);
    upkeep_clock_changed();
}

void upkeep_clock_changed(void)
{
    const struct clock_source *source = timebase_source(&clock_state.timebase);
    if (!source || !keeping.function)
        return;
    keeping_period = scale_ratio(source->mask / 4, NS_PER_SECOND, source->hz);
    timer_start(&keeping, clock_monotonic() + keeping_period);
}
