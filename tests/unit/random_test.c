/*
 * The random number generator (kernel/random.c), on processors with and without a generator of their own and with a
 * clock that stands still unless it is told otherwise: then the output depends on nothing but what went in. The
 * generator has one life, so every case runs in a process of its own.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/io.h"
#include "arch/x86_64/percpu.h"
#include "log.h"
#include "random.h"

#include <string.h>
#include <sys/wait.h>

static uint64_t clock_now = 1000;

uint64_t fake_tsc(void)
{
    return clock_now;
}

/* No RDRAND, no RDSEED. */
struct cpuid fake_cpuid(uint32_t leaf, uint32_t subleaf)
{
    return (struct cpuid){.eax = leaf == 0 ? 7 : 0};
}

void log_write(enum log_level level, const char *format, ...) {}

struct result {
    uint8_t bytes[512];
    bool ready;
    bool good; /* what the case itself has to say */
};

static struct boot_info info;

/* Runs ONE in a process of its own; returns what it has left. */
static struct result alone(void (*one)(struct result *result))
{
    struct result result = {.good = true};
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    if (child == 0) {
        one(&result);
        result.ready = random_ready();
        _exit(write(pipes[1], &result, sizeof result) == sizeof result ? 0 : 1);
    }
    assert_true(child > 0);
    close(pipes[1]);
    ssize_t got = read(pipes[0], &result, sizeof result);
    close(pipes[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(got, sizeof result);
    return result;
}

static void start(uint8_t seed, unsigned bits)
{
    memset(info.seed, seed, sizeof info.seed);
    info.seed_bits = bits;
    random_init(&info);
}

static bool same(const struct result *a, const struct result *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void with_seed_1(struct result *result)
{
    start(1, 256);
    random_bytes(result->bytes, sizeof result->bytes);
}

static void with_seed_2(struct result *result)
{
    start(2, 256);
    random_bytes(result->bytes, sizeof result->bytes);
}

static void with_seed_1_later(struct result *result)
{
    clock_now++;
    with_seed_1(result);
}

static void without_seed(struct result *result)
{
    start(0, 0);
    random_bytes(result->bytes, sizeof result->bytes);
}

static void without_init(struct result *result)
{
    random_bytes(result->bytes, sizeof result->bytes);
}

static void test_seed_decides(void **state)
{
    struct result a = alone(with_seed_1), again = alone(with_seed_1), b = alone(with_seed_2);
    struct result later = alone(with_seed_1_later), none = alone(without_seed);
    assert_true(same(&a, &again));
    assert_false(same(&a, &b));
    assert_false(same(&a, &later));
    assert_false(same(&a, &none));
    assert_true(a.ready);
    assert_false(none.ready);
}

/* Before random_init there is not much, but no zeros. */
static void test_works_before_init(void **state)
{
    static const uint8_t zeros[32];
    struct result r = alone(without_init);
    assert_memory_not_equal(r.bytes, zeros, 32);
    assert_false(r.ready);
}

static void wipes_seed(struct result *result)
{
    static const uint8_t zeros[32];
    start(0xa5, 200);
    result->good = memcmp(info.seed, zeros, 32) == 0;
}

static void test_wipes_seed(void **state)
{
    assert_true(alone(wipes_seed).good);
}

/* No sixteen bytes come twice, in whatever pieces they are drawn, and on whichever CPU. */
static void draws_in_pieces(struct result *result)
{
    enum { TOTAL = 60000, WORD = 16 };
    static uint8_t drawn[TOTAL + 1000];
    start(1, 256);
    size_t at = 0;
    for (size_t size = 1; at < TOTAL; size = size % 701 + 1, at += size) {
        fake_cpu = size % 5;
        random_bytes(drawn + at, size);
    }
    for (size_t i = 0; i + WORD < TOTAL; i += WORD) {
        for (size_t j = i + WORD; j + WORD < TOTAL; j += WORD)
            result->good = result->good && memcmp(drawn + i, drawn + j, WORD) != 0;
    }
}

static void test_no_repetition(void **state)
{
    assert_true(alone(draws_in_pieces).good);
}

static void draws_on_cpu_1(struct result *result)
{
    uint8_t other[512];
    start(1, 256);
    random_bytes(other, sizeof other);
    fake_cpu = 1;
    random_bytes(result->bytes, sizeof result->bytes);
}

static void test_cpus_differ(void **state)
{
    struct result a = alone(with_seed_1), b = alone(draws_on_cpu_1);
    assert_false(same(&a, &b));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Becoming ready
 */

static void gets_entropy(struct result *result)
{
    uint8_t data[32] = {1, 2, 3};
    start(0, 0);
    random_add_entropy(data, sizeof data, 0);
    random_add_entropy(data, sizeof data, 127);
    random_add_entropy(data, 0, 100); /* nothing holds no bits */
    result->good = !random_ready();
    random_add_entropy(data, 1, 100);
}

static void gets_events(struct result *result)
{
    start(0, 0);
    for (unsigned i = 0; i < 64 * 128; i++) {
        result->good = result->good && !random_ready();
        random_add_event(0);
    }
}

static void gets_little_seed(struct result *result)
{
    start(1, 128); /* less what the stack guard has used */
}

static void test_becomes_ready(void **state)
{
    struct result entropy = alone(gets_entropy), events = alone(gets_events), seed = alone(gets_little_seed);
    assert_true(entropy.good && entropy.ready);
    assert_true(events.good && events.ready);
    assert_false(seed.ready);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reseeding: what comes in later shows when the time has come, on every CPU, and not before
 */

static uint8_t added;
static uint64_t wait_for;
static bool by_event;

static void adds_later(struct result *result)
{
    uint8_t drawn[64];
    start(1, 256);
    random_bytes(drawn, sizeof drawn);
    fake_cpu = 1;
    random_bytes(drawn, sizeof drawn);
    for (unsigned i = 0; by_event && i < 64; i++)
        random_add_event(added);
    if (!by_event)
        random_add_entropy(&added, sizeof added, 8);
    clock_now += wait_for;
    random_bytes(result->bytes, 256);
    fake_cpu = 0;
    random_bytes(result->bytes + 256, 256);
}

static struct result add_and_wait(uint8_t what, uint64_t cycles)
{
    added = what;
    wait_for = cycles;
    return alone(adds_later);
}

static void test_reseeds(void **state)
{
    for (unsigned i = 0; i < 2; i++) {
        by_event = i;
        struct result a = add_and_wait(1, 0), b = add_and_wait(2, 0);
        assert_true(same(&a, &b));
        a = add_and_wait(1, 1ull << 38);
        b = add_and_wait(2, 1ull << 38);
        assert_memory_not_equal(a.bytes, b.bytes, 256);
        assert_memory_not_equal(a.bytes + 256, b.bytes + 256, 256);
        b = add_and_wait(1, 1ull << 38);
        assert_true(same(&a, &b));
    }
}

/* A CPU whose counter is behind that of the one that has reseeded. */
static void clock_goes_back(struct result *result)
{
    start(1, 256);
    random_bytes(result->bytes, 256);
    clock_now -= 900;
    random_bytes(result->bytes + 256, 256);
}

static void test_clock_goes_back(void **state)
{
    struct result back = alone(clock_goes_back), usual = alone(with_seed_1);
    assert_true(same(&back, &usual));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sanity: what a coin would do. The bounds are five standard deviations, and the seed is fixed.
 */

static void counts_bits(struct result *result)
{
    enum { BYTES = 1 << 20 };
    unsigned bits[8] = {0}, values[256] = {0}, changes = 0;
    uint8_t before = 0;
    start(3, 256);
    for (unsigned done = 0; done < BYTES; done += 8) {
        uint64_t word = random_u64();
        for (unsigned i = 0; i < 8; i++) {
            uint8_t byte = (uint8_t)(word >> 8 * i);
            values[byte]++;
            changes += (unsigned)__builtin_popcount(byte ^ before);
            for (unsigned bit = 0; bit < 8; bit++)
                bits[bit] += byte >> bit & 1;
            before = byte;
        }
    }
    for (unsigned bit = 0; bit < 8; bit++) /* deviation: sqrt(2^20) / 2 = 512 */
        result->good = result->good && bits[bit] > BYTES / 2 - 2560 && bits[bit] < BYTES / 2 + 2560;
    for (unsigned value = 0; value < 256; value++) /* sqrt(4096) = 64 */
        result->good = result->good && values[value] > 4096 - 320 && values[value] < 4096 + 320;
    result->good = result->good && changes > 4 * BYTES - 7241 && changes < 4 * BYTES + 7241; /* sqrt(2^23) / 2 = 1448 */
}

static void test_bit_counts(void **state)
{
    assert_true(alone(counts_bits).good);
}

UNIT_MAIN(cmocka_unit_test(test_seed_decides), cmocka_unit_test(test_works_before_init),
    cmocka_unit_test(test_wipes_seed), cmocka_unit_test(test_no_repetition), cmocka_unit_test(test_cpus_differ),
    cmocka_unit_test(test_becomes_ready), cmocka_unit_test(test_reseeds), cmocka_unit_test(test_clock_goes_back),
    cmocka_unit_test(test_bit_counts))
