/*
 * The table of clock sources, and what is alike in all of them: the test of whether they count at all, and their
 * extension to 64 bits.
 *
 * `wide` is what the source that is the clock has reached. A reader takes it first and then the counter, so that the
 * counter is the later of the two; their difference, modulo the counter's width, is what has passed since. This holds
 * as long as someone reads in each wrap, for which upkeep.c has a timer.
 */
#include "time/source.h"

#include "time/scale.h"

#define PROBE_READS 512 /* the slowest source (PIT) counts once in a read or two; an emulator's ports may be faster */

static struct clock_source *const sources[] = {&clock_hpet, &clock_acpi_pm, &clock_pit};

static uint64_t wide;

struct clock_source *clock_source(unsigned index)
{
    return index < ARRAY_LENGTH(sources) ? sources[index] : NULL;
}

static bool counts(const struct clock_source *source)
{
    uint64_t first = source->read();
    for (unsigned i = 0; i < PROBE_READS; i++)
        if (source->read() != first)
            return true;
    return false;
}

bool clock_source_probe(struct clock_source *source)
{
    if (source->find(source) && source->hz >= SCALE_MIN_HZ && source->hz <= SCALE_MAX_HZ && counts(source))
        return true;
    source->hz = 0;
    return false;
}

uint64_t clock_source_wide(const struct clock_source *source)
{
    uint64_t before = __atomic_load_n(&wide, __ATOMIC_ACQUIRE);
    uint64_t now = before + ((source->read() - before) & source->mask);
    uint64_t seen = before;
    while (seen < now && !__atomic_compare_exchange_n(&wide, &seen, now, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    }
    return now;
}
