/*
 * The arithmetic of measuring one counter against another: see calibrate.h. It knows no hardware but through the clock
 * source, so that tests/unit/calibrate_test.c can give it one that lies.
 */
#include "time/calibrate.h"

#include "arch/x86_64/io.h"
#include "time/scale.h"

#define TSC_MIN_HZ 1000000ull /* emulators count instructions */
#define TSC_MAX_HZ SCALE_MAX_HZ

struct clock_reading calibrate_read(const struct clock_source *source)
{
    struct clock_reading best = {.spread = UINT64_MAX};
    for (int i = 0; i < CALIBRATE_TRIES || (best.spread > CALIBRATE_CLOSE && i < CALIBRATE_TRIES_MAX); i++) {
        struct clock_reading reading = {0};
        uint64_t before = cpu_tsc_ordered();
        reading.count = source->read();
        reading.spread = cpu_tsc_ordered() - before;
        reading.tsc = before + reading.spread / 2;
        if (reading.spread < best.spread)
            best = reading;
    }
    return best;
}

/* What has passed on the source: modulo its width, and as many wraps as bring it closest to EXPECTED. */
static uint64_t passed(const struct clock_source *source, uint64_t difference, uint64_t expected)
{
    uint64_t wrap = source->mask + 1;
    if (wrap == 0 || expected < difference)
        return difference;
    uint64_t wraps = (expected - difference) / wrap;
    uint64_t rest = (expected - difference) % wrap;
    return difference + (wraps + (rest > wrap / 2)) * wrap;
}

uint64_t calibrate_tsc_hz(const struct clock_source *source, const struct clock_reading *first,
    const struct clock_reading *second, uint64_t estimate)
{
    uint64_t cycles = second->tsc - first->tsc;
    uint64_t count = (second->count - first->count) & source->mask;
    if (estimate) {
        uint64_t expected = scale_ratio(cycles, source->hz, estimate);
        /* The estimate may be wrong by a part in 64. When that is more than half a wrap, there is no telling. */
        if (source->mask < UINT64_MAX && expected / 64 > source->mask / 2)
            return 0;
        count = passed(source, count, expected);
    }
    if (count == 0)
        return 0;
    uint64_t hz = scale_ratio(cycles, source->hz, count);
    return hz >= TSC_MIN_HZ && hz <= TSC_MAX_HZ ? hz : 0;
}

uint64_t calibrate_source_hz(const struct clock_source *source, const struct clock_reading *first,
    const struct clock_reading *second, uint64_t tsc_hz)
{
    if (second->tsc <= first->tsc)
        return 0;
    uint64_t count = (second->count - first->count) & source->mask;
    uint64_t hz = scale_ratio(count, tsc_hz, second->tsc - first->tsc);
    return hz >= SCALE_MIN_HZ && hz <= SCALE_MAX_HZ ? hz : 0;
}

bool calibrate_is_precise(const struct clock_reading *first, const struct clock_reading *second, uint64_t parts)
{
    uint64_t unknown = first->spread / 2 + second->spread / 2;
    return second->tsc > first->tsc && (second->tsc - first->tsc) / parts >= unknown;
}

bool calibrate_agree(uint64_t hz, uint64_t other, uint64_t parts)
{
    uint64_t difference = hz > other ? hz - other : other - hz;
    return difference <= other / parts;
}

int calibrate_vote(const struct calibrate_rate *rates, unsigned count)
{
    int best = -1;
    unsigned best_votes = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned votes = 0; /* its own is one */
        for (unsigned j = 0; rates[i].hz && j < count; j++)
            votes += rates[j].hz && calibrate_agree(rates[j].hz, rates[i].hz, CALIBRATE_VOTE);
        if (votes > best_votes) {
            best_votes = votes;
            best = (int)i;
        }
    }
    return best;
}
