/*
 * The life of a thread: creation, exit, join, detach, the list of all, and what happens without memory.
 */
#include "crew.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "sched/sched_internal.h"

KTEST_COUNT(threads, thread_count);

static long add_one(void *argument)
{
    return (long)argument + 1;
}

KTEST(thread_join_returns_the_result)
{
    for (long i = 0; i < 100; i++) {
        struct thread *thread = thread_create("adder", add_one, (void *)i);
        if (!KTEST_CHECK(thread != NULL))
            return;
        KTEST_EQUAL(thread_join(thread), i + 1);
    }
}

static __attribute__((noinline)) void leave(unsigned depth)
{
    if (depth == 0)
        thread_exit(42);
    leave(depth - 1);
    ktest_note("%s", "not a tail call");
}

static long leave_deep(void *unused)
{
    leave(20);
    return 0;
}

KTEST(thread_exit_ends_it_anywhere)
{
    struct thread *thread = thread_create("leaver", leave_deep, NULL);
    if (KTEST_CHECK(thread != NULL))
        KTEST_EQUAL(thread_join(thread), 42);
}

static long what_am_i(void *argument)
{
    struct thread *self = thread_current();
    vaddr_t here = (vaddr_t)__builtin_frame_address(0);
    KTEST_CHECK(here > self->stack_base && here < self->stack_base + THREAD_STACK_SIZE);
    KTEST_CHECK(cpu_interrupts_are_on());
    KTEST_EQUAL(this_cpu(preempt_count), 0);
    KTEST_EQUAL(strcmp(self->name, "a name that is "), 0);
    KTEST_EQUAL(self->state, THREAD_RUNNABLE);
    KTEST_CHECK(self->on_cpu && !self->idle);
    *(uint64_t *)argument = self->id;
    return 0;
}

KTEST(thread_begins_as_it_should)
{
    uint64_t first = 0, second = 0;
    struct thread *thread = thread_create("a name that is too long", what_am_i, &first);
    if (KTEST_CHECK(thread != NULL))
        thread_join(thread);
    thread = thread_create("a name that is too long", what_am_i, &second);
    if (KTEST_CHECK(thread != NULL))
        thread_join(thread);
    KTEST_CHECK(first > 0 && second > first);
}

static long set_flag(void *argument)
{
    __atomic_store_n((bool *)argument, true, __ATOMIC_RELEASE);
    return 0;
}

KTEST(thread_created_stopped_waits_for_its_start)
{
    bool ran = false;
    struct thread *thread = thread_create_stopped("later", set_flag, &ran);
    if (!KTEST_CHECK(thread != NULL))
        return;
    thread_set_nice(thread, 7);
    thread_sleep(2 * NS_PER_MS);
    KTEST_CHECK(!__atomic_load_n(&ran, __ATOMIC_ACQUIRE));
    thread_start(thread);
    thread_join(thread);
    KTEST_CHECK(ran);
}

/* Many at once make many, and join them in another order than that of their ends. */
#define STORM_MAKERS 8
#define STORM_ROUNDS 12
#define STORM_BATCH 6

static struct crew_clock torture;

static long short_life(void *argument)
{
    uint32_t chance = (uint32_t)(uintptr_t)argument * 2654435761u | 1;
    crew_spin(crew_random(&chance) % 300);
    if (crew_random(&chance) % 4 == 0)
        thread_yield();
    if (crew_random(&chance) % 16 == 0)
        thread_sleep(crew_random(&chance) % 100000);
    return (long)argument;
}

static long make_many(void *argument)
{
    uint32_t chance = *(uint32_t *)argument;
    for (long round = 0; round < STORM_ROUNDS && crew_clock_runs(&torture); round++) {
        struct thread *batch[STORM_BATCH];
        for (long i = 0; i < STORM_BATCH; i++)
            batch[i] = thread_create("storm", short_life, (void *)(round * STORM_BATCH + i));
        crew_spin(crew_random(&chance) % 1000);
        for (long i = STORM_BATCH - 1; i >= 0; i--)
            if (KTEST_CHECK(batch[i] != NULL))
                KTEST_EQUAL(thread_join(batch[i]), round * STORM_BATCH + i);
    }
    return 1;
}

KTEST(thread_storm_of_joins)
{
    uint32_t seeds[STORM_MAKERS];
    for (uint32_t i = 0; i < STORM_MAKERS; i++)
        seeds[i] = i * 7919 + 1;
    crew_clock_start(&torture);
    KTEST_EQUAL(crew_run(STORM_MAKERS, make_many, seeds, sizeof seeds[0]), STORM_MAKERS);
}

static uint32_t detached_done;

static long detached_life(void *argument)
{
    short_life(argument);
    if ((uintptr_t)argument % 3 == 0)
        thread_detach(thread_current());
    __atomic_fetch_add(&detached_done, 1, __ATOMIC_RELEASE);
    return 0;
}

/* Threads let go before, at and after their end, by themselves or by others. */
KTEST(thread_storm_of_detached)
{
    uint32_t made = 0, chance = 77;
    uint64_t before = thread_count(), deadline = clock_monotonic() + CREW_PATIENCE;
    detached_done = 0;
    crew_clock_start(&torture);
    for (uintptr_t i = 0; i < 300 && crew_clock_runs(&torture); i++) {
        struct thread *thread = thread_create("detached", detached_life, (void *)i);
        if (!thread) {
            thread_sleep(NS_PER_MS);
            continue;
        }
        made++;
        if (i % 3 == 1)
            crew_spin(crew_random(&chance) % 3000);
        if (i % 3 != 0)
            thread_detach(thread);
    }
    KTEST_CHECK(made > 0);
    while ((__atomic_load_n(&detached_done, __ATOMIC_ACQUIRE) < made || thread_count() > before) &&
           clock_monotonic() < deadline)
        thread_sleep(NS_PER_MS);
    KTEST_EQUAL(detached_done, made);
    KTEST_EQUAL(thread_count(), before);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The list
 */

static long wait_for_flag(void *argument)
{
    while (!__atomic_load_n((bool *)argument, __ATOMIC_ACQUIRE))
        thread_sleep(NS_PER_MS / 4);
    return 0;
}

KTEST(thread_list_holds_all)
{
    bool flag = false, found_self = false, found_main = false;
    unsigned idle = 0, found = 0, all = 0;
    struct crew crew;
    crew_start(&crew, 5, wait_for_flag, &flag, 0);
    for (struct thread *thread = thread_next(NULL); thread; thread = thread_next(thread)) {
        all++;
        found_self |= thread == thread_current();
        found_main |= strcmp(thread->name, "main") == 0;
        idle += thread->idle;
        for (unsigned i = 0; i < crew.count; i++)
            found += thread == crew.threads[i];
    }
    KTEST_CHECK(found_self && found_main);
    KTEST_EQUAL(idle, crew_cpus());
    KTEST_EQUAL(found, crew.count);
    KTEST_EQUAL(all, thread_count());
    __atomic_store_n(&flag, true, __ATOMIC_RELEASE);
    crew_join(&crew);
}

static bool list_readers_stop;

static long read_list(void *unused)
{
    long read = 0;
    while (!__atomic_load_n(&list_readers_stop, __ATOMIC_RELAXED)) {
        struct thread *thread = thread_next(NULL);
        for (unsigned i = 0; thread && i < 5; i++) {
            KTEST_CHECK(thread->references > 0 && thread->id > 0);
            thread = thread_next(thread);
            read++;
        }
        thread_put(thread);
        thread_yield();
    }
    return read;
}

/* Readers hold threads that end meanwhile. */
KTEST(thread_list_is_read_while_it_changes)
{
    struct crew readers;
    list_readers_stop = false;
    crew_start(&readers, 3, read_list, NULL, 0);
    crew_clock_start(&torture);
    for (int round = 0; round < 20 && crew_clock_runs(&torture); round++) {
        struct crew crew;
        crew_start(&crew, 4, short_life, NULL, 1);
        crew_join(&crew);
    }
    __atomic_store_n(&list_readers_stop, true, __ATOMIC_RELAXED);
    KTEST_CHECK(crew_join(&readers) > 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Without memory
 */

static int create_and_join(void *unused)
{
    thread_stacks_drain(); /* else there is no need for memory */
    struct thread *thread = thread_create("poor", add_one, (void *)4);
    if (!thread)
        return -ENOMEM;
    return thread_join(thread) == 5 ? 0 : -EINVAL;
}

KTEST(thread_creation_survives_without_memory)
{
    KTEST_EVERY_ALLOCATION(create_and_join, NULL);
}
