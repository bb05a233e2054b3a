/*
 * The ChaCha20 stream: 64 bytes a block, from a key of 32 bytes, a nonce of 12 and a counter.
 *
 *     struct chacha20 stream;
 *     chacha20_init(&stream, key, nonce, 0);
 *     chacha20_block(&stream, block);        as often as needed: each is the next one
 *
 * The state holds the key: whoever has it on the stack wipes it. Source: RFC 8439, 2.3.
 */
#ifndef CORRODE_LIB_CHACHA20_H
#define CORRODE_LIB_CHACHA20_H

#include <stdint.h>

#define CHACHA20_KEY_SIZE 32
#define CHACHA20_NONCE_SIZE 12
#define CHACHA20_BLOCK_SIZE 64

struct chacha20 {
    uint32_t state[16]; /* four constants, eight words of key, the counter, three words of nonce */
};

/* NONCE may be NULL, which stands for zeros: for a key that is used once. */
void chacha20_init(struct chacha20 *stream, const uint8_t *key, const uint8_t *nonce, uint32_t counter);

/* Writes the next block. After block 2^32 - 1 comes block 0 again: take another nonce before. */
void chacha20_block(struct chacha20 *stream, uint8_t *block);

#endif
