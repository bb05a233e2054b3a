/*
 * The checks of the order of locks (kernel/debug/lock_order.h), through the spin locks that call them: what is in order
 * passes, and everything else panics with a sentence that names the locks.
 */
#include "arch/x86_64/preempt.h"
#include "arch/x86_64/spinlock.h"
#include "debug/lock_order.h"
#include "panic.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static char panicked[512];
static jmp_buf survivor;
static bool under_way;

_Noreturn void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(panicked, sizeof panicked, format, arguments);
    va_end(arguments);
    longjmp(survivor, 1);
}

bool panic_is_under_way(void)
{
    return under_way;
}

static void format_place(char *buffer, size_t size, uintptr_t address)
{
    snprintf(buffer, size, "<place>");
}

/* What STATEMENT panics with; "" if it does not. */
#define PANIC_OF(statement)                                                                                            \
    (panicked[0] = '\0', setjmp(survivor) == 0 ? (void)(statement) : (void)0, (const char *)panicked)

static int setup(void **state)
{
    under_way = false;
    fake_cpu = 0;
    percpu_preempt_count[0] = 0;
    *(struct lock_list *)lock_order_spin_locks() = (struct lock_list){0};
    lock_order_set_symbols(format_place);
    return 0;
}

static void test_in_order(void **state)
{
    struct spinlock a = SPINLOCK_INIT(DEVICE), b = SPINLOCK_INIT(TIMERS), c = SPINLOCK_INIT(CONSOLE);
    for (int i = 0; i < 3; i++) {
        spin_lock(&a);
        spin_lock(&b);
        spin_lock(&c);
        assert_int_equal(lock_order_spin_locks()->count, 3);
        spin_unlock(&b); /* in any order */
        spin_unlock(&c);
        spin_unlock(&a);
        assert_int_equal(lock_order_spin_locks()->count, 0);
    }
}

static void test_out_of_order(void **state)
{
    struct spinlock low = SPINLOCK_INIT(TIMERS), high = SPINLOCK_INIT(PAGES);
    spin_lock(&high);
    const char *text = PANIC_OF(spin_lock(&low));
    char wanted[256];
    snprintf(wanted, sizeof wanted,
        "lock order: TIMERS %p (rank 170) is taken at <place> under PAGES %p (rank 210), taken at <place>",
        (void *)&low, (void *)&high);
    assert_string_equal(text, wanted);
    assert_false(spin_is_locked(&low));
}

/* Not only the last one taken counts. */
static void test_below_an_earlier_one(void **state)
{
    struct spinlock tried = SPINLOCK_INIT(DEVICE), high = SPINLOCK_INIT(PAGES), middle = SPINLOCK_INIT(TIMERS);
    spin_lock(&high);
    assert_true(spin_try_lock(&tried));
    assert_non_null(strstr(PANIC_OF(spin_lock(&middle)), "under PAGES"));
}

static void test_equal_ranks(void **state)
{
    struct spinlock a = SPINLOCK_INIT(RUN_QUEUE), b = SPINLOCK_INIT(RUN_QUEUE), lower = SPINLOCK_INIT(TIMERS);
    spin_lock(&a);
    assert_non_null(strstr(PANIC_OF(spin_lock(&b)), "lock order: RUN_QUEUE"));
    assert_string_equal(PANIC_OF(spin_lock_nested(&b)), "");
    assert_non_null(strstr(PANIC_OF(spin_lock_nested(&lower)), "lock order: TIMERS"));
}

static void test_taken_twice(void **state)
{
    struct spinlock a = SPINLOCK_INIT(DEVICE);
    spin_lock(&a);
    assert_non_null(strstr(PANIC_OF(spin_lock(&a)), "by its holder"));
    assert_non_null(strstr(PANIC_OF(spin_lock_nested(&a)), "by its holder"));
    assert_false(spin_try_lock(&a));
}

static void test_trying_is_free(void **state)
{
    struct spinlock low = SPINLOCK_INIT(DEVICE), high = SPINLOCK_INIT(CONSOLE);
    spin_lock(&high);
    assert_string_equal(PANIC_OF(assert_true(spin_try_lock(&low))), "");
    assert_int_equal(lock_order_spin_locks()->count, 2);
    spin_unlock(&low);
    spin_unlock(&high);
}

static void test_released_by_another(void **state)
{
    struct spinlock a = SPINLOCK_INIT(SLAB);
    assert_non_null(strstr(PANIC_OF(spin_unlock(&a)), "lock order: SLAB"));
    spin_lock(&a);
    fake_cpu = 1;
    assert_non_null(strstr(PANIC_OF(spin_unlock(&a)), "does not hold it"));
    fake_cpu = 0;
    assert_string_equal(PANIC_OF(spin_unlock(&a)), "");
}

static void test_each_cpu_for_itself(void **state)
{
    struct spinlock low = SPINLOCK_INIT(DEVICE), high = SPINLOCK_INIT(CONSOLE);
    spin_lock(&high);
    fake_cpu = 7;
    assert_string_equal(PANIC_OF(spin_lock(&low)), "");
    spin_unlock(&low);
}

static void test_without_a_rank(void **state)
{
    struct spinlock high = SPINLOCK_INIT(CONSOLE), none = {0};
    spin_lock(&high);
    assert_string_equal(PANIC_OF(spin_lock(&none)), "");
    assert_int_equal(lock_order_spin_locks()->count, 1);
    spin_unlock(&none);
    spin_unlock(&high);
}

static void test_too_many(void **state)
{
    struct spinlock locks[LOCK_LIST_MAX + 1];
    for (unsigned i = 0; i < LOCK_LIST_MAX; i++) {
        spin_lock_init(&locks[i], LOCK_RANK_RUN_QUEUE);
        assert_string_equal(PANIC_OF(spin_lock_nested(&locks[i])), "");
    }
    spin_lock_init(&locks[LOCK_LIST_MAX], LOCK_RANK_CONSOLE);
    assert_non_null(strstr(PANIC_OF(spin_lock(&locks[LOCK_LIST_MAX])), "more than 16"));
}

static void test_sleeping(void **state)
{
    struct lock_list mine = {0};
    struct spinlock spin = SPINLOCK_INIT(DEVICE);
    int a, b;
    lock_order_acquire_sleeping(
        NULL, &a, LOCK_RANK_VMAP, LOCK_ORDER_STRICT, __builtin_return_address(0)); /* before there are threads */
    lock_order_release_sleeping(NULL, &a, LOCK_RANK_VMAP);
    assert_string_equal(PANIC_OF(lock_order_may_sleep()), "a thread sleeps with interrupts off");
    fake_interrupts_on = true;
    assert_string_equal(PANIC_OF(lock_order_may_sleep()), "");
    assert_string_equal(PANIC_OF(lock_order_acquire_sleeping(
                            &mine, &a, LOCK_RANK_VMAP, LOCK_ORDER_STRICT, __builtin_return_address(0))),
        "");
    assert_non_null(strstr(PANIC_OF(lock_order_acquire_sleeping(
                               &mine, &b, LOCK_RANK_SUBSYSTEM, LOCK_ORDER_STRICT, __builtin_return_address(0))),
        "lock order: SUBSYSTEM"));
    assert_non_null(strstr(PANIC_OF(lock_order_check_empty(&mine)), "a thread ends and holds VMAP"));
    assert_string_equal(PANIC_OF(lock_order_release_sleeping(&mine, &a, LOCK_RANK_VMAP)), "");
    assert_non_null(strstr(PANIC_OF(lock_order_release_sleeping(&mine, &a, LOCK_RANK_VMAP)), "does not hold it"));
    assert_string_equal(PANIC_OF(lock_order_check_empty(&mine)), "");

    spin_lock(&spin);
    assert_non_null(strstr(PANIC_OF(lock_order_may_sleep()), "holds the spin lock DEVICE"));
    assert_non_null(strstr(PANIC_OF(lock_order_acquire_sleeping(
                               &mine, &a, LOCK_RANK_VMAP, LOCK_ORDER_STRICT, __builtin_return_address(0))),
        "holds the spin lock DEVICE"));
    assert_string_equal(
        PANIC_OF(lock_order_acquire_sleeping(&mine, &a, LOCK_RANK_VMAP, LOCK_ORDER_TRY, __builtin_return_address(0))),
        "");
    spin_unlock(&spin);
    percpu_preempt_count[0] = 1;
    assert_string_equal(PANIC_OF(lock_order_may_sleep()), "a thread sleeps with preemption off");
    fake_interrupts_on = false;
}

static void test_nothing_in_a_panic(void **state)
{
    struct spinlock low = SPINLOCK_INIT(DEVICE), high = SPINLOCK_INIT(CONSOLE);
    spin_lock(&high);
    under_way = true;
    assert_string_equal(PANIC_OF(spin_lock(&low)), "");
    assert_string_equal(PANIC_OF(spin_unlock(&low)), "");
    assert_string_equal(PANIC_OF(lock_order_may_sleep()), "");
}

static void test_names(void **state)
{
    assert_string_equal(lock_rank_name(LOCK_RANK_CONSOLE), "CONSOLE");
    assert_string_equal(lock_rank_name(LOCK_RANK_UNRANKED), "UNRANKED");
    assert_string_equal(lock_rank_name(1), "?");
}

#define TEST(function) cmocka_unit_test_setup(function, setup)
UNIT_MAIN(TEST(test_in_order), TEST(test_out_of_order), TEST(test_below_an_earlier_one), TEST(test_equal_ranks),
    TEST(test_taken_twice), TEST(test_trying_is_free), TEST(test_released_by_another), TEST(test_each_cpu_for_itself),
    TEST(test_without_a_rank), TEST(test_too_many), TEST(test_sleeping), TEST(test_nothing_in_a_panic),
    TEST(test_names))
