/*
 * What the interrupt code and the trap code know of each other.
 */
#ifndef CORRODE_ARCH_INTERRUPT_INTERNAL_H
#define CORRODE_ARCH_INTERRUPT_INTERNAL_H

#include "arch/x86_64/interrupt.h"

/* A vector from TRAP_EXCEPTIONS on has arrived on this CPU; interrupts are off. */
void interrupt_dispatch(unsigned vector);

/* How often each vector has come to each CPU, exceptions too. */
DECLARE_PER_CPU(uint64_t[256], interrupt_counts);
static inline void interrupt_count_up(uint64_t vector)
{
    this_cpu(interrupt_counts)[vector]++;
}

#endif
