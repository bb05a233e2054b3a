/*
 * Work queues: everything queued runs once, nothing cancelled runs afterwards.
 */
#include "crew.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sched/mutex.h"
#include "sched/work.h"

#define ITEMS 32
#define ROUNDS 300

struct item {
    struct work work;
    uint32_t runs, running;
    uint32_t dead; /* it must not run now */
    uint32_t chance;
    unsigned cpu;
};

static struct item items[ITEMS];

static void run_item(struct work *work)
{
    struct item *item = container_of(work, struct item, work);
    if (__atomic_fetch_add(&item->running, 1, __ATOMIC_SEQ_CST) != 0)
        KTEST_FAIL("an item runs twice at a time");
    if (__atomic_load_n(&item->dead, __ATOMIC_SEQ_CST))
        KTEST_FAIL("an item runs that was cancelled");
    item->cpu = cpu_number();
    switch (crew_random(&item->chance) % 16) {
    case 0: thread_sleep(crew_random(&item->chance) % (20 * NS_PER_US)); break;
    case 1: thread_yield(); break;
    case 2: crew_spin(100); break;
    default: break;
    }
    if (__atomic_load_n(&item->dead, __ATOMIC_SEQ_CST))
        KTEST_FAIL("an item still runs that was cancelled");
    __atomic_fetch_add(&item->runs, 1, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&item->running, 1, __ATOMIC_SEQ_CST);
}

static void init_items(void)
{
    memset(items, 0, sizeof items);
    for (uint32_t i = 0; i < ITEMS; i++) {
        work_init(&items[i].work, run_item);
        items[i].chance = i + 1;
    }
}

KTEST(work_runs_once_for_each_time_it_is_queued)
{
    init_items();
    for (unsigned i = 0; i < ITEMS; i++)
        KTEST_CHECK(work_queue_add(NULL, &items[i].work));
    work_queue_flush(NULL);
    for (unsigned i = 0; i < ITEMS; i++)
        KTEST_EQUAL(items[i].runs, 1);
}

KTEST(work_runs_on_the_cpu_that_queued_it)
{
    struct cpu_mask all;
    init_items();
    for (unsigned i = 0; i < crew_cpus() && i < ITEMS; i++) {
        thread_bind(thread_current(), crew_cpu(i));
        work_queue_add(NULL, &items[i].work);
    }
    memset(&all, 0xff, sizeof all);
    thread_set_allowed(thread_current(), &all);
    work_queue_flush(NULL);
    for (unsigned i = 0; i < crew_cpus() && i < ITEMS; i++)
        KTEST_EQUAL(items[i].cpu, crew_cpu(i));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Torture
 */

static struct work_queue *target;
static struct crew_clock torture;

static long add_at_random(void *argument)
{
    uint32_t chance = *(uint32_t *)argument;
    long added = 0;
    for (unsigned i = 0; i < 4 * ROUNDS && crew_clock_runs(&torture); i++) {
        added += work_queue_add(target, &items[crew_random(&chance) % ITEMS].work);
        if (crew_random(&chance) % 64 == 0)
            work_queue_flush(target);
        if (crew_random(&chance) % 16 == 0)
            thread_yield();
    }
    return added;
}

static void queue_torture(void)
{
    uint32_t seeds[8], runs = 0;
    init_items();
    for (uint32_t i = 0; i < ARRAY_LENGTH(seeds); i++)
        seeds[i] = i * 65537 + 3;
    crew_clock_start(&torture);
    long added = crew_run(ARRAY_LENGTH(seeds), add_at_random, seeds, sizeof seeds[0]);
    work_queue_flush(target);
    for (unsigned i = 0; i < ITEMS; i++)
        runs += items[i].runs;
    KTEST_EQUAL(runs, added);
}

KTEST(work_torture_of_the_shared_queue)
{
    target = NULL;
    queue_torture();
}

KTEST(work_torture_of_an_own_queue)
{
    target = work_queue_create("torture", 1);
    if (!KTEST_CHECK(target != NULL))
        return;
    queue_torture();
    work_queue_destroy(target);
}

static struct {
    struct delayed_work delayed;
    struct item item;
    uint32_t again; /* queue it again from its function */
} late;

static uint32_t others_stop;

static long add_against_cancel(void *argument)
{
    uint32_t chance = *(uint32_t *)argument;
    while (!__atomic_load_n(&others_stop, __ATOMIC_RELAXED)) {
        work_queue_add(NULL, &items[crew_random(&chance) % ITEMS].work);
        if (crew_random(&chance) % 8 == 0)
            thread_yield();
    }
    return 1;
}

/* Others queue the items all the time; after a cancel, and until they are told of the next round, none may run. */
KTEST(work_cancel_races_with_adding)
{
    uint32_t seeds[4] = {1, 22, 333, 4444}, chance = 5;
    struct crew crew;
    init_items();
    crew_clock_start(&torture);
    for (unsigned round = 0; round < 40 && crew_clock_runs(&torture); round++) {
        others_stop = 0;
        crew_start(&crew, ARRAY_LENGTH(seeds), add_against_cancel, seeds, sizeof seeds[0]);
        for (unsigned i = 0; i < 20; i++)
            work_cancel(&items[crew_random(&chance) % ITEMS].work);
        __atomic_store_n(&others_stop, 1, __ATOMIC_RELAXED);
        KTEST_EQUAL(crew_join(&crew), ARRAY_LENGTH(seeds));
        for (unsigned i = 0; i < ITEMS; i++) {
            work_cancel(&items[i].work);
            __atomic_store_n(&items[i].dead, 1, __ATOMIC_SEQ_CST);
        }
        crew_spin(crew_random(&chance) % 500);
        for (unsigned i = 0; i < ITEMS; i++) {
            KTEST_EQUAL(items[i].running, 0);
            __atomic_store_n(&items[i].dead, 0, __ATOMIC_SEQ_CST);
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Delayed work
 */

static uint64_t late_ran_at;

static void run_late(struct work *work)
{
    struct delayed_work *delayed = container_of(work, struct delayed_work, work);
    if (__atomic_load_n(&late.item.dead, __ATOMIC_SEQ_CST))
        KTEST_FAIL("delayed work runs that was cancelled");
    late_ran_at = clock_monotonic();
    __atomic_fetch_add(&late.item.runs, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&late.again, __ATOMIC_RELAXED))
        work_queue_add_delayed(NULL, delayed, late.again);
}

static void init_late(void)
{
    memset(&late, 0, sizeof late);
    delayed_work_init(&late.delayed, run_late);
}

KTEST(work_delayed_is_never_early)
{
    init_late();
    for (uint64_t ns = 0; ns < 3 * NS_PER_MS; ns += 400 * NS_PER_US) {
        uint64_t due = clock_monotonic() + ns, deadline = due + CREW_PATIENCE;
        uint32_t runs = __atomic_load_n(&late.item.runs, __ATOMIC_SEQ_CST);
        KTEST_CHECK(work_queue_add_delayed(NULL, &late.delayed, ns));
        while (__atomic_load_n(&late.item.runs, __ATOMIC_SEQ_CST) == runs && clock_monotonic() < deadline)
            thread_sleep(50 * NS_PER_US);
        KTEST_EQUAL(late.item.runs, runs + 1);
        KTEST_CHECK(late_ran_at >= due);
    }
    work_queue_flush(NULL);
}

KTEST(work_delayed_is_queued_once)
{
    init_late();
    KTEST_CHECK(work_queue_add_delayed(NULL, &late.delayed, 100 * NS_PER_SECOND));
    KTEST_CHECK(!work_queue_add_delayed(NULL, &late.delayed, 0));
    KTEST_CHECK(delayed_work_cancel(&late.delayed));
    KTEST_CHECK(!delayed_work_cancel(&late.delayed));
    KTEST_EQUAL(late.item.runs, 0);
}

KTEST(work_delayed_that_repeats_itself_is_cancelled)
{
    uint32_t chance = 99;
    crew_clock_start(&torture);
    for (unsigned round = 0; round < ROUNDS && crew_clock_runs(&torture); round++) {
        init_late();
        late.again = 1 + crew_random(&chance) % (20 * NS_PER_US);
        work_queue_add_delayed(NULL, &late.delayed, crew_random(&chance) % (20 * NS_PER_US));
        if (round % 3 == 0)
            thread_sleep(crew_random(&chance) % (100 * NS_PER_US));
        else
            crew_spin(crew_random(&chance) % 1000);
        delayed_work_cancel(&late.delayed);
        __atomic_store_n(&late.item.dead, 1, __ATOMIC_SEQ_CST);
        crew_spin(100);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Own queues
 */

#define PARALLEL 4

static uint32_t together;

static void meet(struct work *work)
{
    uint64_t deadline = clock_monotonic() + CREW_PATIENCE;
    __atomic_fetch_add(&together, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&together, __ATOMIC_SEQ_CST) < PARALLEL && clock_monotonic() < deadline)
        thread_sleep(20 * NS_PER_US);
}

/* Items that wait for each other: only as many workers can run them. */
KTEST(work_workers_of_a_queue_work_side_by_side)
{
    struct work works[PARALLEL];
    struct work_queue *queue = work_queue_create("parallel", PARALLEL);
    if (!KTEST_CHECK(queue != NULL))
        return;
    together = 0;
    for (unsigned i = 0; i < PARALLEL; i++) {
        work_init(&works[i], meet);
        work_queue_add(queue, &works[i]);
    }
    uint64_t start = clock_monotonic();
    work_queue_flush(queue);
    KTEST_CHECK(clock_monotonic() - start < CREW_PATIENCE);
    KTEST_EQUAL(together, PARALLEL);
    work_queue_destroy(queue);
}

struct self_freeing {
    struct work work;
    uint32_t *done;
};

static void free_self(struct work *work)
{
    struct self_freeing *self = container_of(work, struct self_freeing, work);
    __atomic_fetch_add(self->done, 1, __ATOMIC_SEQ_CST);
    kfree(self);
}

KTEST(work_may_free_itself_and_the_queue_runs_all_before_its_end)
{
    uint32_t done = 0, queued = 0;
    struct work_queue *queue = work_queue_create("last", 2);
    if (!KTEST_CHECK(queue != NULL))
        return;
    for (unsigned i = 0; i < 100; i++) {
        struct self_freeing *self = kmalloc(sizeof *self, 0);
        if (!KTEST_CHECK(self != NULL))
            break;
        work_init(&self->work, free_self);
        self->done = &done;
        queued += work_queue_add(queue, &self->work);
    }
    work_queue_destroy(queue);
    KTEST_EQUAL(done, queued);
}

static int create_and_destroy(void *unused)
{
    struct work_queue *queue = work_queue_create("poor", 3);
    if (!queue)
        return -ENOMEM;
    work_queue_destroy(queue);
    return 0;
}

KTEST(work_queue_creation_survives_without_memory)
{
    KTEST_EVERY_ALLOCATION(create_and_destroy, NULL);
}
