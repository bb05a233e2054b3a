/*
 * The clock's line from counts to nanoseconds: see timebase.h.
 *
 * Order, in a reader: sequence, copy, counter, sequence again. The counter is read by an instruction that the processor
 * does not move before the loads (cpu_tsc_ordered), so that of two readings, one of which knows of the other's result,
 * the later one is not less.
 */
#include "time/timebase.h"

#include "arch/x86_64/io.h"

static uint64_t count_now(const struct clock_source *source)
{
    return source ? clock_source_wide(source) : cpu_tsc_ordered();
}

static inline uint64_t copy_at(const struct timebase_copy *copy, uint64_t count)
{
    return time_lines_at(&copy->before, &copy->after, count);
}

/* Has nothing been published since? What was read before is read before this. */
static inline bool is_still(const struct timebase *timebase, uint32_t sequence)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __builtin_expect(__atomic_load_n(&timebase->sequence, __ATOMIC_RELAXED) == sequence, 1);
}

/* Any source, and as often as it takes. */
static __attribute__((noinline)) uint64_t read_slowly(const struct timebase *timebase)
{
    for (;;) {
        uint32_t sequence = __atomic_load_n(&timebase->sequence, __ATOMIC_ACQUIRE);
        const struct timebase_copy *copy = &timebase->copies[sequence & 1];
        uint64_t ns = copy_at(copy, count_now(copy->source));
        if (is_still(timebase, sequence))
            return ns;
    }
}

uint64_t timebase_read(const struct timebase *timebase)
{
    uint32_t sequence = __atomic_load_n(&timebase->sequence, __ATOMIC_ACQUIRE);
    const struct timebase_copy *copy = &timebase->copies[sequence & 1];
    if (__builtin_expect(!copy->source, 1)) {
        uint64_t ns = copy_at(copy, cpu_tsc_ordered());
        if (is_still(timebase, sequence))
            return ns;
    }
    return read_slowly(timebase);
}

/* Odd: copy 1 is read and copy 0 written; then the other way round. */
static void publish(struct timebase *timebase, const struct timebase_copy *new)
{
    for (int i = 0; i < 2; i++) {
        __atomic_fetch_add(&timebase->sequence, 1, __ATOMIC_SEQ_CST);
        timebase->copies[i] = *new;
        __atomic_thread_fence(__ATOMIC_RELEASE);
    }
}

uint64_t timebase_start(struct timebase *timebase, const struct clock_source *source, uint64_t ns, uint64_t hz)
{
    struct time_line line = {.count = count_now(source), .ns = ns, .factor = scale_to_ns(hz)};
    publish(timebase, &(struct timebase_copy){.source = source, .before = line, .after = line});
    return line.count;
}

bool timebase_correct(struct timebase *timebase, uint64_t hz, uint64_t lead)
{
    struct timebase_copy new = timebase->copies[0];
    uint64_t now = count_now(new.source);
    if (now < new.after.count)
        return false;
    new.before = new.after;
    new.after.count = now + lead;
    new.after.ns = time_line_at(&new.before, new.after.count);
    new.after.factor = scale_to_ns(hz);
    if (count_now(new.source) >= now + lead / 2) /* whoever interrupted us may do so again before it is published */
        return false;
    publish(timebase, &new);
    return true;
}

const struct clock_source *timebase_source(const struct timebase *timebase)
{
    return timebase->copies[0].source;
}
