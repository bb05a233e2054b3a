/*
 * A test that hangs: after its time a timer panics, so that the report says where, and not only that nothing came.
 * `watchdog=SECONDS` sets the time (0: for ever). A test that hangs with interrupts off on the CPU where the timer is
 * hangs for good: the boot has a time limit as well.
 */
#include "ktest_internal.h"

#include "lib/cmdline.h"
#include "panic.h"
#include "time/clock.h"
#include "time/timer.h"

#define SECOND 1000000000ull

static struct timer timer;
static const char *watched;
static uint64_t limit; /* seconds */

static void bark(struct timer *unused)
{
    panic("%s has run for more than %lu seconds", watched, (unsigned long)limit);
}

void ktest_watch(const char *name, uint64_t seconds)
{
    if (seconds == 0)
        return;
    watched = name;
    limit = seconds;
    timer_init(&timer, bark);
    timer_start(&timer, clock_monotonic() + seconds * SECOND);
}

void ktest_unwatch(void)
{
    timer_stop(&timer);
}

uint64_t ktest_watch_seconds(void)
{
    uint64_t seconds = KTEST_SECONDS;
    cmdline_number("watchdog", &seconds);
    return seconds;
}

KDEATH(test_that_hangs)
{
    ktest_watch("a test that hangs", 1);
    for (volatile bool hanging = true; hanging;)
        ;
}
