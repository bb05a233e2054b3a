/*
 * Per-CPU copies: see percpu.h. The section's bounds come from the linker, which makes __start_ and __stop_ symbols for
 * every section whose name is a C identifier.
 */
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/cpu.h"

uintptr_t percpu_offset[CPU_MAX];
unsigned cpu_count = 1;
PER_CPU(uintptr_t, gs_base);
PER_CPU(unsigned, cpu_number);

size_t percpu_size(void)
{
    return (size_t)(__stop_percpu - __start_percpu);
}

void percpu_init(void)
{
    cpu_write_msr(MSR_GS_BASE, 0);
}

void percpu_create(unsigned cpu, void *memory)
{
    percpu_offset[cpu] = (uintptr_t)memory - (uintptr_t)__start_percpu;
    cpu_local(gs_base, cpu) = percpu_offset[cpu];
    cpu_local(cpu_number, cpu) = cpu;
    __atomic_store_n(&cpu_count, cpu + 1, __ATOMIC_RELEASE);
}

void percpu_load(unsigned cpu)
{
    cpu_write_msr(MSR_GS_BASE, percpu_offset[cpu]);
}
