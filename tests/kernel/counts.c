/*
 * What tests must give back: the comparison. The counts themselves are in the tests of each part.
 *
 * A count may take a moment to fall after a test has returned: a thread that has ended is freed by another, memory is
 * freed by a work queue. So a count that has grown gets some time before it is believed.
 */
#include "ktest_internal.h"

#include "sched/sched.h"
#include "time/clock.h"

#define SETTLE_TIME 100000000 /* ns */

void ktest_counts_read(uint64_t *values)
{
    KTEST_EACH (count, kcounts)
        *values++ = (*count)->used();
}

const struct ktest_count *ktest_counts_grown(const uint64_t *before, uint64_t *by)
{
    KTEST_EACH (count, kcounts) {
        uint64_t now = (*count)->used();
        for (uint64_t end = clock_monotonic() + SETTLE_TIME; now > *before && clock_monotonic() < end;) {
            thread_sleep(SETTLE_TIME / 100);
            now = (*count)->used();
        }
        *by = now - *before;
        if (now > *before++)
            return *count;
    }
    return NULL;
}
