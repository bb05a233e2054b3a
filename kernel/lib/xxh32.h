/*
 * XXH32: a checksum of 32 bits that is quick to compute; LZ4's frames have it. With a seed of 0.
 *
 *     struct xxh32 sum;
 *     xxh32_init(&sum);
 *     xxh32_add(&sum, data, size);      any number of times
 *     uint32_t value = xxh32_end(&sum);
 *
 * Source: the xxHash project's doc/xxhash_spec.md.
 */
#ifndef CORRODE_LIB_XXH32_H
#define CORRODE_LIB_XXH32_H

#include "lib/types.h"

#define XXH32_STRIPE 16u

struct xxh32 {
    uint32_t lanes[4];
    uint64_t length;
    uint8_t rest[XXH32_STRIPE]; /* what does not fill a stripe: length % 16 bytes */
};

void xxh32_init(struct xxh32 *sum);
void xxh32_add(struct xxh32 *sum, const void *data, size_t size);
uint32_t xxh32_end(const struct xxh32 *sum);

#endif
