/*
 * What the pieces of the self-test framework know of each other.
 */
#ifndef CORRODE_TESTS_KERNEL_KTEST_INTERNAL_H
#define CORRODE_TESTS_KERNEL_KTEST_INTERNAL_H

#include "ktest.h"

/* The linker's names for the ends of the arrays that KTEST_REGISTER makes. */
#define KTEST_ARRAY(type, section)                                                                                     \
    extern const struct type *const __start_##section[];                                                               \
    extern const struct type *const __stop_##section[];

KTEST_ARRAY(ktest, ktests)
KTEST_ARRAY(ktest, kdeaths)
KTEST_ARRAY(ktest_count, kcounts)

/* for (each pointer ITEM into the array) */
#define KTEST_EACH(item, section)                                                                                      \
    for (__typeof__(&__start_##section[0]) item = __start_##section; item < __stop_##section; item++)

/* Runs a test, until it does not leak or for sure does. */
void ktest_run(const struct ktest *test);

/* Runs FUNCTION as part of a test, and returns how many checks in it failed; the test itself has not: for tests of
 * checks.
 */
uint32_t ktest_count_failures(void (*function)(void));

#define KTEST_COUNTS_MAX 32

/* counts.c: the present value of every count, and the first that is more than it was BEFORE, after it was given time to
 * fall; NULL when all is as before. */
void ktest_counts_read(uint64_t *values);
const struct ktest_count *ktest_counts_grown(const uint64_t *before, uint64_t *by);

/* watchdog.c: panics when NAME is not done, that is, ktest_unwatch called, in so many seconds. 0: never. */
#define KTEST_SECONDS 60
void ktest_watch(const char *name, uint64_t seconds);
void ktest_unwatch(void);
uint64_t ktest_watch_seconds(void); /* KTEST_SECONDS, or what the command line says */

#endif
