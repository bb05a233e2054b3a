/*
 * The command line (kernel/lib/cmdline.h): words, quotes, numbers, and lines that no one would write.
 */
#include "lib/cmdline.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* What NAME is worth in LINE: NULL when it is not there. */
static const char *value_in(const char *line, const char *name)
{
    static char value[64];
    cmdline_init(line);
    return cmdline_get(name, value, sizeof value) < 0 ? NULL : value;
}

static void test_values(void **state)
{
    assert_string_equal(value_in("panic=halt", "panic"), "halt");
    assert_string_equal(value_in("  quiet\tpanic=halt\n", "panic"), "halt");
    assert_string_equal(value_in("quiet panic=halt", "quiet"), "");
    assert_string_equal(value_in("quiet=", "quiet"), "");
    assert_string_equal(value_in("a=b=c", "a"), "b=c");
    assert_string_equal(value_in("a=1 a=2 a=3", "a"), "3");
    assert_string_equal(value_in("log-level=1", "log_level"), "1");
    assert_string_equal(value_in("log_level=-_", "log-level"), "-_");
    assert_null(value_in("panic=halt", "pani"));
    assert_null(value_in("panic=halt", "panics"));
    assert_null(value_in("panic=halt", "halt"));
    assert_null(value_in("Panic=halt", "panic"));
    assert_null(value_in("", "panic"));
    assert_null(value_in("   ", "panic"));
    assert_null(value_in("=halt", "panic"));
    assert_null(value_in(NULL, "panic"));
}

static void test_quotes(void **state)
{
    assert_string_equal(value_in("root=\"a b\" c", "root"), "a b");
    assert_string_equal(value_in("\"root=a b\" c", "root"), "a b");
    assert_string_equal(value_in("root=a\" \"b c", "root"), "a b");
    assert_string_equal(value_in("root=\"a b\" c", "c"), "");
    assert_string_equal(value_in("root=\"c d", "root"), "c d"); /* never closed */
    assert_null(value_in("root=\"c d", "d"));
    assert_string_equal(value_in("root=\"\"", "root"), "");
    assert_string_equal(value_in("\"\"root=1", "root"), "1");
}

static void test_the_rest(void **state)
{
    assert_null(value_in("a=1 -- b=2", "b"));
    assert_string_equal(cmdline_rest(), "b=2");
    assert_string_equal(value_in("a=1 -- a=2", "a"), "1");
    assert_null(value_in("a=1 --", "b"));
    assert_string_equal(cmdline_rest(), "");
    assert_string_equal(value_in("--a=1 b", "__a"), "1");
    assert_string_equal(cmdline_rest(), "");
    value_in("-- x  y ", "b");
    assert_string_equal(cmdline_rest(), "x  y ");
    assert_string_equal(cmdline_text(), "-- x  y ");
}

static void test_cut_values(void **state)
{
    cmdline_init("name=abcdef");
    for (size_t size = 0; size < 9; size++) {
        char buffer[10];
        memset(buffer, '#', sizeof buffer);
        assert_int_equal(cmdline_get("name", buffer, size), 6);
        size_t fits = size == 0 ? 0 : size > 6 ? 6 : size - 1;
        assert_memory_equal(buffer, "abcdef", fits);
        if (size > 0)
            assert_int_equal(buffer[fits], '\0');
        assert_int_equal(buffer[size == 0 ? 0 : fits + 1], '#');
    }
}

static void test_flags(void **state)
{
    static const char *const on[] = {"x", "x=", "x=1", "x=yes", "x=on", "x=no x", "x=offf"};
    static const char *const off[] = {"", "y", "x=0", "x=no", "x=off", "x=false", "x x=0"};
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
        cmdline_init(on[i]);
        assert_true(cmdline_flag("x"));
        cmdline_init(off[i]);
        assert_false(cmdline_flag("x"));
    }
}

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {
        {"0", 0},
        {"00017", 17},
        {"0x1f", 31},
        {"0XfF", 255},
        {"1k", 1024},
        {"1K", 1024},
        {"0x10M", 16ull << 20},
        {"3G", 3ull << 30},
        {"4t", 4ull << 40},
        {"18446744073709551615", UINT64_MAX},
        {"0xffffffffffffffff", UINT64_MAX},
        {"16777215T", 16777215ull << 40},
    };
    static const char *const bad[] = {"", "k", "0x", "0xk", "1kk", "1kb", "1 ", " 1", "-1", "+1", "12a", "1.5",
        "18446744073709551616", "0x10000000000000000", "16777216T", "99999999999999999999999999", "x1", "1\x80"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        uint64_t number = 42;
        assert_true(cmdline_parse_number(good[i].text, &number));
        assert_int_equal(number, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t number = 42;
        assert_false(cmdline_parse_number(bad[i], &number));
        assert_int_equal(number, 42);
    }

    uint64_t number = 42;
    cmdline_init("mem=64M none=\"1 \" long=0000000000000000000000000000000000000001");
    assert_true(cmdline_number("mem", &number));
    assert_int_equal(number, 64 << 20);
    number = 42;
    assert_false(cmdline_number("none", &number));
    assert_false(cmdline_number("absent", &number));
    assert_false(cmdline_number("long", &number));
    assert_int_equal(number, 42);
}

/* A line that is too long loses whole words at its end, never half of one. */
static void test_long_lines(void **state)
{
    char text[2 * CMDLINE_MAX];
    for (unsigned length = CMDLINE_MAX - 12; length < CMDLINE_MAX + 12; length++) {
        memset(text, 'x', length);
        memcpy(text, "a=1 ", 4);
        strcpy(text + length - 8, " tail=12");
        const char *tail = value_in(text, "tail");
        if (length < CMDLINE_MAX) {
            assert_string_equal(tail, "12");
        } else {
            assert_null(tail);
            assert_null(value_in(text, "tai"));
        }
        assert_string_equal(value_in(text, "a"), "1");
        assert_true(strlen(cmdline_text()) < CMDLINE_MAX);
    }
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    cmdline_init(text);
    assert_string_equal(cmdline_text(), "");
}

UNIT_MAIN(cmocka_unit_test(test_values), cmocka_unit_test(test_quotes), cmocka_unit_test(test_the_rest),
    cmocka_unit_test(test_cut_values), cmocka_unit_test(test_flags), cmocka_unit_test(test_numbers),
    cmocka_unit_test(test_long_lines))
