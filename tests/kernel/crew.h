/*
 * A crew: threads that run the same function side by side, for tests of what happens when many do something at once.
 *
 *     struct crew crew;
 *     crew_start(&crew, 8, work, jobs, sizeof jobs[0]);     // thread i gets &jobs[i]
 *     crew_join(&crew);                                     // fails the test when they do not come to their end
 */
#ifndef CORRODE_TESTS_KERNEL_CREW_H
#define CORRODE_TESTS_KERNEL_CREW_H

#include "ktest.h"

#include "sched/sched.h"
#include "time/clock.h"

#define CREW_MAX 256

struct crew {
    unsigned count;
    struct thread **threads; /* until crew_join, which frees them */
};

/* Thread i runs function(arguments + i * size). When memory is short, the test fails and fewer are started. */
bool crew_start(struct crew *crew, unsigned count, long (*function)(void *), void *arguments, size_t size);

/*
 * Waits for all; returns the sum of their results. After CREW_PATIENCE the test fails, saying who hangs, and those who
 * do are left behind: a lost wake-up ends a test, not the run.
 */
#define CREW_PATIENCE (40 * NS_PER_SECOND)
long crew_join(struct crew *crew);

/* Both. */
long crew_run(unsigned count, long (*function)(void *), void *arguments, size_t size);

/* CPUs that take threads. */
unsigned crew_cpus(void);

/* The ID of the Nth of them. */
unsigned crew_cpu(unsigned n);

/*
 * Torture goes on until there have been so many rounds, or so much time has passed: when there are fewer processors
 * than CPUs, a lock whose holder or next waiter is not running can take very long.
 */
#define CREW_TORTURE (300 * NS_PER_MS)
struct crew_clock {
    uint64_t end;
};
static inline void crew_clock_start(struct crew_clock *clock)
{
    clock->end = clock_monotonic() + CREW_TORTURE;
}
static inline bool crew_clock_runs(const struct crew_clock *clock)
{
    return clock_monotonic() < clock->end;
}

/* A cheap generator of numbers that look like chance; *state is not 0. */
static inline uint32_t crew_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Spins for about that many PAUSEs. */
static inline void crew_spin(unsigned pauses)
{
    while (pauses-- > 0)
        cpu_pause();
}

#endif
