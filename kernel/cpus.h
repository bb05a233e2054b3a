/*
 * What the processor's part of the kernel needs of the parts above it, handed to it while the kernel starts.
 */
#ifndef CORRODE_CPUS_H
#define CORRODE_CPUS_H

/* Memory for floating-point registers, guard pages for fault reports. After vmap_init. */
void cpus_init(void);

/* Starts all other CPUs. After sched_init, with interrupts on. */
void cpus_start(void);

#endif
