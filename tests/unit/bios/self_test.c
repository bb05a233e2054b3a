/*
 * Memory and printf as the BIOS loader has them: the very objects that are linked into stage 2, with its compiler flags
 * and calling convention, run as a 32-bit program. The other unit tests see the 64-bit code only, and the 32-bit
 * memory functions are different ones.
 */
#include "tests/unit/bios/self_test.h"
#include "lib/printf.h"
#include "lib/string.h"

#include <stdbool.h>
#include <stdint.h>

#define SIZE_TESTED 70
#define GUARD 16
#define ROOM (3 * SIZE_TESTED + 2 * GUARD)

static uint8_t memory[ROOM], expected[ROOM], source[ROOM];

static void fill(uint8_t *p, unsigned seed)
{
    for (unsigned i = 0; i < ROOM; i++)
        p[i] = (uint8_t)((i + seed) * 167 >> 3 ^ i);
}

static void start(void)
{
    fill(memory, 1);
    fill(expected, 1);
    fill(source, 2);
}

static bool as_expected(void)
{
    for (unsigned i = 0; i < ROOM; i++) {
        if (memory[i] != expected[i])
            return false;
    }
    return true;
}

static bool test_memcpy(void)
{
    for (unsigned size = 0; size <= SIZE_TESTED; size++) {
        for (unsigned shift = 0; shift < 16; shift++) {
            uint8_t *to = memory + GUARD + shift / 4, *from = source + GUARD + shift % 4;
            start();
            for (unsigned i = 0; i < size; i++)
                expected[GUARD + shift / 4 + i] = from[i];
            if (memcpy(to, from, size) != to || !as_expected())
                return false;
        }
    }
    return true;
}

static bool test_memmove(void)
{
    for (unsigned size = 0; size <= SIZE_TESTED; size++) {
        for (unsigned to = GUARD; to <= GUARD + 2 * SIZE_TESTED; to++) {
            uint8_t *from = memory + GUARD + SIZE_TESTED;
            start();
            for (unsigned i = 0; i < size; i++)
                expected[to + i] = from[i];
            if (memmove(memory + to, from, size) != memory + to || !as_expected())
                return false;
        }
    }
    return true;
}

static bool test_memset(void)
{
    for (unsigned size = 0; size <= SIZE_TESTED; size++) {
        for (unsigned shift = 0; shift < 4; shift++) {
            start();
            for (unsigned i = 0; i < size; i++)
                expected[GUARD + shift + i] = 0xa5;
            if (memset(memory + GUARD + shift, 0x1a5, size) != memory + GUARD + shift || !as_expected())
                return false;
        }
    }
    return true;
}

static bool test_memcmp(void)
{
    for (unsigned size = 0; size <= SIZE_TESTED; size++) {
        start();
        if (memcmp(memory, expected, size) != 0)
            return false;
        for (unsigned at = 0; at < size; at++) {
            start();
            memory[at] = 0x7f;
            expected[at] = 0x80;
            if (memcmp(memory, expected, size) >= 0 || memcmp(expected, memory, size) <= 0)
                return false;
        }
    }
    return true;
}

/* Decimal text of 64 bits, the one conversion that a 32-bit processor finds hard, read back by multiplying. */
static bool test_decimal(void)
{
    uint64_t number = 88172645463325252ull;
    for (unsigned i = 0; i < 100000; i++) {
        number ^= number << 13; /* xorshift, G. Marsaglia 2003 */
        number ^= number >> 7;
        number ^= number << 17;
        uint64_t printed = i % 2 ? number : number & 0xffffffff, read = 0;
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)printed);
        for (const char *p = text; *p != '\0'; p++)
            read = read * 10 + (unsigned)(*p - '0');
        if (read != printed || text[0] == '0')
            return false;
    }
    return true;
}

static bool test_printf(void)
{
    char text[128];
    int length = snprintf(text, sizeof text, "%s %5d|%-5u|%05x|%#llx|%lld|%llu|%c|%p|%zu|%%", "loader", -42, 7u, 0xabcu,
        0xffffffff80000000ull, -9223372036854775807ll - 1, 18446744073709551615ull, 'c', (void *)0x7c00, sizeof(int));
    return strcmp(text,
               "loader   -42|7    |00abc|0xffffffff80000000|-9223372036854775808|18446744073709551615|c|0x7c00|4|%") ==
               0 &&
           (size_t)length == strlen(text);
}

int self_test(void)
{
    static const struct {
        const char *name;
        bool (*run)(void);
    } tests[] = {
        {"memcpy", test_memcpy},
        {"memmove", test_memmove},
        {"memset", test_memset},
        {"memcmp", test_memcmp},
        {"decimal numbers of 64 bits", test_decimal},
        {"printf", test_printf},
    };
    const unsigned count = sizeof tests / sizeof tests[0];
    char line[80];
    int failures = 0;

    write_output(line, (size_t)snprintf(line, sizeof line, "1..%u\n", count));
    for (unsigned i = 0; i < count; i++) {
        bool ok = tests[i].run();
        failures += !ok;
        write_output(
            line, (size_t)snprintf(line, sizeof line, "%sok %u - %s\n", ok ? "" : "not ", i + 1, tests[i].name));
    }
    return failures;
}
