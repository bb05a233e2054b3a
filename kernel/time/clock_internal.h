/*
 * What the files of this folder know of the clock that others need not: how it was measured, and its corrections.
 */
#ifndef CORRODE_TIME_CLOCK_INTERNAL_H
#define CORRODE_TIME_CLOCK_INTERNAL_H

#include "time/calibrate.h"
#include "time/clock.h"
#include "time/timebase.h"

/* Before anything is known: faster than any processor, so that what is waited for takes longer, not shorter. */
#define CLOCK_GUESS_HZ 6000000000ull

extern struct clock_state {
    struct timebase timebase;
    uint64_t tsc_hz;                /* 0: not known yet */
    uint64_t tsc_to_ns, ns_to_tsc;  /* scale.h */
    uint64_t ns_to_apic;            /* counts of the local APIC's timer, for CPUs that do not set it by the TSC */
    struct clock_source *reference; /* what the TSC was measured against; NULL: nothing */
    struct clock_reading first;     /* its first reading, for later corrections */
    bool exact;                     /* the rate needs no correction */
    uint64_t wall_offset;           /* clock_wall() - clock_monotonic() */
} clock_state;

/* The TSC's rate is HZ, as was found out later. If it is the clock, it takes the new rate without a jump. */
void clock_correct(uint64_t hz);

/* Makes another source the clock: the TSC is not fit for it. False when there is none; then it stays. */
bool clock_give_up_tsc(const char *why);

#endif
