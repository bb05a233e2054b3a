/*
 * Per-CPU variables: each CPU has a copy of its own, which it reaches through its GS base in one instruction.
 *
 *     PER_CPU(unsigned, switches);         defines; `static PER_CPU(...)` inside one file
 *     DECLARE_PER_CPU(unsigned, switches); for a header
 *     this_cpu(switches)++;                the current CPU's: an lvalue
 *     cpu_local(switches, n)               CPU n's: an lvalue
 *     this_cpu_pointer(switches)           the address of the current CPU's copy, valid on every CPU
 *
 * All copies start as zero: initialisers are not allowed. The variables lie together in the section `percpu`, which is
 * itself the boot CPU's copy, so they work from the kernel's first instruction, with a GS base of 0. The other CPUs'
 * copies are allocated before they start (percpu_create). The GS base is a copy's distance from the section, which
 * makes `%gs:variable(%rip)` address the right copy (Intel SDM volume 3A, 3.4.4, "Segment Loading Instructions in
 * IA-32e Mode").
 *
 * One access that compiles to one instruction is always safe. Whatever takes more must not move to another CPU
 * meanwhile: interrupts are off, or preemption is (preempt.h), or the thread is bound to its CPU.
 */
#ifndef CORRODE_ARCH_PERCPU_H
#define CORRODE_ARCH_PERCPU_H

#include "lib/types.h"

#define CPU_MAX 256 /* what the kernel is designed for; more are left asleep */

#define PER_CPU(type, name) __attribute__((section("percpu"))) __typeof__(type) percpu_##name
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) percpu_##name

#define this_cpu(name) (*(__seg_gs __typeof__(percpu_##name) *)(uintptr_t)&percpu_##name)
#define cpu_local(name, cpu) (*(__typeof__(percpu_##name) *)((uintptr_t)&percpu_##name + percpu_offset[cpu]))
#define this_cpu_pointer(name) ((__typeof__(percpu_##name) *)((uintptr_t)&percpu_##name + this_cpu(gs_base)))

/* GS base of each CPU; the boot CPU's is 0. Set by percpu_create, never changed. */
extern uintptr_t percpu_offset[CPU_MAX];

DECLARE_PER_CPU(uintptr_t, gs_base);   /* percpu_offset[cpu_number()] */
DECLARE_PER_CPU(unsigned, cpu_number); /* 0 is the CPU that the machine booted on */

/* How many CPUs have a copy: numbers 0 to cpu_count - 1. 1 until the others are started; never falls. */
extern unsigned cpu_count;

static inline unsigned cpu_number(void)
{
    return this_cpu(cpu_number);
}

/* The bounds of the section, from the linker. */
extern char __start_percpu[], __stop_percpu[];

/* The size of one copy, in bytes. */
size_t percpu_size(void);

/* First thing on the boot CPU: GS base 0. */
void percpu_init(void);

/* Gives CPU a copy: MEMORY is percpu_size() bytes of zeros, cache-line aligned. CPU is the next number (cpu_count). */
void percpu_create(unsigned cpu, void *memory);

/* On the CPU itself, before anything else there: loads its GS base. */
void percpu_load(unsigned cpu);

#endif
