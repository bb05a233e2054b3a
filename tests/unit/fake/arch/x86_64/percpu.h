/*
 * Per-CPU variables for unit tests, in place of kernel/arch/x86_64/percpu.h: each is an array, and each thread of the
 * host says which CPU it plays (fake_cpu, 0 at first).
 */
#ifndef CORRODE_ARCH_PERCPU_H
#define CORRODE_ARCH_PERCPU_H

#include "lib/types.h"

#define CPU_MAX 256

extern _Thread_local unsigned fake_cpu;
extern unsigned cpu_count;

#define PER_CPU(type, name) __typeof__(type) percpu_##name[CPU_MAX]
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) percpu_##name[CPU_MAX]

#define this_cpu(name) (percpu_##name[fake_cpu])
#define cpu_local(name, cpu) (percpu_##name[cpu])
#define this_cpu_pointer(name) (&percpu_##name[fake_cpu])

static inline unsigned cpu_number(void)
{
    return fake_cpu;
}

#endif
