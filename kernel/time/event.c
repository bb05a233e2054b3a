/*
 * The local APIC's timer: see event.h.
 *
 * In TSC-deadline mode it goes off when the CPU's own time-stamp counter reaches a value. In the older one-shot mode it
 * counts down at a rate that clock_init has measured to about a part in 1000; what is that many times more than a few
 * milliseconds away is approached in two steps, so that the error of the rate is not felt.
 *
 * Nothing here needs to be exact to the safe side: who is called too early sets it again (timer.c).
 *
 * Source: Intel SDM volume 3A, 10.5.4 (APIC timer), 10.5.4.1 (TSC-deadline mode).
 */
#include "time/event.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/io.h"
#include "log.h"
#include "time/clock_internal.h"
#include "time/scale.h"

#define LOG_NAME "timer"

#define FAR_NS (3600 * NS_PER_SECOND) /* later events are approached in steps of that */
#define TWO_STEPS_NS (20 * NS_PER_MS)
#define GUESS_HZ 1000000000 /* when it cannot be measured: more than most have, so timers are late, not early */
#define FIRST_STEP(ns) ((ns) - (ns) / 256)

static struct clock_reading measure_first;

static uint64_t apic_passed(void)
{
    return UINT32_MAX - apic_timer_count();
}

static const struct clock_source apic_source = {.read = apic_passed, .mask = UINT32_MAX};

static struct clock_reading read_apic(void)
{
    bool interrupts = cpu_interrupts_disable();
    struct clock_reading reading = calibrate_read(&apic_source);
    if (interrupts)
        cpu_interrupts_enable();
    return reading;
}

void event_measure_begin(void)
{
    if (apic_has_deadline())
        return;
    apic_timer_init_cpu();
    apic_timer_set_count(UINT32_MAX);
    measure_first = read_apic();
}

void event_measure_end(void)
{
    if (apic_has_deadline())
        return;
    struct clock_reading second;
    do {
        second = read_apic();
    } while (clock_tsc_to_ns(second.tsc - measure_first.tsc) < CALIBRATE_MIN_NS);
    apic_timer_set_count(0);
    uint64_t hz = calibrate_source_hz(&apic_source, &measure_first, &second, clock_state.tsc_hz);
    if (hz)
        log_info("the local APIC's timer runs at %lu kHz", hz / 1000);
    else
        log_warning("the local APIC's timer does not count");
    clock_state.ns_to_apic = scale_from_ns(hz ? hz : GUESS_HZ);
}

static uint64_t min_ticks(uint64_t ticks)
{
    return ticks < UINT32_MAX ? ticks : UINT32_MAX;
}

void event_set(uint64_t ns)
{
    if (ns > FAR_NS)
        ns = FAR_NS;
    if (apic_has_deadline()) {
        apic_timer_set_deadline(cpu_tsc() + scale(ns, __atomic_load_n(&clock_state.ns_to_tsc, __ATOMIC_RELAXED)) + 1);
        return;
    }
    if (ns > TWO_STEPS_NS)
        ns = FIRST_STEP(ns);
    apic_timer_set_count((uint32_t)min_ticks(scale(ns, clock_state.ns_to_apic) + 1));
}

void event_init_cpu(void)
{
    apic_timer_init_cpu();
}
