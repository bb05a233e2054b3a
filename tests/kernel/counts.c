/*
 * What tests must give back: a row for each resource that the kernel counts, and the comparison.
 *
 * A count may take a moment to fall after a test has returned: a thread that has ended is freed by another, memory is
 * freed by a work queue. So a count that has grown gets some time before it is believed.
 */
#include "ktest_internal.h"

#include "arch/x86_64/io.h"
#include "time/clock.h"

#define SETTLE_TIME 100000000 /* ns */

/* A test that leaves interrupts off would leave every later one without a clock. */
static uint64_t interrupts_off(void)
{
    if (!cpu_interrupts_disable())
        return 1;
    cpu_interrupts_enable();
    return 0;
}
KTEST_COUNT(interrupts_off, interrupts_off);

void ktest_counts_read(uint64_t *values)
{
    KTEST_EACH(count, kcounts)
    *values++ = (*count)->used();
}

const struct ktest_count *ktest_counts_grown(const uint64_t *before, uint64_t *by)
{
    KTEST_EACH(count, kcounts)
    {
        uint64_t now = (*count)->used();
        for (uint64_t end = clock_monotonic() + SETTLE_TIME; now > *before && clock_monotonic() < end;) {
            cpu_pause();
            now = (*count)->used();
        }
        *by = now - *before;
        if (now > *before++)
            return *count;
    }
    return NULL;
}
