/*
 * Comparing time-stamp counters (kernel/time/sync.c): two threads play two CPUs, one of which is off by so much.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/io.h"
#include "arch/x86_64/percpu.h"
#include "time/sync.h"

#include <pthread.h>

static int64_t ahead; /* of CPU 1's counter */
static bool stop;

uint64_t fake_tsc(void)
{
    __builtin_ia32_lfence();
    return __builtin_ia32_rdtsc() + (uint64_t)(fake_cpu == 1 ? ahead : 0);
}

static void *cpu0(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        sync_answer();
        cpu_pause();
    }
    return NULL;
}

static void test_offsets(void **state)
{
    static const int64_t offsets[] = {0, 1000000000, -1000000000, 1ll << 60, -(1ll << 60), 10000000};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cpu0, NULL), 0);
    fake_cpu = 1;
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        struct sync_offset offset;
        ahead = offsets[i];
        assert_true(sync_measure(&offset));
        int64_t wrong = offset.cycles + offsets[i];
        assert_true((uint64_t)(wrong < 0 ? -wrong : wrong) <= offset.error);
    }
    fake_cpu = 0;
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
}

static void test_no_answer(void **state)
{
    struct sync_offset offset;
    assert_false(sync_measure(&offset));
    assert_true(offset.error == UINT64_MAX);
}

UNIT_MAIN(cmocka_unit_test(test_offsets), cmocka_unit_test(test_no_answer))
