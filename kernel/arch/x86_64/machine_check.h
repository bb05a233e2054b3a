/*
 * Machine checks: what the processor does when it finds the hardware broken.
 */
#ifndef CORRODE_ARCH_MACHINE_CHECK_H
#define CORRODE_ARCH_MACHINE_CHECK_H

/* On each CPU, after trap_init: turns the error banks on, and logs what they still hold from before. */
void machine_check_init_cpu(void);

#endif
