/*
 * The clock's line (kernel/time/timebase.c): rates that change while others read, on several threads.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/io.h"
#include "time/scale.h"
#include "time/timebase.h"

#include <pthread.h>

#define HZ 1000000000ull

static uint64_t tsc; /* the time, when a test moves it by hand */
static bool by_hand;

uint64_t fake_tsc(void)
{
    if (by_hand)
        return tsc;
    __builtin_ia32_lfence();
    return __builtin_ia32_rdtsc();
}

/* Not the counter of these tests. */
uint64_t clock_source_wide(const struct clock_source *source)
{
    return source->read();
}

static void test_line(void **state)
{
    struct timebase timebase = {0};
    by_hand = true;
    tsc = 12345;
    assert_int_equal(timebase_read(&timebase), 0);
    timebase_start(&timebase, NULL, 777, HZ);
    assert_int_equal(timebase_read(&timebase), 777);
    tsc += 1000;
    assert_in_range(timebase_read(&timebase), 1776, 1777);
    tsc -= 1500; /* a CPU whose counter is behind */
    assert_int_equal(timebase_read(&timebase), 777);
    tsc = UINT64_MAX; /* 584 years */
    assert_in_range(timebase_read(&timebase), UINT64_MAX - 200000, UINT64_MAX);
    by_hand = false;
}

/* A correction begins where the lines meet, to the nanosecond, and not before. */
static void test_correction(void **state)
{
    struct timebase timebase = {0};
    by_hand = true;
    tsc = 1000;
    timebase_start(&timebase, NULL, 0, HZ);
    tsc += 1000000;
    assert_true(timebase_correct(&timebase, HZ * 2, 500));
    assert_false(timebase_correct(&timebase, HZ * 2, 500)); /* this one has not begun */
    uint64_t last = timebase_read(&timebase);
    for (int i = 0; i < 10000; i++) {
        tsc++;
        uint64_t now = timebase_read(&timebase);
        assert_in_range(now, last, last + 1);
        last = now;
    }
    assert_in_range(last, 1000500 + 9500 / 2 - 1, 1000500 + 9500 / 2);
    assert_true(timebase_correct(&timebase, HZ, 500));
    by_hand = false;
}

/* The source changes: TSC to another, from another time. */
static uint64_t other_count;
static uint64_t other_read(void)
{
    return other_count;
}

static void test_change_of_source(void **state)
{
    struct timebase timebase = {0};
    static const struct clock_source other = {.name = "other", .read = other_read, .hz = 1000000, .mask = UINT64_MAX};
    timebase_start(&timebase, NULL, 0, HZ);
    assert_null(timebase_source(&timebase));
    other_count = 5000;
    timebase_start(&timebase, &other, 9000, other.hz);
    assert_ptr_equal(timebase_source(&timebase), &other);
    assert_int_equal(timebase_read(&timebase), 9000);
    other_count += 3;
    assert_in_range(timebase_read(&timebase), 11999, 12000);
}

static struct timebase shared;
static bool stop;
static uint64_t newest; /* the latest that anyone has read */

static void *reader(void *result)
{
    uint64_t *wrong = result;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        uint64_t seen = __atomic_load_n(&newest, __ATOMIC_SEQ_CST);
        uint64_t now = timebase_read(&shared);
        if (now < seen)
            ++*wrong;
        while (seen < now &&
               !__atomic_compare_exchange_n(&newest, &seen, now, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        }
    }
    return NULL;
}

/* No reader is ever behind what another has read before, while the rate changes by half and back. */
static void test_readers(void **state)
{
    enum { READERS = 3 };
    pthread_t threads[READERS];
    uint64_t wrong[READERS] = {0};
    timebase_start(&shared, NULL, 0, HZ);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &wrong[i]), 0);
    unsigned corrections = 0;
    uint64_t end = __builtin_ia32_rdtsc() + 2000000000;
    while (__builtin_ia32_rdtsc() < end)
        corrections += timebase_correct(&shared, corrections & 1 ? HZ : HZ * 3 / 2, 5000000);
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(wrong[i], 0);
    }
    assert_true(corrections > 10);
}

UNIT_MAIN(cmocka_unit_test(test_line), cmocka_unit_test(test_correction), cmocka_unit_test(test_change_of_source),
    cmocka_unit_test(test_readers))
