/*
 * The ChaCha20 block function: see chacha20.h. Words are little-endian, as RFC 8439 has it and as every processor that
 * this is compiled for has them in memory. It takes the same time whatever the key is: additions, rotations and XOR
 * alone.
 */
#include "lib/chacha20.h"
#include "lib/string.h"

static inline uint32_t rotate(uint32_t n, unsigned by)
{
    return n << by | n >> (32 - by);
}

#define QUARTER_ROUND(a, b, c, d)                                                                                      \
    do {                                                                                                               \
        x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 16);                                                                  \
        x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 12);                                                                  \
        x[a] += x[b], x[d] = rotate(x[d] ^ x[a], 8);                                                                   \
        x[c] += x[d], x[b] = rotate(x[b] ^ x[c], 7);                                                                   \
    } while (0)

void chacha20_init(struct chacha20 *stream, const uint8_t *key, const uint8_t *nonce, uint32_t counter)
{
    memcpy(stream->state, "expand 32-byte k", 16);
    memcpy(stream->state + 4, key, CHACHA20_KEY_SIZE);
    stream->state[12] = counter;
    if (nonce != NULL)
        memcpy(stream->state + 13, nonce, CHACHA20_NONCE_SIZE);
    else
        memset(stream->state + 13, 0, CHACHA20_NONCE_SIZE);
}

void chacha20_block(struct chacha20 *stream, uint8_t *block)
{
    uint32_t x[16];
    memcpy(x, stream->state, sizeof x);
    for (unsigned i = 0; i < 10; i++) {
        QUARTER_ROUND(0, 4, 8, 12);
        QUARTER_ROUND(1, 5, 9, 13);
        QUARTER_ROUND(2, 6, 10, 14);
        QUARTER_ROUND(3, 7, 11, 15);
        QUARTER_ROUND(0, 5, 10, 15);
        QUARTER_ROUND(1, 6, 11, 12);
        QUARTER_ROUND(2, 7, 8, 13);
        QUARTER_ROUND(3, 4, 9, 14);
    }
    for (unsigned i = 0; i < 16; i++)
        x[i] += stream->state[i];
    memcpy(block, x, sizeof x);
    stream->state[12]++;
}
