/*
 * Do the CPUs' time-stamp counters show the same? Each CPU that comes up compares its own with CPU 0's.
 */
#ifndef CORRODE_TIME_SYNC_H
#define CORRODE_TIME_SYNC_H

#include "lib/types.h"

struct sync_offset {
    int64_t cycles; /* what must be added to this CPU's counter to have CPU 0's */
    uint64_t error; /* by how much that may be wrong */
};

/* On another CPU, interrupts off. Waits for CPU 0 to answer, a bounded time; false when it does not. */
bool sync_measure(struct sync_offset *offset);

/* On CPU 0, as often as possible while others come up: answers one that asks, if one does. */
void sync_answer(void);

#endif
