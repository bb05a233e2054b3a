/*
 * Measuring the time-stamp counter, and the local APIC's timer, against a clock source of known rate: two readings of
 * all of them, and the ratio of what has passed.
 *
 * A reading of the source lies between two of the time-stamp counter, whose distance is what is not known about when it
 * was taken. It grows when something comes between: an interrupt, or the host of a virtual machine. So of several
 * readings the closest is kept, and its distance with it.
 *
 * The two readings should be so far apart that their uncertainty does not matter: CALIBRATE_PRECISION.
 */
#ifndef CORRODE_TIME_CALIBRATE_H
#define CORRODE_TIME_CALIBRATE_H

#include "time/source.h"

#define CALIBRATE_TRIES 7
#define CALIBRATE_TRIES_MAX 50   /* when the closest of those is not as close as ... */
#define CALIBRATE_CLOSE 4000     /* cycles */
#define CALIBRATE_PRECISION 2000 /* parts: a measurement is good when less than one is not known */
#define CALIBRATE_MIN_NS 1000000ull
#define CALIBRATE_MAX_NS 30000000ull /* no better reading is waited for after that */

struct clock_reading {
    uint64_t tsc;    /* when it was taken */
    uint64_t spread; /* how far apart the two were between which it was taken */
    uint64_t count;  /* the source's */
};

/* Interrupts must be off. */
struct clock_reading calibrate_read(const struct clock_source *source);

/*
 * The TSC's rate between two readings. ESTIMATE is what was believed so far, and tells how often a narrow counter has
 * wrapped meanwhile; 0: it has not. Returns 0 when that is impossible or what comes out is.
 */
uint64_t calibrate_tsc_hz(const struct clock_source *source, const struct clock_reading *first,
    const struct clock_reading *second, uint64_t estimate);

/* The other way round: the rate of a source between two readings, given the TSC's; 0 when it is impossible. */
uint64_t calibrate_source_hz(const struct clock_source *source, const struct clock_reading *first,
    const struct clock_reading *second, uint64_t tsc_hz);

/* Is what is not known of the ends of the window between them less than one part in PARTS of it? */
bool calibrate_is_precise(const struct clock_reading *first, const struct clock_reading *second, uint64_t parts);

/* Do two rates agree to one part in PARTS? */
bool calibrate_agree(uint64_t hz, uint64_t other, uint64_t parts);

/*
 * What several say of the same rate: each row's hz, 0 when it has nothing to say. Returns the row with which most
 * others agree to one part in CALIBRATE_VOTE, the first of them when several do; -1 when no one says anything.
 */
#define CALIBRATE_VOTE 50
struct calibrate_rate {
    const char *from;
    uint64_t hz;
};
int calibrate_vote(const struct calibrate_rate *rates, unsigned count);

#endif
