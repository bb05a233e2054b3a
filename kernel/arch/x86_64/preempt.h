/*
 * Preemption: when another thread may take the CPU from the one that runs.
 *
 * An interrupt that wakes a thread sets `need_resched`. The switch happens at the next moment when interrupts are on
 * and preempt_count is 0: on the way out of the interrupt, or in preempt_enable or spin_unlock, whichever lets it
 * through. So code with interrupts off (every holder of a spin lock) is never preempted, and preempt_disable is for
 * those who need to stay on their CPU and yet take interrupts.
 */
#ifndef CORRODE_ARCH_PREEMPT_H
#define CORRODE_ARCH_PREEMPT_H

#include "arch/x86_64/percpu.h"

DECLARE_PER_CPU(unsigned, preempt_count); /* how many preempt_disable are open on this CPU */
DECLARE_PER_CPU(bool, need_resched);      /* a better thread waits for this CPU */

/* Calls what the scheduler gave: switches threads if that is allowed here. NULL until it runs. */
extern void (*preempt_hook)(void);
void preempt_now(void);

static inline void preempt_disable(void)
{
    this_cpu(preempt_count)++;
    __asm__ volatile("" : : : "memory");
}

static inline void preempt_enable(void)
{
    __asm__ volatile("" : : : "memory");
    this_cpu(preempt_count)--;
    if (__builtin_expect(this_cpu(need_resched), 0))
        preempt_now();
}

#endif
