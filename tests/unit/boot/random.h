/*
 * Random numbers that are the same on every run: xorshift64* (G. Marsaglia, "Xorshift RNGs", 2003; S. Vigna, 2014).
 */
#ifndef CORRODE_TESTS_BOOT_RANDOM_H
#define CORRODE_TESTS_BOOT_RANDOM_H

#include <stdint.h>

struct random {
    uint64_t state; /* the seed; not 0 */
};

static inline uint64_t random_next(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * 0x2545f4914f6cdd1dull;
}

/* Below LIMIT, which is not 0. */
static inline uint64_t random_below(struct random *random, uint64_t limit)
{
    return random_next(random) % limit;
}

#endif
