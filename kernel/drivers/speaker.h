/*
 * The PC's loudspeaker: one tone at a time.
 */
#ifndef CORRODE_DRIVERS_SPEAKER_H
#define CORRODE_DRIVERS_SPEAKER_H

#include <stdint.h>

/*
 * Sounds for so many nanoseconds from now on, in place of what sounds already; 0 Hz: silence; 0 ns: until further
 * notice. Returns at once. Any context; locks below TIMERS may be held.
 */
void speaker_tone(unsigned hz, uint64_t ns);

#endif
