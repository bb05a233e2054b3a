/*
 * Timers that correct the clock, and keep it going: see upkeep.c.
 */
#ifndef CORRODE_TIME_UPKEEP_H
#define CORRODE_TIME_UPKEEP_H

/* Once the boot CPU's timers work. */
void upkeep_start(void);

/* Another source has become the clock. */
void upkeep_clock_changed(void);

#endif
