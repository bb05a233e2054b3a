/*
 * BLAKE2s: see blake2s.h. A full block waits in the buffer until more comes, because the last block is compressed with
 * a flag of its own. Words are little-endian, as those of every processor that this is compiled for.
 *
 * Source: RFC 7693, 2.6 (initialisation vector), 2.7 (message schedule), 3.1 (mixing), 3.2 (compression).
 */
#include "lib/blake2s.h"
#include "lib/string.h"

/* The first 32 bits of the fractional parts of the square roots of the first eight primes. */
static const uint32_t initial[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

static const uint8_t schedule[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static inline uint32_t rotate_right(uint32_t n, unsigned by)
{
    return n >> by | n << (32 - by);
}

#define MIX(a, b, c, d, x, y)                                                                                          \
    do {                                                                                                               \
        v[a] += v[b] + (x), v[d] = rotate_right(v[d] ^ v[a], 16);                                                      \
        v[c] += v[d], v[b] = rotate_right(v[b] ^ v[c], 12);                                                            \
        v[a] += v[b] + (y), v[d] = rotate_right(v[d] ^ v[a], 8);                                                       \
        v[c] += v[d], v[b] = rotate_right(v[b] ^ v[c], 7);                                                             \
    } while (0)

/* Takes the buffer's block in. COUNT: bytes so far, with those of this block. */
static void compress(struct blake2s *hash, uint64_t count, uint32_t last)
{
    uint32_t m[16], v[16];
    memcpy(m, hash->block, sizeof m);
    memcpy(v, hash->h, sizeof hash->h);
    memcpy(v + 8, initial, sizeof initial);
    v[12] ^= (uint32_t)count;
    v[13] ^= (uint32_t)(count >> 32);
    v[14] ^= last;
    for (unsigned round = 0; round < 10; round++) {
        const uint8_t *s = schedule[round];
        MIX(0, 4, 8, 12, m[s[0]], m[s[1]]);
        MIX(1, 5, 9, 13, m[s[2]], m[s[3]]);
        MIX(2, 6, 10, 14, m[s[4]], m[s[5]]);
        MIX(3, 7, 11, 15, m[s[6]], m[s[7]]);
        MIX(0, 5, 10, 15, m[s[8]], m[s[9]]);
        MIX(1, 6, 11, 12, m[s[10]], m[s[11]]);
        MIX(2, 7, 8, 13, m[s[12]], m[s[13]]);
        MIX(3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (unsigned i = 0; i < 8; i++)
        hash->h[i] ^= v[i] ^ v[i + 8];
    hash->count = count;
    hash->filled = 0;
}

void blake2s_init(struct blake2s *hash, size_t size, const void *key, size_t key_size)
{
    memset(hash, 0, sizeof *hash);
    memcpy(hash->h, initial, sizeof initial);
    hash->h[0] ^= 0x01010000 ^ (uint32_t)key_size << 8 ^ (uint32_t)size; /* parameters: one leaf, depth one */
    hash->size = size;
    if (key_size > 0) {
        memcpy(hash->block, key, key_size);
        hash->filled = BLAKE2S_BLOCK_SIZE;
    }
}

void blake2s_update(struct blake2s *hash, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    while (size > 0) {
        if (hash->filled == BLAKE2S_BLOCK_SIZE)
            compress(hash, hash->count + BLAKE2S_BLOCK_SIZE, 0);
        size_t part = BLAKE2S_BLOCK_SIZE - hash->filled;
        if (part > size)
            part = size;
        memcpy(hash->block + hash->filled, bytes, part);
        hash->filled += part;
        bytes += part;
        size -= part;
    }
}

void blake2s_final(struct blake2s *hash, void *digest)
{
    uint64_t count = hash->count + hash->filled;
    memset(hash->block + hash->filled, 0, BLAKE2S_BLOCK_SIZE - hash->filled);
    compress(hash, count, UINT32_MAX);
    memcpy(digest, hash->h, hash->size);
}
