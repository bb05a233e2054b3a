/*
 * What turns a counter into a clock that never goes back: at such a count it was so many nanoseconds, and since then it
 * runs at such a rate.
 *
 * The rate may be corrected while the clock is read. The correction begins at a count a little in the future, where the
 * old line and the new one meet: up to there everyone goes on with the old rate, whether he has seen the correction or
 * not, so no two readers ever disagree.
 *
 *     ns                    ,'  after
 *      |                 ,'
 *      |        _,.-*'        * after.count, after.ns
 *      |  _,.-''                before
 *      +--------------------- count
 *
 * Readers take no lock and wait for no one, in an NMI neither: there are two copies, and `sequence` says by its lowest
 * bit which of them is not being written. A reader starts over when the sequence has changed meanwhile. Who corrects
 * takes a lock of his own (clock.c).
 */
#ifndef CORRODE_TIME_TIMEBASE_H
#define CORRODE_TIME_TIMEBASE_H

#include "time/scale.h"
#include "time/source.h"

struct time_line {
    uint64_t count, ns; /* where it begins */
    uint64_t factor;    /* scale.h */
};

static inline uint64_t time_line_at(const struct time_line *line, uint64_t count)
{
    return __builtin_expect(count > line->count, 1) ? line->ns + scale_short(count - line->count, line->factor)
                                                    : line->ns;
}

/* By the line that holds at that count. */
static inline uint64_t time_lines_at(const struct time_line *before, const struct time_line *after, uint64_t count)
{
    return time_line_at(__builtin_expect(count < after->count, 0) ? before : after, count);
}

struct timebase {
    uint32_t sequence;
    struct timebase_copy {
        const struct clock_source *source; /* NULL: the time-stamp counter */
        struct time_line before, after;
        uint64_t unused; /* to a power of two */
    } copies[2];
};

/* All zero, it reads as 0 for ever. */
uint64_t timebase_read(const struct timebase *timebase);

/* From now on SOURCE (NULL: TSC) counts, from NS. Where the count was, and the new line begins. */
uint64_t timebase_start(struct timebase *timebase, const struct clock_source *source, uint64_t ns, uint64_t hz);

/*
 * From LEAD counts after now on the source runs at HZ. False when an earlier correction has not begun yet, or when
 * publishing took longer than LEAD: nothing has changed then.
 */
bool timebase_correct(struct timebase *timebase, uint64_t hz, uint64_t lead);

const struct clock_source *timebase_source(const struct timebase *timebase);

#endif
