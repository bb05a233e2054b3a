/*
 * Tests of the tests: a check that cannot fail is worth nothing.
 */
#include "ktest_internal.h"

#include "debug/fault_injection.h"
#include "lib/errno.h"
#include "lib/string.h"

static void checks_that_fail(void)
{
    volatile int two = 2;
    KTEST_CHECK(two == 3);
    KTEST_EQUAL(two, 3);
    KTEST_FAIL("the answer is not %d", 42);
}

static void checks_that_pass(void)
{
    volatile int two = 2;
    KTEST_CHECK(KTEST_CHECK(two == 2));
    KTEST_CHECK(KTEST_EQUAL(two, 2));
}

KTEST(ktest_checks_can_fail)
{
    KTEST_EQUAL(ktest_count_failures(checks_that_fail), 3);
    KTEST_EQUAL(ktest_count_failures(checks_that_pass), 0);
}

/* A resource for tests: things that are taken, and given back or not. */
static uint64_t taken;

static uint64_t things_taken(void)
{
    return taken;
}
KTEST_COUNT(things, things_taken);

static bool take(void)
{
    if (fault_injection_should_fail())
        return false;
    taken++;
    return true;
}

static void give_back(void)
{
    taken--;
}

/* Takes three things, and a fourth that it can do without. LEAKS: the way on which it forgets one; 0: none. */
struct taker {
    uint64_t leaks;
    unsigned runs;
};

static int take_four(void *argument)
{
    struct taker *taker = argument;
    int error = -ENOMEM;
    taker->runs++;
    if (!take())
        goto out;
    if (!take())
        goto out_first;
    if (!take())
        goto out_second;
    if (take())
        give_back();
    error = 0;
    give_back();
out_second:
    if (!error || taker->leaks != 3)
        give_back();
out_first:
    give_back();
out:
    return error;
}

KTEST(ktest_every_allocation_fails_once)
{
    struct taker taker = {0};
    KTEST_EVERY_ALLOCATION(take_four, &taker);
    KTEST_EQUAL(taker.runs, 6); /* none failing, four, and the one that had no fifth */
    KTEST_EQUAL(taken, 0);
}

static void leak_on_the_third(void)
{
    struct taker taker = {.leaks = 3};
    KTEST_EVERY_ALLOCATION(take_four, &taker);
}

static int give_a_wrong_error(void *unused)
{
    return take() ? (give_back(), 0) : -EINVAL;
}

static void wrong_error(void)
{
    KTEST_EVERY_ALLOCATION(give_a_wrong_error, NULL);
}

KTEST(ktest_every_allocation_notices)
{
    uint64_t before = taken;
    KTEST_EQUAL(ktest_count_failures(leak_on_the_third), 1);
    KTEST_EQUAL(taken - before, 3);
    taken = before;
    KTEST_EQUAL(ktest_count_failures(wrong_error), 1);
}

/* The first run leaves something that is made once, which is no leak. */
KTEST(ktest_first_use_is_no_leak)
{
    static bool made;
    if (!made)
        take();
    made = true;
}

static void leak(void)
{
    take();
}

static void run_leaky_test(void)
{
    static const struct ktest leaky = {.name = "leaky", .run = leak};
    ktest_run(&leaky);
}

KTEST(ktest_notices_leaks)
{
    uint64_t before = taken;
    KTEST_EQUAL(ktest_count_failures(run_leaky_test), 1);
    KTEST_EQUAL(taken - before, 3);
    taken = before;
}
