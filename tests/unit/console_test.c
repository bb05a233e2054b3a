/*
 * What the console (kernel/tty/) shows, on a text screen and on a framebuffer alike: lines, scrolling, wrapping, tabs,
 * colours, formats; and with several threads writing at once.
 */
#include "tests/unit/console_machine.h"
#include "tests/unit/unit.h"

#include "tty/console.h"
#include "tty/font.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------------------------------------------------------
 * Every test here gets 20 columns and 5 rows of each screen.
 */

static int text_screen(void **state)
{
    use_text(20, 5);
    console_init(&machine.info);
    return 0;
}

static int framebuffer_screen(void **state)
{
    use_framebuffer(20 * FONT_WIDTH + 3, 5 * FONT_HEIGHT + 7, 32, rgb888, 12);
    console_init(&machine.info);
    return 0;
}

static void test_hello(void **state)
{
    console_set_color(CONSOLE_LIGHT_CYAN, CONSOLE_BLACK);
    console_print("Hello World!\n");
    check_row_in(0, 20, "Hello World!", 0x0b00);
    check_row(1, "");
}

static void test_lines(void **state)
{
    console_print("one\ntwo\r\nthree\rTH\n\nfive");
    check_row(0, "one");
    check_row(1, "two");
    check_row(2, "THree");
    check_row(3, "");
    check_row(4, "five");
}

static void test_scrolling(void **state)
{
    for (unsigned i = 1; i <= 12; i++)
        console_printf("line %u\n", i);
    check_row(0, "line 9");
    check_row(3, "line 12");
    check_row(4, "");

    /* The same in one call, and more at once than the screen has. */
    console_print("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk");
    check_row(0, "g");
    check_row(4, "k");
}

static void test_wrapping(void **state)
{
    console_print("abcdefghijklmnopqrstuvwxyz\n");
    check_row(0, "abcdefghijklmnopqrst");
    check_row(1, "uvwxyz");
    console_print("01234567890123456789\nnext"); /* a line that just fits leaves no empty one */
    check_row(2, "01234567890123456789");
    check_row(3, "next");
}

static void test_tabs(void **state)
{
    console_print("\tx\n1234567\ty\n12345678\tz\n");
    check_row(0, "        x");
    check_row(1, "1234567 y");
    check_row(2, "12345678        z");
    console_print("12345678901234567\tw"); /* the last stop is the end of the row */
    check_row(3, "12345678901234567");
    check_row(4, "w");
}

static void test_backspace(void **state)
{
    console_print("abc\b\bX\n\b\b\bY");
    check_row(0, "aXc");
    check_row(1, "Y");
}

static void test_colors(void **state)
{
    for (unsigned color = 0; color < 16; color++) {
        console_set_color((enum console_color)color, (enum console_color)((color + 1) % 16));
        console_printf("%c", 'a' + color);
    }
    for (unsigned color = 0; color < 16; color++)
        assert_int_equal(cell_at(0, color), ('a' + color) | color << 8 | (color + 1) % 16 << 12);
}

static void test_what_is_not_ascii(void **state)
{
    console_print("\xc3\xa9\x01\x1b[0m\x7f!");
    check_row(0, "\xfe\xfe\xfe\xfe[0m\xfe!");
    console_write("a\0b", 3);
    assert_int_equal(cell_at(0, 10), PLAIN | 0xfe);
}

static void test_clearing(void **state)
{
    console_print("gone\ngone\n");
    console_set_color(CONSOLE_YELLOW, CONSOLE_BLUE);
    console_clear();
    for (unsigned row = 0; row < 5; row++) {
        for (unsigned column = 0; column < 20; column++)
            assert_int_equal(cell_at(row, column) & 0xf0ff, 0x1000 | ' ');
    }
    console_print("top\n\n\n\n\n"); /* blank lines come in the colour of the screen */
    assert_int_equal(cell_at(4, 0) & 0xf0ff, 0x1000 | ' ');
    console_print("x");
    assert_int_equal(cell_at(4, 0), 0x1e00 | 'x');
}

static void test_formats(void **state)
{
    assert_int_equal(console_printf("%5d|%-4s|%#x|%%", -42, "ab", 255), 17);
    check_row(0, "  -42|ab  |0xff|%");
}

/* Random text against the simplest screen that could be right. */
static void test_random_text(void **state)
{
    enum { COLUMNS = 20, ROWS = 5 };
    char rows[ROWS][COLUMNS];
    unsigned row = 0, column = 0, random = 1;
    memset(rows, ' ', sizeof rows);

    for (unsigned step = 0; step < 120; step++) {
        char text[40];
        unsigned length = (random >> 20) % sizeof text;
        for (unsigned i = 0; i < length; i++) {
            random = random * 1103515245 + 12345;
            text[i] = "abcdefghijklmnopqrstuvwxyz     \n\n\t\b\r"[(random >> 16) % 36];
            unsigned blanks = text[i] == '\t' ? (column == COLUMNS ? 8
                                                    : column < 16  ? 8 - column % 8
                                                                   : 20 - column)
                                              : 1;
            char shown = text[i] == '\t' ? ' ' : text[i];
            if (text[i] == '\r')
                column = 0;
            else if (text[i] == '\b')
                column -= column > 0;
            for (unsigned n = 0; n < blanks && text[i] != '\r' && text[i] != '\b'; n++) {
                if (text[i] == '\n' || column == COLUMNS) {
                    column = 0;
                    if (row < ROWS - 1) {
                        row++;
                    } else {
                        memmove(rows[0], rows[1], (ROWS - 1) * COLUMNS);
                        memset(rows[ROWS - 1], ' ', COLUMNS);
                    }
                }
                if (text[i] != '\n')
                    rows[row][column++] = shown;
            }
        }
        random = random * 1103515245 + 12345;
        console_write(text, length);
        for (unsigned r = 0; r < ROWS; r++) {
            for (unsigned c = 0; c < COLUMNS; c++) {
                if ((char)cell_at(r, c) != rows[r][c])
                    fail_msg("step %u, row %u, column %u: '%c', not '%c'", step, r, c, cell_at(r, c), rows[r][c]);
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Several processors
 */

#define WRITERS 4
#define LINES 200

static void *writer(void *argument)
{
    unsigned number = *(unsigned *)argument;
    for (unsigned i = 0; i < LINES; i++) {
        if (i % 2)
            console_printf("<writer %u, line %u: %s %5d %#x %s>\n", number, i, "one piece", -1, i, "of text");
        else
            console_print("<all in one>\n");
    }
    return NULL;
}

static void test_concurrent_lines_are_whole(void **state)
{
    use_text(80, 25);
    machine.info.serial.port = SERIAL_PORT;
    console_init(&machine.info);

    pthread_t threads[WRITERS];
    unsigned numbers[WRITERS], next[WRITERS];
    for (unsigned i = 0; i < WRITERS; i++) {
        numbers[i] = i;
        next[i] = 1;
        assert_int_equal(pthread_create(&threads[i], NULL, writer, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);

    ports.sent[ports.sent_length] = '\0';
    unsigned lines = 0;
    for (char *line = strtok(ports.sent, "\r\n"); line != NULL; line = strtok(NULL, "\r\n"), lines++) {
        unsigned number, i;
        if (strcmp(line, "<all in one>") == 0)
            continue;
        assert_int_equal(sscanf(line, "<writer %u, line %u:", &number, &i), 2);
        assert_in_range(number, 0, WRITERS - 1);
        assert_int_equal(i, next[number]);
        next[number] += 2;
        char expected[80];
        snprintf(expected, sizeof expected, "<writer %u, line %u: one piece    -1 %#x of text>", number, i, i);
        assert_string_equal(line, expected);
    }
    assert_int_equal(lines, WRITERS * LINES);
    for (unsigned row = 0; row < 24; row++)
        assert_int_equal((char)cell_at(row, 0), '<');
}

#define ON_BOTH(test)                                                                                                  \
    {#test " (text)", test, text_screen, NULL, NULL},                                                                  \
    {                                                                                                                  \
        #test " (framebuffer)", test, framebuffer_screen, NULL, NULL                                                   \
    }

UNIT_MAIN(ON_BOTH(test_hello), ON_BOTH(test_lines), ON_BOTH(test_scrolling), ON_BOTH(test_wrapping), ON_BOTH(test_tabs),
    ON_BOTH(test_backspace), ON_BOTH(test_colors), ON_BOTH(test_what_is_not_ascii), ON_BOTH(test_clearing),
    ON_BOTH(test_formats), ON_BOTH(test_random_text), cmocka_unit_test(test_concurrent_lines_are_whole))
