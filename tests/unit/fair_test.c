/*
 * Fair shares (kernel/sched/fair.c): a simulated CPU that always runs who comes first, looked at from outside: are the
 * shares in proportion to the weights, and can anyone cheat?
 */
#include "sched/fair.h"
#include "tests/unit/unit.h"

#include <stdbool.h>
#include <string.h>

#define MS 1000000ull

struct machine {
    struct fair_queue queue;
    struct fair_entity *running;
    uint64_t ran; /* of its slice */
};

struct task {
    struct fair_entity fair;
    uint64_t run_time;
};

static void add(struct machine *machine, struct task *task, int nice)
{
    memset(task, 0, sizeof *task);
    fair_set_nice(NULL, &task->fair, nice);
    fair_import(&machine->queue, &task->fair);
    fair_join(&machine->queue, &task->fair);
}

/* Lets the machine run for NS in steps; the running one goes on until its slice is over and another has had less. */
static void run(struct machine *machine, uint64_t ns, uint64_t step)
{
    for (uint64_t passed = 0; passed < ns; passed += step) {
        if (!machine->running) {
            machine->running = fair_first(&machine->queue);
            fair_run(&machine->queue, machine->running);
            machine->ran = 0;
        }
        fair_account(&machine->queue, machine->running, step);
        container_of(machine->running, struct task, fair)->run_time += step;
        machine->ran += step;
        if (machine->ran >= fair_slice(&machine->queue, machine->running)) {
            fair_wait(&machine->queue, machine->running);
            machine->running = NULL;
        }
    }
}

static void stop_running(struct machine *machine)
{
    if (machine->running)
        fair_leave_running(&machine->queue, machine->running);
    machine->running = NULL;
}

static bool is_about(uint64_t a, uint64_t b, unsigned percent)
{
    return a * 100 <= b * (100 + percent) && b * (100 - percent) <= a * 100;
}

static void test_weights(void **state)
{
    assert_int_equal(fair_weight(0), 1024);
    for (int nice = NICE_MIN; nice < NICE_MAX; nice++) {
        /* One step is a factor of 1.25, as well as whole numbers can say it. */
        uint64_t more = fair_weight(nice) * 4ull, less = fair_weight(nice + 1) * 5ull;
        assert_true(more > less ? more - less <= 5 : less - more <= 5);
    }
    assert_int_equal(fair_weight(-100), fair_weight(NICE_MIN));
    assert_int_equal(fair_weight(100), fair_weight(NICE_MAX));
}

static void test_virtual_time(void **state)
{
    for (int nice = NICE_MIN; nice <= NICE_MAX; nice++) {
        struct fair_entity entity = {0};
        fair_set_nice(NULL, &entity, nice);
        uint64_t day = 86400 * 1000 * MS;
        assert_true(is_about(fair_virtual(&entity, MS), MS * 1024 / entity.weight, 1));
        assert_true(is_about(fair_virtual(&entity, day), day / entity.weight * 1024, 1));
    }
    assert_true(fair_before(UINT64_MAX, 0));
    assert_false(fair_before(0, UINT64_MAX));
    assert_false(fair_before(7, 7));
}

static void test_equals_get_equal_shares(void **state)
{
    struct machine machine = {0};
    struct task tasks[7];
    for (int i = 0; i < 7; i++)
        add(&machine, &tasks[i], 0);
    assert_int_equal(machine.queue.count, 7);
    assert_int_equal(machine.queue.weight, 7 * 1024);
    run(&machine, 7000 * MS, MS / 4);
    for (int i = 0; i < 7; i++)
        assert_true(is_about(tasks[i].run_time, 1000 * MS, 1));
}

static void test_shares_follow_the_weights(void **state)
{
    static const int nices[] = {-20, -5, 0, 0, 3, 10, 19};
    struct machine machine = {0};
    struct task tasks[ARRAY_LENGTH(nices)];
    uint64_t weight = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(nices); i++) {
        add(&machine, &tasks[i], nices[i]);
        weight += fair_weight(nices[i]);
    }
    assert_int_equal(machine.queue.weight, weight);
    run(&machine, 100000 * MS, MS / 4);
    for (size_t i = 0; i < ARRAY_LENGTH(nices); i++)
        assert_true(is_about(tasks[i].run_time, 100000 * MS / weight * fair_weight(nices[i]), 10));
}

static void test_order_of_equals_is_that_of_coming(void **state)
{
    struct machine machine = {0};
    struct task tasks[10];
    for (int i = 0; i < 10; i++)
        add(&machine, &tasks[i], 0);
    for (int i = 0; i < 10; i++) {
        assert_ptr_equal(fair_first(&machine.queue), &tasks[i].fair);
        fair_leave(&machine.queue, &tasks[i].fair);
    }
    assert_null(fair_first(&machine.queue));
    assert_int_equal(machine.queue.count, 0);
    assert_int_equal(machine.queue.weight, 0);
}

/* Who sleeps for a minute gets the CPU at once, but not for a minute. */
static void test_sleep_is_no_savings_account(void **state)
{
    struct machine machine = {0};
    struct task worker, sleeper;
    add(&machine, &sleeper, 0);
    run(&machine, 10 * MS, MS / 4);
    stop_running(&machine);
    add(&machine, &worker, 0);
    run(&machine, 60001 * MS, MS); /* in the middle of a slice */
    fair_place_woken(&machine.queue, &sleeper.fair);
    fair_join(&machine.queue, &sleeper.fair);
    uint64_t worker_before = worker.run_time, sleeper_before = sleeper.run_time;
    assert_non_null(machine.running);
    assert_true(fair_preempts(&sleeper.fair, machine.running));
    run(&machine, 100 * MS, MS / 4);
    uint64_t more = sleeper.run_time - sleeper_before, less = worker.run_time - worker_before;
    assert_true(more >= less);
    assert_true(more <= less + FAIR_PERIOD);
}

/* Who has used the CPU up to now and sleeps for a moment does not gain by it. */
static void test_short_sleep_changes_nothing(void **state)
{
    struct fair_queue queue = {.minimum = 1000 * MS};
    struct fair_entity entity = {0};
    fair_set_nice(&queue, &entity, 0);
    entity.virtual_time = queue.minimum + 5 * MS;
    fair_place_woken(&queue, &entity);
    assert_int_equal(entity.virtual_time, 1005 * MS);
}

static void test_minimum_never_goes_back(void **state)
{
    struct machine machine = {0};
    struct task tasks[5];
    uint64_t minimum = 0;
    machine.queue.minimum = minimum = (uint64_t)-3 * MS; /* it wraps on the way */
    for (int i = 0; i < 5; i++)
        add(&machine, &tasks[i], i * 4 - 8);
    for (int round = 0; round < 2000; round++) {
        run(&machine, (uint64_t)(round % 7) * MS, MS / 2);
        if (round % 3 == 0) {
            struct fair_entity *first = fair_first(&machine.queue);
            fair_leave(&machine.queue, first);
            if (round % 2)
                first->virtual_time -= 50 * MS;
            fair_place_woken(&machine.queue, first);
            fair_join(&machine.queue, first);
        }
        assert_false(fair_before(machine.queue.minimum, minimum));
        minimum = machine.queue.minimum;
    }
    assert_true(minimum < UINT64_MAX / 2);
}

static void test_move_keeps_the_lead(void **state)
{
    struct fair_queue from = {.minimum = 123 * MS}, to = {.minimum = 7000 * MS};
    struct fair_entity entity = {.virtual_time = 125 * MS};
    fair_export(&from, &entity);
    fair_import(&to, &entity);
    assert_int_equal(entity.virtual_time, 7002 * MS);
}

static void test_slices(void **state)
{
    struct machine machine = {0};
    struct task tasks[20];
    add(&machine, &tasks[0], 0);
    fair_run(&machine.queue, &tasks[0].fair);
    add(&machine, &tasks[1], 0);
    assert_int_equal(fair_slice(&machine.queue, &tasks[0].fair), FAIR_PERIOD / 2);
    for (int i = 2; i < 20; i++)
        add(&machine, &tasks[i], 0);
    assert_int_equal(fair_slice(&machine.queue, &tasks[0].fair), FAIR_SLICE_MIN);
    fair_set_nice(&machine.queue, &tasks[0].fair, -20);
    assert_true(fair_slice(&machine.queue, &tasks[0].fair) > FAIR_PERIOD / 2);
    assert_int_equal(machine.queue.weight, 19 * 1024 + fair_weight(-20));
}

static void test_wake_up_margin(void **state)
{
    struct fair_entity running = {0}, woken = {0};
    fair_set_nice(NULL, &running, 0);
    fair_set_nice(NULL, &woken, 0);
    running.virtual_time = 100 * MS;
    woken.virtual_time = running.virtual_time;
    assert_false(fair_preempts(&woken, &running));
    woken.virtual_time = running.virtual_time - FAIR_WAKE_MARGIN;
    assert_false(fair_preempts(&woken, &running));
    woken.virtual_time -= 1;
    assert_true(fair_preempts(&woken, &running));
    fair_set_nice(NULL, &woken, 19); /* the unimportant must be further ahead */
    assert_false(fair_preempts(&woken, &running));
}

UNIT_MAIN(cmocka_unit_test(test_weights), cmocka_unit_test(test_virtual_time),
    cmocka_unit_test(test_equals_get_equal_shares), cmocka_unit_test(test_shares_follow_the_weights),
    cmocka_unit_test(test_order_of_equals_is_that_of_coming), cmocka_unit_test(test_sleep_is_no_savings_account),
    cmocka_unit_test(test_short_sleep_changes_nothing), cmocka_unit_test(test_minimum_never_goes_back),
    cmocka_unit_test(test_move_keeps_the_lead), cmocka_unit_test(test_slices), cmocka_unit_test(test_wake_up_margin))
