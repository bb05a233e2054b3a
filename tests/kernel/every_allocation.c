/*
 * Failing every allocation in turn: see KTEST_EVERY_ALLOCATION in ktest.h, and debug/fault_injection.h.
 */
#include "ktest_internal.h"

#include "debug/fault_injection.h"
#include "lib/errno.h"

#define ALLOCATIONS_MAX 100000 /* a function that asks for more asks for ever */
#define RUNS_MAX 3             /* of one that seems to leak; see ktest.c */

struct place {
    const char *file;
    int line;
};

/* One run with the Nth allocation failing. True when it had as many. */
static bool run_failing(int (*function)(void *), void *argument, uint64_t n, const struct place *place)
{
    fault_injection_arm(n);
    int error = function(argument);
    bool failed = fault_injection_disarm() >= n;
    if (failed ? error != 0 && error != -ENOMEM : error != 0)
        ktest_fail(place->file, place->line, "with allocation %lu failing: error %d", (unsigned long)n, -error);
    return failed;
}

/* The same until it leaves nothing behind, or often enough to be sure that it does. */
static bool run_watching_counts(int (*function)(void *), void *argument, uint64_t n, const struct place *place)
{
    uint64_t before[KTEST_COUNTS_MAX], by = 0;
    for (int runs = 1;; runs++) {
        ktest_counts_read(before);
        bool failed = run_failing(function, argument, n, place);
        const struct ktest_count *grown = ktest_counts_grown(before, &by);
        if (!grown)
            return failed;
        if (runs == RUNS_MAX) {
            ktest_fail(place->file, place->line, "with allocation %lu failing it leaks %s: %ld", (unsigned long)n,
                grown->name, (long)by);
            return false;
        }
    }
}

void ktest_every_allocation(int (*function)(void *), void *argument, const char *file, int line)
{
    struct place place = {file, line};
    int error = function(argument);
    if (error) {
        ktest_fail(file, line, "error %d, with no allocation failing", -error);
        return;
    }
    for (uint64_t n = 1; n <= ALLOCATIONS_MAX; n++)
        if (!run_watching_counts(function, argument, n, &place))
            return;
    ktest_fail(file, line, "it allocates for ever");
}
