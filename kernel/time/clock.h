/*
 * Clocks: what time it is, and how fast the machine's own counters run.
 *
 * The time-stamp counter is the clock where it is fit for it; its rate comes from CPUID or a hypervisor where they tell
 * it, else it is measured against HPET, ACPI PM timer or PIT while the kernel starts (the measurement is two
 * readings around work that is done anyway), and refined later. Without a fit counter the HPET or PM timer is the
 * clock.
 *
 * Source: Intel SDM volume 3B, 18.17 (time-stamp counter); IA-PC HPET 1.0a; ACPI 6.5, 4.8.3.3 (PM timer); kvmclock:
 * Linux Documentation/virt/kvm/x86/msr.rst; MC146818A data sheet (RTC).
 */
#ifndef CORRODE_TIME_CLOCK_H
#define CORRODE_TIME_CLOCK_H

#include "lib/types.h"

#define NS_PER_SECOND 1000000000ull
#define NS_PER_MS 1000000ull
#define NS_PER_US 1000ull

/* Nanoseconds since clock_init_early; never goes back, the same on every CPU. Any context, NMI too; 0 before
 * clock_init. */
uint64_t clock_monotonic(void);

/* Nanoseconds since 1970-01-01 00:00 UTC. */
uint64_t clock_wall(void);
void clock_set_wall(uint64_t ns);

/* Spins at least so long; before clock_init too (PIT or a guess on the long side). */
void clock_delay(uint64_t ns);

uint64_t clock_tsc_hz(void);  /* 0: not known */
const char *clock_name(void); /* of the source in use: "tsc", "hpet", "acpi_pm" */

/* Cycle-level measuring: how long a difference of the time-stamp counter is, in nanoseconds. */
uint64_t clock_tsc_to_ns(uint64_t cycles);

/*
 * First reading, after acpi_init and vmap_init. From here on clock_monotonic counts where the machine has an HPET or PM
 * timer; it stays 0 otherwise. Sets log_set_clock.
 */
void clock_init_early(void);
void clock_init(void); /* second reading, after timers_init_early: from here on the clocks are right */

/*
 * On each other CPU, before it runs anything: compares its counter with CPU 0's, and corrects it, or gives the counter
 * up as the clock. Meanwhile CPU 0 must be in clock_delay_serving, which is clock_delay for those who wait for a CPU.
 */
void clock_init_cpu(void);
void clock_delay_serving(uint64_t ns);

#endif
