/*
 * BLAKE2s (kernel/lib/blake2s.c) against the vectors of RFC 7693.
 */
#include "tests/unit/unit.h"

#include "lib/blake2s.h"

#include <string.h>

static void hash_at_once(void *digest, size_t size, const void *key, size_t key_size, const void *data, size_t length)
{
    struct blake2s hash;
    blake2s_init(&hash, size, key, key_size);
    blake2s_update(&hash, data, length);
    blake2s_final(&hash, digest);
}

/* RFC 7693, appendix B. */
static void test_abc(void **state)
{
    static const uint8_t expected[32] = {0x50, 0x8c, 0x5e, 0x8c, 0x32, 0x7c, 0x14, 0xe2, 0xe1, 0xa7, 0x2b, 0xa3, 0x4e,
        0xeb, 0x45, 0x2f, 0x37, 0x45, 0x8b, 0x20, 0x9e, 0xd6, 0x3a, 0x29, 0x4d, 0x99, 0x9b, 0x4c, 0x86, 0x67, 0x59,
        0x82};
    uint8_t digest[32];
    hash_at_once(digest, 32, NULL, 0, "abc", 3);
    assert_memory_equal(digest, expected, 32);
}

/* The byte sequence of RFC 7693, appendix E: a Fibonacci generator. */
static void make_sequence(uint8_t *to, size_t length, uint32_t seed)
{
    uint32_t a = 0xdead4bad * seed, b = 1;
    for (size_t i = 0; i < length; i++) {
        uint32_t t = a + b;
        a = b;
        b = t;
        to[i] = (uint8_t)(t >> 24);
    }
}

/* RFC 7693, appendix E: hashes and keyed hashes of all kinds of lengths, hashed in turn. */
static void test_self_test_of_the_rfc(void **state)
{
    static const size_t digest_sizes[] = {16, 20, 28, 32};
    static const size_t lengths[] = {0, 3, 64, 65, 255, 1024};
    static const uint8_t expected[32] = {0x6a, 0x41, 0x1f, 0x08, 0xce, 0x25, 0xad, 0xcd, 0xfb, 0x02, 0xab, 0xa6, 0x41,
        0x45, 0x1c, 0xec, 0x53, 0xc5, 0x98, 0xb2, 0x4f, 0x4f, 0xc7, 0x87, 0xfb, 0xdc, 0x88, 0x79, 0x7f, 0x4c, 0x1d,
        0xfe};
    uint8_t data[1024], key[32], digest[32];
    struct blake2s all;
    blake2s_init(&all, 32, NULL, 0);
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 6; j++) {
            size_t size = digest_sizes[i], length = lengths[j];
            make_sequence(data, length, (uint32_t)length);
            hash_at_once(digest, size, NULL, 0, data, length);
            blake2s_update(&all, digest, size);
            make_sequence(key, size, (uint32_t)size);
            hash_at_once(digest, size, key, size, data, length);
            blake2s_update(&all, digest, size);
        }
    }
    blake2s_final(&all, digest);
    assert_memory_equal(digest, expected, 32);
}

/* In pieces of every size it is the same. */
static void test_pieces(void **state)
{
    uint8_t data[300], whole[32], pieces[32];
    make_sequence(data, sizeof data, 1);
    hash_at_once(whole, 32, "key", 3, data, sizeof data);
    for (size_t step = 1; step <= sizeof data; step++) {
        struct blake2s hash;
        blake2s_init(&hash, 32, "key", 3);
        for (size_t at = 0; at < sizeof data; at += step)
            blake2s_update(&hash, data + at, at + step <= sizeof data ? step : sizeof data - at);
        blake2s_final(&hash, pieces);
        assert_memory_equal(whole, pieces, 32);
    }
}

UNIT_MAIN(cmocka_unit_test(test_abc), cmocka_unit_test(test_self_test_of_the_rfc), cmocka_unit_test(test_pieces))
