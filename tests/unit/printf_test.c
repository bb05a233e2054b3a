/*
 * printf (kernel/lib/printf.c) against the C library's: a large table of conversions, random ones, and by hand what the
 * two define differently. tests/fuzz/printf_fuzz.c does the same with formats that no one would think of.
 */
#include "tests/unit/corrode_lib.h"
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <limits.h>

/* The formats are made at run time: that is the point. */
#pragma clang diagnostic ignored "-Wformat-nonliteral"
#pragma clang diagnostic ignored "-Wformat-security"
#pragma clang diagnostic ignored "-Wformat"

#define ROOM 512

/* Ours and the C library's, with the same arguments, are to say and to return the same. */
#define CHECK_SAME(format, ...)                                                                                        \
    do {                                                                                                               \
        char ours[ROOM], theirs[ROOM];                                                                                 \
        int our_length = corrode_snprintf(ours, sizeof ours, format, __VA_ARGS__);                                     \
        int their_length = snprintf(theirs, sizeof theirs, format, __VA_ARGS__);                                       \
        if (our_length != their_length || strcmp(ours, theirs) != 0)                                                   \
            fail_msg("\"%s\": \"%s\" (%d), not \"%s\" (%d)", format, ours, our_length, theirs, their_length);          \
    } while (0)

/* Ours alone. */
#define CHECK(expected, ...)                                                                                           \
    do {                                                                                                               \
        char ours[ROOM];                                                                                               \
        int our_length = corrode_snprintf(ours, sizeof ours, __VA_ARGS__);                                             \
        assert_string_equal(ours, expected);                                                                           \
        assert_int_equal(our_length, strlen(expected));                                                                \
    } while (0)

static const uint64_t numbers[] = {0, 1, 7, 8, 9, 10, 15, 16, 99, 100, 127, 128, 255, 256, 999, 1000, 4095, 32767,
    32768, 65535, 65536, 99999, 100000, INT32_MAX, 1ull << 31, UINT32_MAX, 1ull << 32, 4294967296000ull,
    999999999999ull, INT64_MAX, 1ull << 63, UINT64_MAX - 1, UINT64_MAX, -127ull, -128ull, -32768ull,
    10000000000000000000ull};
#define NUMBERS (sizeof numbers / sizeof numbers[0])

static const char *const flag_sets[] = {"", "-", "0", "+", " ", "#", "-0", "+0", " 0", "+ ", "#0", "#-", "-+ #0"};
static const char *const widths[] = {"", "1", "2", "5", "12", "25", "70"};
static const char *const precisions[] = {"", ".", ".0", ".1", ".4", ".18", ".40"};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void check_number(const char *format, const char *length, uint64_t n)
{
    if (strcmp(length, "") == 0 || strcmp(length, "h") == 0 || strcmp(length, "hh") == 0)
        CHECK_SAME(format, (int)n);
    else
        CHECK_SAME(format, n); /* long, long long, intmax_t, size_t and ptrdiff_t are all this */
}

static void test_integers(void **state)
{
    static const char *const lengths[] = {"", "hh", "h", "l", "ll", "j", "z", "t"};
    for (size_t f = 0; f < COUNT(flag_sets) * COUNT(widths) * COUNT(precisions); f++) {
        for (size_t l = 0; l < COUNT(lengths); l++) {
            for (const char *kind = "diouxX"; *kind != '\0'; kind++) {
                char format[32];
                snprintf(format, sizeof format, "<%%%s%s%s%s%c>", flag_sets[f % COUNT(flag_sets)],
                    widths[f / COUNT(flag_sets) % COUNT(widths)], precisions[f / COUNT(flag_sets) / COUNT(widths)],
                    lengths[l], *kind);
                for (size_t n = (f + l) % 3; n < NUMBERS; n += 3)
                    check_number(format, lengths[l], numbers[n]);
            }
        }
    }
}

static void test_random_integers(void **state)
{
    uint64_t random = 88172645463325252ull;
    for (unsigned i = 0; i < 200000; i++) {
        random ^= random << 13; /* xorshift, G. Marsaglia 2003 */
        random ^= random >> 7;
        random ^= random << 17;
        CHECK_SAME("%" PRIu64 " %" PRId64 " %" PRIx64, random >> random % 64, (int64_t)random >> random % 61, random);
    }
}

static void test_strings(void **state)
{
    static const char *const strings[] = {"", "x", "hello", "a longer one, with % and \xe9", "\t\n"};
    for (size_t f = 0; f < COUNT(widths) * COUNT(precisions) * 2; f++) {
        char format[32];
        snprintf(format, sizeof format, "<%%%s%s%ss>", f % 2 == 0 ? "" : "-", widths[f / 2 % COUNT(widths)],
            precisions[f / 2 / COUNT(widths)]);
        for (size_t s = 0; s < COUNT(strings); s++)
            CHECK_SAME(format, strings[s]);
    }
    char unterminated[3] = {'a', 'b', 'c'}; /* AddressSanitizer would tell */
    CHECK_SAME("%.3s|%.1s", unterminated, unterminated);
}

static void test_characters(void **state)
{
    for (int c = 1; c < 256; c++)
        CHECK_SAME("<%c|%3c|%-3c>", c, c, c);
    char text[4];
    assert_int_equal(corrode_snprintf(text, sizeof text, "a%cb", 0), 3);
    assert_memory_equal(text, "a\0b", 4);
}

static void test_arguments_for_width_and_precision(void **state)
{
    for (int width = -12; width <= 12; width++) {
        for (int precision = -3; precision <= 12; precision++) {
            CHECK_SAME("<%*.*d>", width, precision, 1234);
            CHECK_SAME("<%0*d|%-*x>", width, 1234, width, 77);
            CHECK_SAME("<%*.*s>", width, precision, "string");
        }
    }
    CHECK_SAME("<%.*s>", INT_MAX, "all of it");
    CHECK_SAME("<%.*s>", INT_MIN, "all of it");
}

static void test_several(void **state)
{
    CHECK_SAME("%d%%, %s of %zu: %#x%c", 50, "half", sizeof(int), 0xbeef, '!');
    CHECK_SAME("%s%s%s%s%s%s%s%s%d", "a", "b", "c", "d", "e", "f", "g", "h", 9); /* beyond the argument registers */
    CHECK("", "%s", "");
    CHECK("100%", "100%%");
}

static void test_pointers(void **state)
{
    CHECK("0x1234", "%p", (void *)0x1234);
    CHECK("0xffffffff80000000", "%p", (void *)0xffffffff80000000);
    CHECK("0x0", "%p", NULL);
    CHECK("      0x12|0x12  |", "%10p|%-6p|", (void *)0x12, (void *)0x12);
    CHECK("0x00000012", "%010p", (void *)0x12);
}

static void test_null_string(void **state)
{
    CHECK("(null)", "%s", (char *)NULL);
    CHECK("(n", "%.2s", (char *)NULL);
    CHECK("  (null)", "%8s", (char *)NULL);
}

/* Text that is no conversion prints itself, and takes no argument. */
static void test_unknown_conversions(void **state)
{
    CHECK("%", "%");
    CHECK("50%", "50%");
    CHECK("%y 7", "%y %d", 7);
    CHECK("%-08.3lly 7", "%-08.3lly %d", 7);
    CHECK("%*y 7", "%*y %d", 7);
    CHECK("%f 7", "%f %d", 7);
    CHECK("%n 7", "%n %d", 7);
    CHECK("%Lf %ls %lc %hp 7", "%Lf %ls %lc %hp %d", 7);
    CHECK("%5% 7", "%5% %d", 7);
    CHECK("%-7", "%-%d", 7);
    CHECK("%.", "%.");
    CHECK("%.*", "%.*");
    CHECK("%ll", "%ll");
    CHECK("%#-+ 0", "%#-+ 0");
    CHECK("% %", "% %");
}

static void test_enormous_padding_is_cut_off(void **state)
{
    static char text[8192];
    assert_int_equal(corrode_snprintf(text, sizeof text, "%2147483647d", 1), 4095);
    assert_int_equal(corrode_snprintf(text, sizeof text, "%99999999999999999999d", 1), 4095);
    assert_int_equal(corrode_snprintf(text, sizeof text, "%-*d", INT_MIN, 1), 4095);
    assert_int_equal(corrode_snprintf(text, sizeof text, "%.2147483648x", 1), 4095);
    assert_int_equal(corrode_snprintf(text, sizeof text, "%4095d", 1), 4095);
    memset(text, 'x', 5000);
    text[5000] = '\0';
    assert_int_equal(corrode_snprintf(NULL, 0, "%s", text), 5000);
}

static void test_buffer_sizes(void **state)
{
    for (size_t size = 0; size <= 16; size++) {
        char text[18];
        memset(text, '#', sizeof text);
        assert_int_equal(corrode_snprintf(text, size, "%s %d", "hello", 12345), 11);
        if (size > 0) {
            size_t fits = size > 11 ? 11 : size - 1;
            assert_memory_equal(text, "hello 12345", fits);
            assert_int_equal(text[fits], '\0');
        }
        assert_int_equal(text[size > 12 ? 12 : size], '#');
    }
    assert_int_equal(corrode_snprintf(NULL, 0, "%d", 12345), 5);
}

struct test_sink {
    struct format_sink sink;
    char text[64];
    size_t length;
};

static void test_sink_write(struct format_sink *sink, const char *text, size_t length)
{
    struct test_sink *test = (struct test_sink *)sink;
    assert_in_range(length, 1, sizeof test->text - test->length);
    memcpy(test->text + test->length, text, length);
    test->length += length;
}

static void test_sinks(void **state)
{
    struct test_sink test = {.sink = {.write = test_sink_write}};
    assert_int_equal(format_sink_printf(&test.sink, "%5d|%-5s|%%|%x", 42, "ab", 255), 16);
    assert_int_equal(test.length, 16);
    assert_memory_equal(test.text, "   42|ab   |%|ff", 16);
}

UNIT_MAIN(cmocka_unit_test(test_integers), cmocka_unit_test(test_random_integers), cmocka_unit_test(test_strings),
    cmocka_unit_test(test_characters), cmocka_unit_test(test_arguments_for_width_and_precision),
    cmocka_unit_test(test_several), cmocka_unit_test(test_pointers), cmocka_unit_test(test_null_string),
    cmocka_unit_test(test_unknown_conversions), cmocka_unit_test(test_enormous_padding_is_cut_off),
    cmocka_unit_test(test_buffer_sizes), cmocka_unit_test(test_sinks))
