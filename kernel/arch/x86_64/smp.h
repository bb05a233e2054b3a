/*
 * The other CPUs: starting them, and asking them to do things.
 *
 * Source: Intel SDM volume 3A, 8.4 (multiple-processor initialisation), and the MultiProcessor Specification 1.4, B.4.
 */
#ifndef CORRODE_ARCH_SMP_H
#define CORRODE_ARCH_SMP_H

#include "arch/x86_64/percpu.h"
#include "boot/protocol.h"

/* A set of CPUs. */
struct cpu_mask {
    uint64_t bits[CPU_MAX / 64];
};
static inline void cpu_mask_add(struct cpu_mask *mask, unsigned cpu)
{
    __atomic_fetch_or(&mask->bits[cpu / 64], 1ull << cpu % 64, __ATOMIC_SEQ_CST);
}
static inline void cpu_mask_remove(struct cpu_mask *mask, unsigned cpu)
{
    __atomic_fetch_and(&mask->bits[cpu / 64], ~(1ull << cpu % 64), __ATOMIC_SEQ_CST);
}
static inline bool cpu_mask_has(const struct cpu_mask *mask, unsigned cpu)
{
    return __atomic_load_n(&mask->bits[cpu / 64], __ATOMIC_RELAXED) >> cpu % 64 & 1;
}

/* CPUs that run the kernel and answer interrupts. */
extern struct cpu_mask cpus_online;

/*
 * Starts every CPU that the MADT lists as enabled; each, when its GDT, paging, APIC and per-CPU data are up, calls
 * `enter` on a stack of its own (its idle thread's, from `stack`), which does not return. A CPU that does not answer is
 * logged and left. Returns how many are online. `maxcpus=N` on the command line leaves the others asleep.
 *
 * CPUs are numbered in the order of the MADT, the boot CPU first. All are started at once, so `enter` runs on several
 * at a time.
 */
struct smp_start {
    vaddr_t (*stack)(unsigned cpu);      /* the top of the stack that CPU starts on; 0: out of memory, leave it */
    void (*release_stack)(unsigned cpu); /* it is not needed: the CPU will not be started */
    void (*prepare)(
        void);           /* on the new CPU, interrupts off, before it counts as online; one at a time; NULL: nothing */
    void (*enter)(void); /* on the new CPU, interrupts off; does not return */
    void *(*allocate)(size_t size); /* zeroed, page-aligned, mapped for ever; NULL: out of memory */
    void (*delay)(uint64_t ns);     /* spins at least so long; also while CPUs are in `prepare` */
};
unsigned smp_start(const struct smp_start *start);

/*
 * Before smp_start: the page below 1 MiB in which the other CPUs begin, in real mode; 0 when there is none. The page
 * allocator leaves that memory alone.
 */
paddr_t smp_choose_page(const struct boot_info *info);

/* Makes CPU look at its need_resched. */
void smp_reschedule(unsigned cpu);

/*
 * Runs function(argument) on CPU, or on every other online CPU, with interrupts off there. Waits until it has run
 * there. Interrupts must be on, and no spin lock held, or two CPUs may wait for each other. The caller's own CPU is
 * left out.
 */
void smp_call(unsigned cpu, void (*function)(void *), void *argument);
void smp_call_others(void (*function)(void *), void *argument);
void smp_call_mask(const struct cpu_mask *mask, void (*function)(void *), void *argument);

/*
 * Runs function(argument) on this CPU, with interrupts off, and on every other if waiting for them is allowed here,
 * that is where interrupts are on: for what helps the more CPUs do it. Any context.
 */
void smp_call_all_if_possible(void (*function)(void *), void *argument);

/*
 * By NMI, for a panic: every other CPU stops for good where it is, even with interrupts off. Waits a moment for them;
 * those that have stopped are no longer in cpus_online.
 */
void smp_stop_others(void);

#endif
