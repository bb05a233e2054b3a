/*
 * Threads for every CPU: see on_cpus.h. They start together: each waits until all are there.
 */
#include "on_cpus.h"

#include "arch/x86_64/smp.h"
#include "sched/sched.h"

static struct {
    void (*function)(unsigned cpu, void *argument);
    void *argument;
    unsigned awaited;
} run;

static long start(void *unused)
{
    __atomic_fetch_sub(&run.awaited, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&run.awaited, __ATOMIC_SEQ_CST) > 0)
        thread_yield();
    run.function(cpu_number(), run.argument);
    return 0;
}

void on_cpus(void (*function)(unsigned cpu, void *argument), void *argument)
{
    on_first_cpus(cpu_count, function, argument);
}

void on_first_cpus(unsigned count, void (*function)(unsigned cpu, void *argument), void *argument)
{
    static struct thread *threads[CPU_MAX];
    run.function = function;
    run.argument = argument;
    run.awaited = 1;
    for (unsigned cpu = 0; cpu < count && cpu < cpu_count; cpu++) {
        threads[cpu] = cpu_mask_has(&cpus_online, cpu) ? thread_create_stopped("on_cpus", start, NULL) : NULL;
        if (!threads[cpu])
            continue;
        thread_bind(threads[cpu], cpu);
        __atomic_fetch_add(&run.awaited, 1, __ATOMIC_SEQ_CST);
        thread_start(threads[cpu]);
    }
    __atomic_fetch_sub(&run.awaited, 1, __ATOMIC_SEQ_CST);
    for (unsigned cpu = 0; cpu < count && cpu < cpu_count; cpu++)
        if (threads[cpu])
            thread_join(threads[cpu]);
}
