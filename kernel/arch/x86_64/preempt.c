/*
 * Where a delayed preemption happens: see preempt.h.
 */
#include "arch/x86_64/preempt.h"
#include "arch/x86_64/io.h"

PER_CPU(unsigned, preempt_count);
PER_CPU(bool, need_resched);
void (*preempt_hook)(void);

void preempt_now(void)
{
    if (preempt_hook && this_cpu(preempt_count) == 0 && cpu_interrupts_are_on())
        preempt_hook();
}
