/*
 * The entropy pool (boot/loader/entropy.c) against a second implementation of it, on a processor whose clock stands
 * still, and what must hold for any such pool. The pool cannot be emptied, so every case runs in a process of its own.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/io.h"
#include "boot/loader/loader_internal.h"

#include <string.h>
#include <sys/wait.h>

#define LEAF1_RDRAND (1u << 30)
#define LEAF7_RDSEED (1u << 18)

static uint64_t clock_now;
static bool has_rdrand, has_rdseed;

uint64_t fake_tsc(void)
{
    return clock_now;
}

struct cpuid fake_cpuid(uint32_t leaf, uint32_t subleaf)
{
    switch (leaf) {
    case 0: return (struct cpuid){.eax = 7};
    case 1: return (struct cpuid){.ecx = has_rdrand ? LEAF1_RDRAND : 0};
    case 7: return (struct cpuid){.ebx = has_rdseed ? LEAF7_RDSEED : 0};
    default: return (struct cpuid){0};
    }
}

struct drawn {
    uint8_t bytes[100];
    uint32_t bits;
};

/* What FEED and a draw give from a fresh pool. */
static struct drawn in_fresh_pool(void (*feed)(void), size_t at_once)
{
    struct drawn drawn = {0};
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        feed();
        for (size_t done = 0; done < sizeof drawn.bytes; done += at_once)
            entropy_draw(drawn.bytes + done, at_once);
        drawn.bits = entropy_bits();
        _exit(write(pipes[1], &drawn, sizeof drawn) == sizeof drawn ? 0 : 1);
    }
    assert_true(child > 0);
    close(pipes[1]);
    ssize_t got = read(pipes[0], &drawn, sizeof drawn);
    close(pipes[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(got, sizeof drawn);
    return drawn;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The second implementation
 */

static uint32_t model[16];

static void model_add_xor_rotate(int to, int from, int target, int by)
{
    model[to] += model[from];
    uint32_t mixed = model[target] ^ model[to];
    model[target] = mixed << by | mixed >> (32 - by);
}

/* ChaCha's 20 rounds: columns, then diagonals, ten times. */
static void model_permute(void)
{
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 4; i++) {
            int turn = round % 2, a = i, b = 4 + (i + turn) % 4, c = 8 + (i + 2 * turn) % 4,
                d = 12 + (i + 3 * turn) % 4;
            model_add_xor_rotate(a, b, d, 16);
            model_add_xor_rotate(c, d, b, 12);
            model_add_xor_rotate(a, b, d, 8);
            model_add_xor_rotate(c, d, b, 7);
        }
    }
}

static void model_stir(const void *data, size_t size)
{
    uint8_t block[32];
    size_t done = 0;
    do {
        size_t part = size - done < 23 ? size - done : 23;
        memset(block, 0, sizeof block);
        memcpy(block, (const uint8_t *)data + done, part);
        block[23] = (uint8_t)(part + 1);
        memcpy(block + 24, &clock_now, 8);
        for (int i = 0; i < 32; i++)
            ((uint8_t *)model)[i] ^= block[i];
        model_permute();
        done += part;
    } while (done < size);
}

static void model_draw(uint8_t *to, size_t size)
{
    for (size_t done = 0; done < size; done += 32) {
        memcpy(to + done, model, size - done < 32 ? size - done : 32);
        model_permute();
    }
    memset(model, 0, 32);
    model_permute();
}

/* RFC 8439, 2.3.2: the permutation of the example's state is the example's key stream less that state. */
static void test_model(void **state)
{
    static const uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 0x03020100, 0x07060504,
        0x0b0a0908, 0x0f0e0d0c, 0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c, 0x00000001, 0x09000000, 0x4a000000,
        0x00000000};
    memcpy(model, start, sizeof model);
    model_permute();
    assert_int_equal(model[0] + start[0], 0xe4e7f110);
    assert_int_equal(model[5] + start[5], 0x0368c033);
    assert_int_equal(model[15] + start[15], 0x4e3c50a2);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The pool
 */

static const uint8_t input[100] = "What goes in: the time-stamp counter at every step, and what the front end offers";
static size_t input_size;

static void stir_input(void)
{
    entropy_stir(input, input_size);
}

static void test_agrees_with_model(void **state)
{
    static const uint64_t clocks[] = {0, 1, 0x0123456789abcdef, UINT64_MAX};
    for (size_t c = 0; c < ARRAY_LENGTH(clocks); c++) {
        for (input_size = 0; input_size <= sizeof input; input_size += input_size < 24 ? 1 : 11) {
            uint8_t expected[100];
            clock_now = clocks[c];
            memset(model, 0, sizeof model);
            model_stir(input, input_size);
            for (size_t done = 0; done < sizeof expected; done += 50)
                model_draw(expected + done, 50);
            struct drawn drawn = in_fresh_pool(stir_input, 50);
            assert_memory_equal(drawn.bytes, expected, sizeof expected);
            assert_int_equal(drawn.bits, 0);
        }
    }
}

static void assert_unlike(const struct drawn *a, const struct drawn *b)
{
    unsigned different = 0;
    for (size_t i = 0; i < sizeof a->bytes; i++)
        different += (unsigned)__builtin_popcount(a->bytes[i] ^ b->bytes[i]);
    assert_in_range(different, 300, 500); /* of 800 bits; half, within seven standard deviations */
}

static void stir_pieces(void)
{
    entropy_stir(input, 10);
    entropy_stir(input + 10, 10);
}

static void stir_one_bit_more(void)
{
    uint8_t changed[20];
    memcpy(changed, input, sizeof changed);
    changed[19] ^= 0x80;
    entropy_stir(changed, sizeof changed);
}

static void stir_zeros(void)
{
    static const uint8_t zeros[21];
    entropy_stir(zeros, 20);
}

static void stir_more_zeros(void)
{
    static const uint8_t zeros[21];
    entropy_stir(zeros, 21);
}

static void test_every_input_counts(void **state)
{
    clock_now = 0;
    input_size = 20;
    struct drawn drawn[6];
    drawn[0] = in_fresh_pool(stir_input, 100);
    drawn[1] = in_fresh_pool(stir_pieces, 100);
    drawn[2] = in_fresh_pool(stir_one_bit_more, 100);
    drawn[3] = in_fresh_pool(stir_zeros, 100);
    drawn[4] = in_fresh_pool(stir_more_zeros, 100);
    clock_now = 1;
    drawn[5] = in_fresh_pool(stir_input, 100);
    for (int a = 0; a < 6; a++) {
        for (int b = 0; b < a; b++)
            assert_unlike(&drawn[a], &drawn[b]);
    }
}

/* Draws do not repeat, and what was drawn does not show in what comes later. */
static void test_draws_differ(void **state)
{
    clock_now = 5;
    input_size = 3;
    struct drawn pieces = in_fresh_pool(stir_input, 20), whole = in_fresh_pool(stir_input, 100);
    for (int a = 0; a < 5; a++) {
        for (int b = 0; b < a; b++)
            assert_memory_not_equal(pieces.bytes + 20 * a, pieces.bytes + 20 * b, 20);
    }
    assert_memory_equal(pieces.bytes, whole.bytes, 20);
    assert_memory_not_equal(pieces.bytes + 20, whole.bytes + 20, 12);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Where it comes from
 */

static size_t firmware_size;

static size_t firmware(uint8_t *buffer, size_t size)
{
    assert_in_range(firmware_size, 0, size);
    memset(buffer, 0xd7, firmware_size);
    return firmware_size;
}

static void gather(void)
{
    static struct loader loader;
    static struct platform platform;
    platform.entropy = firmware_size ? firmware : NULL;
    loader.platform = &platform;
    entropy_gather(&loader);
}

static void test_firmware_counts(void **state)
{
    static const struct {
        size_t size;
        uint32_t bits;
    } cases[] = {{0, 0}, {1, 8}, {16, 128}, {32, 256}};
    struct drawn last = {0};
    has_rdrand = has_rdseed = false;
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        firmware_size = cases[i].size;
        struct drawn drawn = in_fresh_pool(gather, 100);
        assert_int_equal(drawn.bits, cases[i].bits);
        assert_unlike(&drawn, &last);
        last = drawn;
    }
}

/* Only on a host that has them. With the clock standing still all that differs comes from the generator. */
static void test_processor_counts(void **state)
{
    bool host_rdrand = __builtin_cpu_supports("rdrnd"), host_rdseed = __builtin_cpu_supports("rdseed");
    clock_now = 0;
    for (int both = 0; both < 4; both++) {
        has_rdrand = both & 1;
        has_rdseed = both & 2;
        if (both == 0 || (has_rdrand && !host_rdrand) || (has_rdseed && !host_rdseed))
            continue;
        firmware_size = both == 3 ? 32 : 0;
        struct drawn first = in_fresh_pool(gather, 100), second = in_fresh_pool(gather, 100);
        assert_unlike(&first, &second);
        assert_int_equal(first.bits % 32, 0);
        assert_in_range(first.bits, 0, 256);
        if (has_rdrand)
            assert_int_equal(first.bits, 256);
    }
}

UNIT_MAIN(cmocka_unit_test(test_model), cmocka_unit_test(test_agrees_with_model),
    cmocka_unit_test(test_every_input_counts), cmocka_unit_test(test_draws_differ),
    cmocka_unit_test(test_firmware_counts), cmocka_unit_test(test_processor_counts))
