/*
 * For tests that want every CPU at once.
 */
#ifndef CORRODE_TESTS_KERNEL_ON_CPUS_H
#define CORRODE_TESTS_KERNEL_ON_CPUS_H

/* Calls function(cpu, argument) on every online CPU, in a thread that is bound to it, and waits for all of them. */
void on_cpus(void (*function)(unsigned cpu, void *argument), void *argument);

/* The same on those with numbers below COUNT. */
void on_first_cpus(unsigned count, void (*function)(unsigned cpu, void *argument), void *argument);

#endif
