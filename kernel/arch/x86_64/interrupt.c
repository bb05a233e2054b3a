/*
 * Interrupts, from their vectors to their handlers: see interrupt.h.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/interrupt_internal.h"
#include "arch/x86_64/trap.h"

PER_CPU(uint64_t[256], interrupt_counts);
static PER_CPU(unsigned, interrupt_depth);

bool interrupt_is_active(void)
{
    return this_cpu(interrupt_depth) != 0;
}

uint64_t interrupt_count(unsigned vector, unsigned cpu)
{
    return __atomic_load_n(&cpu_local(interrupt_counts, cpu)[vector], __ATOMIC_RELAXED);
}

void interrupt_dispatch(unsigned vector)
{
    this_cpu(interrupt_depth)++;
    interrupt_count_up(vector);
    this_cpu(interrupt_depth)--;
}
