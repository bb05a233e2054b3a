/*
 * Turning counts into nanoseconds and back, by a multiplication and a shift.
 *
 * A factor is nanoseconds a count (or counts a nanosecond) as a fixed-point number with SCALE_SHIFT bits after the
 * point. The product has 128 bits, so no length of time that a 64-bit number of nanoseconds can hold (584 years)
 * overflows. 48 bits leave 16 before the point: counters from 15.3 kHz up. The error of a factor is below 2^-48 ns a
 * count, which at 1 GHz is 0.1 ms a year.
 */
#ifndef CORRODE_TIME_SCALE_H
#define CORRODE_TIME_SCALE_H

#include "lib/types.h"

#define SCALE_SHIFT 48
#define SCALE_MIN_HZ 20000ull
#define SCALE_MAX_HZ 20000000000ull

/* count * factor, without the fraction. UINT64_MAX where that does not fit. */
static inline uint64_t scale(uint64_t count, uint64_t factor)
{
    unsigned __int128 product = (unsigned __int128)count * factor;
    return product >> (64 + SCALE_SHIFT) ? UINT64_MAX : (uint64_t)(product >> SCALE_SHIFT);
}

/* The same for what is known to fit. */
static inline uint64_t scale_short(uint64_t count, uint64_t factor)
{
    return (uint64_t)((unsigned __int128)count * factor >> SCALE_SHIFT);
}

/*
 * a * b / divisor, rounded down, UINT64_MAX where that does not fit. For setting up: it divides bit by bit, because the
 * kernel has no library that divides 128 bits.
 */
static inline uint64_t scale_ratio(uint64_t a, uint64_t b, uint64_t divisor)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    uint64_t low = (uint64_t)product;
    unsigned __int128 rest = product >> 64;
    if (rest >= divisor)
        return UINT64_MAX;
    uint64_t quotient = 0;
    for (int bit = 63; bit >= 0; bit--) {
        rest = rest << 1 | (low >> bit & 1);
        quotient <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    return quotient;
}

/* The factor for a counter of HZ (SCALE_MIN_HZ to SCALE_MAX_HZ), to nanoseconds; and from nanoseconds to its counts. */
static inline uint64_t scale_to_ns(uint64_t hz)
{
    return scale_ratio(1000000000, 1ull << SCALE_SHIFT, hz);
}
static inline uint64_t scale_from_ns(uint64_t hz)
{
    return scale_ratio(hz, 1ull << SCALE_SHIFT, 1000000000);
}

#endif
