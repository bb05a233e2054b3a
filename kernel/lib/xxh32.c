/*
 * XXH32: see xxh32.h.
 */
#include "lib/xxh32.h"

#include "lib/string.h"

#define PRIME1 0x9e3779b1u
#define PRIME2 0x85ebca77u
#define PRIME3 0xc2b2ae3du
#define PRIME4 0x27d4eb2fu
#define PRIME5 0x165667b1u

static uint32_t rotate(uint32_t value, unsigned bits)
{
    return value << bits | value >> (32 - bits);
}

static uint32_t read_word(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static uint32_t mix(uint32_t lane, uint32_t word)
{
    return rotate(lane + word * PRIME2, 13) * PRIME1;
}

void xxh32_init(struct xxh32 *sum)
{
    *sum = (struct xxh32){.lanes = {PRIME1 + PRIME2, PRIME2, 0, 0u - PRIME1}};
}

static void add_stripe(struct xxh32 *sum, const uint8_t *stripe)
{
    for (unsigned i = 0; i < 4; i++)
        sum->lanes[i] = mix(sum->lanes[i], read_word(stripe + 4 * i));
}

void xxh32_add(struct xxh32 *sum, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t have = sum->length % XXH32_STRIPE;
    sum->length += size;
    if (have + size < XXH32_STRIPE) {
        memcpy(sum->rest + have, bytes, size);
        return;
    }
    if (have) {
        memcpy(sum->rest + have, bytes, XXH32_STRIPE - have);
        add_stripe(sum, sum->rest);
        bytes += XXH32_STRIPE - have;
        size -= XXH32_STRIPE - have;
    }
    for (; size >= XXH32_STRIPE; bytes += XXH32_STRIPE, size -= XXH32_STRIPE)
        add_stripe(sum, bytes);
    memcpy(sum->rest, bytes, size);
}

uint32_t xxh32_end(const struct xxh32 *sum)
{
    const uint32_t *lanes = sum->lanes;
    size_t rest = sum->length % XXH32_STRIPE, at = 0;
    uint32_t value = sum->length >= XXH32_STRIPE
                         ? rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18)
                         : PRIME5;
    value += (uint32_t)sum->length;
    for (; at + 4 <= rest; at += 4)
        value = rotate(value + read_word(sum->rest + at) * PRIME3, 17) * PRIME4;
    for (; at < rest; at++)
        value = rotate(value + sum->rest[at] * PRIME5, 11) * PRIME1;
    value = (value ^ value >> 15) * PRIME2;
    value = (value ^ value >> 13) * PRIME3;
    return value ^ value >> 16;
}
