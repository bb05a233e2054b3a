/*
 * The hash BLAKE2s: up to 32 bytes from any number of bytes, with or without a key.
 *
 *     struct blake2s hash;
 *     blake2s_init(&hash, 32, NULL, 0);
 *     blake2s_update(&hash, data, size);     any number of times
 *     blake2s_final(&hash, digest);          hash is used up then
 *
 * Source: RFC 7693.
 */
#ifndef CORRODE_LIB_BLAKE2S_H
#define CORRODE_LIB_BLAKE2S_H

#include <stddef.h>
#include <stdint.h>

#define BLAKE2S_SIZE 32       /* of the longest hash, and of the longest key */
#define BLAKE2S_BLOCK_SIZE 64 /* what is hashed at a time */

struct blake2s {
    uint32_t h[8];
    uint64_t count; /* bytes that were compressed */
    size_t filled;  /* bytes in `block` */
    size_t size;    /* of the hash */
    uint8_t block[BLAKE2S_BLOCK_SIZE];
};

/* SIZE: of the hash, 1 to 32. KEY_SIZE: 0 (KEY may be NULL then) to 32. */
void blake2s_init(struct blake2s *hash, size_t size, const void *key, size_t key_size);
void blake2s_update(struct blake2s *hash, const void *data, size_t size);
void blake2s_final(struct blake2s *hash, void *digest);

#endif
