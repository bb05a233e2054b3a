/*
 * Fault injection (kernel/debug/fault_injection.h): the allocation that was chosen fails, no other, and no one else's.
 */
#include "debug/fault_injection.h"
#include "panic.h"
#include "tests/unit/unit.h"

#include <stdio.h>

_Noreturn void panic(const char *format, ...)
{
    fail_msg("%s", format);
    abort();
}

static const void *thread;

static const void *current_thread(void)
{
    return thread;
}

static void test_off(void **state)
{
    for (int i = 0; i < 100; i++)
        assert_false(fault_injection_should_fail());
}

static void test_the_nth_fails(void **state)
{
    for (uint64_t n = 0; n < 10; n++) {
        fault_injection_arm(n);
        for (uint64_t i = 1; i <= 7; i++)
            assert_int_equal(fault_injection_should_fail(), i == n);
        assert_int_equal(fault_injection_disarm(), 7);
    }
    assert_false(fault_injection_should_fail());
}

/* Five things are allocated, each can fail, and the loop of the header's example visits each once and ends. */
static void test_every_site_is_visited(void **state)
{
    unsigned failed_at[6] = {0};
    uint64_t n = 1;
    for (;; n++) {
        fault_injection_arm(n);
        unsigned site = 0;
        while (site < 5 && !fault_injection_should_fail())
            site++;
        if (fault_injection_disarm() < n)
            break;
        failed_at[site]++;
    }
    assert_int_equal(n, 6);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(failed_at[i], 1);
    assert_int_equal(failed_at[5], 0);
}

static void test_others_are_spared(void **state)
{
    int a, b;
    fault_injection_set_owner(current_thread);
    thread = &a;
    fault_injection_arm(2);
    assert_false(fault_injection_should_fail());
    thread = &b;
    assert_false(fault_injection_should_fail());
    thread = NULL; /* an interrupt */
    assert_false(fault_injection_should_fail());
    thread = &a;
    assert_true(fault_injection_should_fail());
    assert_int_equal(fault_injection_disarm(), 2);
    fault_injection_set_owner(NULL);
}

static void test_everyone_is_counted(void **state)
{
    int a;
    fault_injection_set_owner(current_thread);
    thread = NULL;
    fault_injection_arm_everyone(2);
    assert_false(fault_injection_should_fail());
    thread = &a;
    assert_true(fault_injection_should_fail());
    thread = NULL;
    assert_false(fault_injection_should_fail());
    assert_int_equal(fault_injection_disarm(), 3);
    fault_injection_set_owner(NULL);
}

static uint32_t left;

static uint32_t *current_countdown(void)
{
    return thread ? &left : NULL;
}

static void test_a_countdown_ends_once(void **state)
{
    int a;
    fault_injection_set_countdown(current_countdown);
    fault_injection_start_countdowns();
    thread = NULL;
    left = 2;
    assert_false(fault_injection_should_fail()); /* an interrupt */
    thread = &a;
    assert_false(fault_injection_should_fail());
    assert_int_equal(left, 1);
    uint32_t paused = fault_injection_pause();
    assert_false(fault_injection_should_fail());
    fault_injection_go_on(paused);
    assert_true(fault_injection_should_fail());
    for (int i = 0; i < 10; i++)
        assert_false(fault_injection_should_fail());
    assert_int_equal(left, 0);
    fault_injection_set_countdown(NULL);
}

static void test_a_countdown_leaves_others_alone(void **state)
{
    int a;
    fault_injection_set_countdown(current_countdown);
    fault_injection_start_countdowns();
    fault_injection_set_owner(current_thread);
    thread = &a;
    left = 0;
    fault_injection_arm(2);
    assert_false(fault_injection_should_fail());
    assert_true(fault_injection_should_fail());
    assert_int_equal(fault_injection_disarm(), 2);
    assert_false(fault_injection_should_fail());
    fault_injection_set_owner(NULL);
    fault_injection_set_countdown(NULL);
}

UNIT_MAIN(cmocka_unit_test(test_off), cmocka_unit_test(test_the_nth_fails),
    cmocka_unit_test(test_every_site_is_visited), cmocka_unit_test(test_others_are_spared),
    cmocka_unit_test(test_everyone_is_counted), cmocka_unit_test(test_a_countdown_ends_once),
    cmocka_unit_test(test_a_countdown_leaves_others_alone))
