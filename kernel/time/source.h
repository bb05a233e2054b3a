/*
 * Counters of known rate: what the time-stamp counter is measured against, and what is the clock where that counter is
 * not fit for it. One small file each; sources.c has the table of them, the best first.
 *
 * Hardware lies, so nothing is believed before clock_source_probe has seen it count, in bounded time.
 */
#ifndef CORRODE_TIME_SOURCE_H
#define CORRODE_TIME_SOURCE_H

#include "lib/types.h"

struct clock_source {
    const char *name;
    unsigned rating;                           /* the higher, the better; 0: for measuring only, it cannot be a clock */
    bool (*find)(struct clock_source *source); /* looks for it and lets it run; sets hz and mask */
    uint64_t (*read)(void);                    /* counts up and wraps to 0 after MASK */
    uint64_t hz;                               /* SCALE_MIN_HZ to SCALE_MAX_HZ; 0: not there */
    uint64_t mask;                             /* all ones up to its width */
};

extern struct clock_source clock_hpet, clock_acpi_pm, clock_pit;

/* In the order of their rating, measuring-only ones last; NULL past the end. */
struct clock_source *clock_source(unsigned index);

/* Is it there, and does it count? Afterwards its hz says so. */
bool clock_source_probe(struct clock_source *source);

/*
 * For the one that is the clock: its count in 64 bits, which someone must read at least once in each wrap. Any context,
 * any CPU, and never less than what any CPU has read before.
 */
uint64_t clock_source_wide(const struct clock_source *source);

/* CPUID and the like. A rate of 0: not told. */
struct tsc_rate {
    uint64_t hz;
    bool exact;       /* else it is about right */
    const char *from; /* who told */
};
struct tsc_rate tsc_rate_told(void);

/* Does the time-stamp counter run at one rate, whatever the processor does? */
bool tsc_is_constant(void);

/* Adds to this CPU's time-stamp counter; false when the processor has no register for that. */
bool tsc_adjust(int64_t cycles);

#endif
