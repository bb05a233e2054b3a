/*
 * Crews: see crew.h.
 */
#include "crew.h"

#include "mm/slab.h"

bool crew_start(struct crew *crew, unsigned count, long (*function)(void *), void *arguments, size_t size)
{
    crew->count = 0;
    crew->threads = kmalloc(min_u64(count, CREW_MAX) * sizeof crew->threads[0], 0);
    if (!KTEST_CHECK(crew->threads != NULL))
        return false;
    for (; crew->count < count && crew->count < CREW_MAX; crew->count++) {
        struct thread *thread = thread_create("crew", function, (char *)arguments + crew->count * size);
        if (!KTEST_CHECK(thread != NULL))
            return false;
        crew->threads[crew->count] = thread;
    }
    return KTEST_EQUAL(crew->count, count);
}

static bool ends_in_time(struct thread *thread, uint64_t deadline)
{
    while (!__atomic_load_n(&thread->ended, __ATOMIC_RELAXED)) {
        if (clock_monotonic() > deadline)
            return false;
        thread_sleep(NS_PER_MS / 2);
    }
    return true;
}

long crew_join(struct crew *crew)
{
    long sum = 0;
    uint64_t deadline = clock_monotonic() + CREW_PATIENCE;
    for (unsigned i = 0; i < crew->count; i++) {
        struct thread *thread = crew->threads[i];
        if (ends_in_time(thread, deadline))
            sum += thread_join(thread);
        else
            KTEST_FAIL("thread %u of %u hangs: state %u, place %u, CPU %u, %lu switches", i, crew->count, thread->state,
                thread->place, thread->cpu, thread->switches);
    }
    kfree(crew->threads);
    crew->threads = NULL;
    return sum;
}

long crew_run(unsigned count, long (*function)(void *), void *arguments, size_t size)
{
    struct crew crew;
    crew_start(&crew, count, function, arguments, size);
    return crew_join(&crew);
}

unsigned crew_cpus(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CPU_MAX / 64; i++)
        count += (unsigned)__builtin_popcountll(cpus_online.bits[i]);
    return count;
}

unsigned crew_cpu(unsigned n)
{
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
        if (cpu_mask_has(&cpus_online, cpu) && n-- == 0)
            return cpu;
    return 0;
}
