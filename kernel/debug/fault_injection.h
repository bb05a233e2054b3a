/*
 * Fault injection: makes one chosen allocation fail, so that a test can walk through every place that must survive it.
 *
 *     for (uint64_t n = 1;; n++) {
 *         fault_injection_arm(n);
 *         int error = what_is_tested();
 *         if (fault_injection_disarm() < n)
 *             break;                        // it asked for fewer than n: all of them have failed once
 *         KTEST_ASSERT(error == -ENOMEM);   // and nothing has leaked
 *     }
 *
 * The allocators ask fault_injection_should_fail() once a request, and turn a request down when it says so. Only the
 * thread that armed is counted (until there are threads: everyone), and no interrupt that happens to it. One thread at
 * a time may be armed. While none is, the question costs one load and one branch that is always the same.
 *
 * While the kernel starts everyone may be counted: `fail=N` on its command line.
 *
 * A program can ask for the same in debug kernels: its thread has a countdown, which a write to /proc/self/fail-nth
 * sets, as on Linux: the allocation with which it gets to 0 fails, and none after it. What a program's own page faults
 * ask for is not counted, for there is no call that could fail.
 */
#ifndef CORRODE_DEBUG_FAULT_INJECTION_H
#define CORRODE_DEBUG_FAULT_INJECTION_H

#include <stdbool.h>
#include <stdint.h>

/* The Nth allocation of this thread from now on fails, counted from 1; none at all for 0: then it only counts. */
void fault_injection_arm(uint64_t n);

/* The same for everyone: every thread and interrupt, on every CPU. For the start, where nobody else is armed. */
void fault_injection_arm_everyone(uint64_t n);

/* No more failures. Returns how many allocations were asked for since fault_injection_arm, the failed one included. */
uint64_t fault_injection_disarm(void);

/* Who asks? A pointer that is the same for all of a thread, and another, or NULL, for interrupts. For the scheduler. */
void fault_injection_set_owner(const void *(*current)(void));

/*
 * Where is the countdown of whoever asks? NULL: for interrupts. For the scheduler, where threads have one; others may
 * write to it at any time. fault_injection_start_countdowns: from now on they are looked at.
 */
void fault_injection_set_countdown(uint32_t *(*current)(void));
void fault_injection_start_countdowns(void);

/* The current thread's countdown stands still between the two. */
uint32_t fault_injection_pause(void);
void fault_injection_go_on(uint32_t paused);

/* For fault_injection_should_fail, and for allocators, who look before they take a shorter way. Not 0: somebody counts.
 */
extern unsigned fault_injection_armed;
bool fault_injection_count(void);

/* Should the allocator turn this request down? */
static inline bool fault_injection_should_fail(void)
{
    return __builtin_expect(__atomic_load_n(&fault_injection_armed, __ATOMIC_RELAXED), 0) && fault_injection_count();
}

#endif
