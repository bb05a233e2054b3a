/*
 * The parser of terminal output (kernel/tty/parser.c) and what it knows of characters (kernel/tty/unicode.c). What it
 * reports is written down as text: "t(abc)" for text, "c(0a)" for a control, "e( M)" for an escape sequence, "s(?;25h)"
 * for a control sequence, "d($qm)" for a device control string.
 */
#include "tests/unit/unit.h"

#include "tty/parser.h"
#include "tty/unicode.h"

#include <stdio.h>
#include <string.h>

static char report[4096];
static size_t used, in_text; /* in_text: where the last text ended */

#define SAY(...) (used += (size_t)snprintf(report + used, sizeof report - used, __VA_ARGS__))

static void on_text(void *context, const char *bytes, size_t length)
{
    assert_in_range(length, 1, PARSER_TEXT_MAX);
    if (in_text == used && used > 0)
        used--; /* how it is cut into pieces does not matter */
    else
        SAY("t(");
    SAY("%.*s)", (int)length, bytes);
    in_text = used;
}

static void on_control(void *context, uint8_t code)
{
    SAY("c(%02x)", code);
}

static void on_escape(void *context, char intermediate, char final)
{
    SAY("e(%c%c)", intermediate != 0 ? intermediate : '_', final);
}

static void on_sequence(void *context, const struct parser_sequence *sequence)
{
    assert_in_range(sequence->count, 1, PARSER_ARGUMENTS_MAX);
    SAY("s(%.*s", sequence->leader != 0, &sequence->leader);
    for (unsigned i = 0; i < sequence->count; i++) {
        assert_in_range(sequence->arguments[i].value + 1, 0, PARSER_ARGUMENT_LIMIT + 1);
        if (i > 0)
            SAY("%c", sequence->arguments[i - 1].more ? ':' : ';');
        if (sequence->arguments[i].value >= 0)
            SAY("%d", sequence->arguments[i].value);
    }
    SAY("%.*s%c)", sequence->intermediate != 0, &sequence->intermediate, sequence->final);
}

static void on_device_string(void *context, const char *bytes, size_t length)
{
    assert_in_range(length, 0, PARSER_STRING_MAX);
    SAY("d(%.*s)", (int)length, bytes);
}

static const struct parser_operations operations = {on_text, on_control, on_escape, on_sequence, on_device_string};

/* The same whole, in two pieces cut anywhere, and byte by byte. */
static void check_bytes(const char *bytes, size_t length, const char *expected)
{
    for (size_t cut = 0; cut <= length + 1; cut++) {
        struct parser parser;
        parser_init(&parser, &operations, NULL);
        used = in_text = 0;
        report[0] = '\0';
        if (cut <= length) {
            parser_feed(&parser, bytes, cut);
            parser_feed(&parser, bytes + cut, length - cut);
        }
        for (size_t i = 0; i < length && cut > length; i++)
            parser_feed(&parser, bytes + i, 1);
        assert_string_equal(report, expected);
    }
}
#define CHECK(bytes, expected) check_bytes(bytes, sizeof(bytes) - 1, expected)

static void test_text(void **state)
{
    CHECK("", "");
    CHECK("Hello World!", "t(Hello World!)");
    CHECK("a\r\nb\tc\b\a", "t(a)c(0d)c(0a)t(b)c(09)t(c)c(08)c(07)");
    CHECK("a\0\177b", "t(ab)");
    CHECK("0123456789012345678901234567890123456789012345678901234567890123456789",
        "t(0123456789012345678901234567890123456789012345678901234567890123456789)");
}

#define WRONG "\xef\xbf\xbd"

static void test_utf8(void **state)
{
    CHECK("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", "t(\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80)");
    CHECK("\x80", "t(" WRONG ")");
    CHECK("\xc3x", "t(" WRONG "x)");
    CHECK("\xe2\x82x\xe2\x82\n", "t(" WRONG "x" WRONG ")c(0a)");
    CHECK("\xc0\xaf", "t(" WRONG WRONG ")");                     /* overlong */
    CHECK("\xe0\x80\xaf", "t(" WRONG WRONG WRONG ")");           /* overlong */
    CHECK("\xed\xa0\x80", "t(" WRONG WRONG WRONG ")");           /* a surrogate */
    CHECK("\xf4\x90\x80\x80", "t(" WRONG WRONG WRONG WRONG ")"); /* beyond U+10FFFF */
    CHECK("\xf0\x9f\x98\xf0\x9f\x98\x80", "t(" WRONG "\xf0\x9f\x98\x80)");
    CHECK("\xff\xfe", "t(" WRONG WRONG ")");
    CHECK("e\xcc\x81\xe2\x80\x8bx\xc2\x9bx", "t(exx)"); /* an accent, a space without width, a C1 control */
    CHECK("\xc3\033[m\xa4", "t(" WRONG ")s(m)t(" WRONG ")");
}

static void test_sequences(void **state)
{
    CHECK("\033[m\033[1m\033[1;31mx", "s(m)s(1m)s(1;31m)t(x)");
    CHECK("\033[;5H\033[38:2::1:2:3m", "s(;5H)s(38:2::1:2:3m)");
    CHECK("\033[?25h\033[>c\033[2 q\033[?1$p", "s(?25h)s(>c)s(2 q)s(?1$p)");
    CHECK("\033[12\n34A", "c(0a)s(1234A)"); /* controls act in the middle */
    CHECK("\033[99999999999999999999;65536d", "s(9999;9999d)");
    CHECK("\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16m", "s(1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16m)");
    CHECK("\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17mx", "t(x)"); /* too many to mean anything */
    CHECK("\033[1?mx\033[1$2px\033[ !px", "t(xxx)");                   /* what comes in the wrong order */
    CHECK("\033[12\030x\033[3\032y\033[4\033[5mz", "t(xy)s(5m)t(z)");
    CHECK("\033[\xc3\xa4x", "t(" WRONG "x)");
}

static void test_escapes(void **state)
{
    CHECK("\0337\0338\033c\033=\033(0\033#8", "e(_7)e(_8)e(_c)e(_=)e((0)e(#8)");
    CHECK("\033D\033E\033M\033H", "c(84)c(85)c(8d)c(88)");
    CHECK("\033\033M\033\xffx\033 !Fx", "c(8d)t(xx)");
}

static void test_strings(void **state)
{
    CHECK("\033P$qm\033\\x", "d($qm)t(x)");
    CHECK("\033]0;title\007x\033]2;other\033\\y", "t(xy)");
    CHECK("\033_apc\033\\\033^pm\033\\\033Xsos\033\\x", "t(x)");
    CHECK("\033P$q\033[mx", "s(m)t(x)"); /* never ended */
    CHECK("\033P$q\030x", "t(x)");
    CHECK("\033Pab\ncd\033\\", "d(abcd)");
    CHECK("\033P0123456789012345678901234567890123456789012345678901234567890123456789\033\\x", "t(x)"); /* too long */
    CHECK("\033P\033\\", "d()");
}

static void test_abort(void **state)
{
    struct parser parser;
    parser_init(&parser, &operations, NULL);
    used = in_text = 0;
    parser_feed(&parser, "\033]0;never ended", 15);
    parser_abort(&parser);
    parser_feed(&parser, "x\xe2\x82", 3);
    parser_abort(&parser);
    parser_feed(&parser, "y", 1);
    assert_string_equal(report, "t(xy)");
}

static void test_widths(void **state)
{
    static const struct {
        uint32_t character;
        unsigned width;
    } cases[] = {{0, 0}, {'\n', 0}, {' ', 1}, {'~', 1}, {0x7f, 0}, {0x9f, 0}, {0xa0, 1}, {0xe9, 1}, {0x2ff, 1},
        {0x300, 0}, {0x36f, 0}, {0x370, 1}, {0x410, 1}, {0x10ff, 1}, {0x1100, 2}, {0x200b, 0}, {0x2014, 1}, {0x2500, 1},
        {0x3042, 2}, {0x4e00, 2}, {0x9fff, 2}, {0xac00, 2}, {0xd7a3, 2}, {0xfe0f, 0}, {0xff01, 2}, {0xfffd, 1},
        {0x1f600, 2}, {0x20000, 2}, {0xe0001, 0}, {0x10ffff, 1}, {0xffffffff, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (unicode_width(cases[i].character) != cases[i].width)
            fail_msg("U+%04X has width %u", cases[i].character, unicode_width(cases[i].character));
    }
}

static void test_encoding(void **state)
{
    static const struct {
        uint32_t character;
        const char *bytes;
    } cases[] = {{'x', "x"}, {0x7f, "\x7f"}, {0x80, "\xc2\x80"}, {0x7ff, "\xdf\xbf"}, {0x800, "\xe0\xa0\x80"},
        {0x20ac, "\xe2\x82\xac"}, {0xffff, "\xef\xbf\xbf"}, {0x10000, "\xf0\x90\x80\x80"},
        {0x10ffff, "\xf4\x8f\xbf\xbf"}, {0xd800, WRONG}, {0x110000, WRONG}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char bytes[5] = "";
        assert_int_equal(unicode_encode(cases[i].character, bytes), strlen(cases[i].bytes));
        assert_memory_equal(bytes, cases[i].bytes, strlen(cases[i].bytes));
    }
}

UNIT_MAIN(cmocka_unit_test(test_text), cmocka_unit_test(test_utf8), cmocka_unit_test(test_sequences),
    cmocka_unit_test(test_escapes), cmocka_unit_test(test_strings), cmocka_unit_test(test_abort),
    cmocka_unit_test(test_widths), cmocka_unit_test(test_encoding))
