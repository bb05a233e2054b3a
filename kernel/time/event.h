/*
 * The next timer interrupt of this CPU: its local APIC's timer, set to go off at a time.
 */
#ifndef CORRODE_TIME_EVENT_H
#define CORRODE_TIME_EVENT_H

#include "lib/types.h"

/*
 * VECTOR_TIMER at, or a little after, clock_monotonic() + NS; it may also come before, for a time that is far away, and
 * then wants to be set again. It replaces what was set. Interrupts must be off.
 */
void event_set(uint64_t ns);

/* On each CPU, the boot CPU first. */
void event_init_cpu(void);

/* Measures how fast the timer counts: on the boot CPU, around some of the work before clock_init. */
void event_measure_begin(void);
void event_measure_end(void);

#endif
