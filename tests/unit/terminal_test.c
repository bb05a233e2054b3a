/*
 * Terminals (kernel/tty/terminal.c, display.c, emulator.c) on a text screen and on a framebuffer: taking over from the
 * console and giving back in a panic, colours, characters, the cursor, several terminals, keys and answers.
 */
#include "tests/unit/console_machine.h"
#include "tests/unit/unit.h"

#include "tty/console.h"
#include "tty/font.h"
#include "tty/terminal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS 20
#define ROWS 5

static int allocations_until_failure = -1; /* -1: never */

/* What is allocated; a screen's terminal lives as long as the kernel, here as the test. */
static void *blocks[16];

static void *allocate(size_t size)
{
    if (allocations_until_failure == 0)
        return NULL;
    if (allocations_until_failure > 0)
        allocations_until_failure--;
    for (unsigned i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (blocks[i] == NULL)
            return blocks[i] = calloc(1, size);
    }
    return NULL;
}

static void release(void *block)
{
    for (unsigned i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        if (blocks[i] == block) {
            free(block);
            blocks[i] = NULL;
            return;
        }
    }
    fail_msg("released what was not allocated");
}

static int count_blocks(void)
{
    int count = 0;
    for (unsigned i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        count += blocks[i] != NULL;
    return count;
}

static int release_all(void **state)
{
    for (unsigned i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
    return 0;
}

static const struct terminal_memory test_memory = {.allocate = allocate, .release = release};

static int text_screen(void **state)
{
    use_text(COLUMNS, ROWS);
    console_init(&machine.info);
    return 0;
}

static int framebuffer_screen(void **state)
{
    use_framebuffer(COLUMNS * FONT_WIDTH + 3, ROWS * FONT_HEIGHT + 7, 32, rgb888, 12);
    console_init(&machine.info);
    return 0;
}

/* A fresh terminal on a blank screen. */
static struct terminal *open_terminal(void)
{
    assert_int_equal(terminal_init(&test_memory), 0);
    return terminal_shown();
}

static void put(struct terminal *terminal, const char *text)
{
    terminal_write(terminal, text, strlen(text));
}

/* The framebuffer's cursor, a reversed blank, is not part of a row's text. */
static void hide_cursor(struct terminal *terminal)
{
    put(terminal, "\033[?25l");
}

static void test_takes_over(void **state)
{
    console_set_color(CONSOLE_YELLOW, CONSOLE_BLUE);
    console_print("early");
    console_set_color(CONSOLE_LIGHT_GREY, CONSOLE_BLACK);
    console_print("\nplain\n");
    struct terminal *terminal = open_terminal();
    console_print("late\n");
    hide_cursor(terminal);
    check_row_in(0, COLUMNS, "early", 0x1e00);
    check_row(1, "plain");
    check_row(2, "late");
    check_row(3, "");
    for (unsigned i = 0; i < 4; i++)
        console_printf("line %u\n", i);
    check_row(0, "line 0");
    check_row(3, "line 3");
}

static void test_console_colors(void **state)
{
    struct terminal *terminal = open_terminal();
    for (unsigned color = 0; color < 16; color++) {
        console_set_color((enum console_color)color, (enum console_color)((color + 1) % 16));
        console_printf("%c", 'a' + color);
    }
    hide_cursor(terminal);
    for (unsigned color = 0; color < 16; color++)
        assert_int_equal(cell_at(0, color), ('a' + color) | color << 8 | (color + 1) % 16 << 12);
}

static void test_console_is_no_program(void **state)
{
    struct terminal *terminal = open_terminal();
    put(terminal, "\033[31mred\033[3"); /* a program in the middle of something */
    console_print("\nJ\x1b[0m");
    hide_cursor(terminal);
    check_row_in(0, 3, "red", 0x0400);
    check_row(1, "J\xfe[0m");
}

static void test_console_clear(void **state)
{
    struct terminal *terminal = open_terminal();
    console_print("gone\n");
    console_set_color(CONSOLE_YELLOW, CONSOLE_BLUE);
    console_clear();
    console_print("top");
    hide_cursor(terminal);
    assert_int_equal(cell_at(0, 0), 't' | 0x1e00);
    assert_int_equal(cell_at(4, 10) & 0xf0ff, ' ' | 0x1000);
}

static void test_panic_takes_back(void **state)
{
    struct terminal *terminal = open_terminal();
    console_print("before\n");
    put(terminal, "\033[32mgreen\033[0m\r\n");
    console_break_lock();
    console_set_color(CONSOLE_WHITE, CONSOLE_RED);
    console_print("panic");
    put(terminal, "too late"); /* from another processor, say */
    check_row(0, "before");
    check_row_in(1, COLUMNS, "green", 0x0200);
    check_row_in(2, COLUMNS, "panic", 0x4f00);
    console_print("\na\nb\nc"); /* scrolls */
    check_row_in(0, COLUMNS, "green", 0x0200);
    check_row_in(1, COLUMNS, "panic", 0x4f00);
}

static void test_sequences(void **state)
{
    struct terminal *terminal = open_terminal();
    hide_cursor(terminal);
    put(terminal, "one\r\ntwo\r\nthree\033[2;2HXX\033[3;1H\033[2K\033[1;3H\033[K");
    check_row(0, "on");
    check_row(1, "tXX");
    check_row(2, "");
    put(terminal, "\033[2J\033[2;4r\033[4;1Ha\nb\nc\033[r\033[1;1Htop\033[5;1Hend"); /* a scrolling region */
    check_row(0, "top");
    check_row(1, "a");
    check_row(4, "end");
    put(terminal, "\033[?1049h\033[2J\033[Hother");
    check_row(0, "other");
    check_row(4, "");
    put(terminal, "\033[?1049l");
    check_row(0, "top");
    check_row(4, "end");
    put(terminal, "\033[2;1H\033[1;31mb\033[0;7mr\033[0mn");
    assert_int_equal(cell_at(1, 0), 'b' | 0x0c00); /* bold is bright */
    assert_int_equal(cell_at(1, 1), 'r' | 0x7000);
    assert_int_equal(cell_at(1, 2), 'n' | 0x0700);
    put(terminal, "\033[?5h");
    assert_int_equal(cell_at(1, 2), 'n' | 0x7000);
    assert_int_equal(cell_at(1, 1), 'r' | 0x0700);
}

static void test_many_colors_on_text(void **state)
{
    use_text(COLUMNS, ROWS);
    console_init(&machine.info);
    struct terminal *terminal = open_terminal();
    put(terminal, "\033[38;5;196mr\033[38;5;21mb\033[38;5;250mg\033[38;2;250;250;90my\033[0;48;2;0;160;0mG\033[0;4mu");
    static const uint8_t colors[] = {0x04, 0x01, 0x07, 0x0e, 0x27, 0x0b};
    for (unsigned i = 0; i < sizeof colors; i++)
        assert_int_equal(cell_at(0, i) >> 8, colors[i]);
}

static void test_many_colors_on_framebuffer(void **state)
{
    use_framebuffer(COLUMNS * FONT_WIDTH, ROWS * FONT_HEIGHT, 32, rgb888, 0);
    console_init(&machine.info);
    struct terminal *terminal = open_terminal();
    hide_cursor(terminal);
    put(terminal,
        "\033[48;5;196m \033[48;5;21m \033[48;5;244m \033[48;2;255;128;4m \033[48;2;0;0;0m \033[0;4m \033[0m");
    static const uint32_t pixels[] = {0xff0000, 0x0000ff, 0x808080, 0xff8204, 0x000000, 0x000000};
    for (unsigned i = 0; i < sizeof pixels / sizeof pixels[0]; i++)
        assert_int_equal(pixel_at(i * FONT_WIDTH + 3, 3), pixels[i]);
    assert_int_equal(pixel_at(5 * FONT_WIDTH + 3, 14), 0xaaaaaa); /* underlined */
}

static void test_characters_on_text(void **state)
{
    use_text(COLUMNS, ROWS);
    console_init(&machine.info);
    struct terminal *terminal = open_terminal();
    /* a umlaut, sharp s, box, block, arrow, capital A grave (as A), a character that VGA has nothing for */
    put(terminal, "\303\244\303\237\342\224\200\342\226\210\342\206\222\303\200\320\226\033(0q\033(B");
    static const uint8_t codes[] = {0x84, 0xe1, 0xc4, 0xdb, 0x1a, 'A', 0xfe, 0xc4};
    for (unsigned i = 0; i < sizeof codes; i++)
        assert_int_equal(cell_at(0, i) & 0xff, codes[i]);
    put(terminal, "\033[2;1H\344\270\255x"); /* two columns */
    assert_int_equal(cell_at(1, 0) & 0xff, 0xfe);
    assert_int_equal(cell_at(1, 1) & 0xff, ' ');
    assert_int_equal(cell_at(1, 2) & 0xff, 'x');
    put(terminal, "\033[2;2Hy");
    assert_int_equal(cell_at(1, 0) & 0xff, ' ');
    assert_int_equal(cell_at(1, 1) & 0xff, 'y');
}

static unsigned vga_cursor(void)
{
    return ports.crtc[0x0e] << 8 | ports.crtc[0x0f];
}

static void test_cursor_on_text(void **state)
{
    use_text(COLUMNS, ROWS);
    console_init(&machine.info);
    struct terminal *terminal = open_terminal();
    put(terminal, "abc");
    assert_int_equal(vga_cursor(), 3);
    put(terminal, "\033[4;6H");
    assert_int_equal(vga_cursor(), 3 * COLUMNS + 5);
    assert_int_equal(ports.crtc[0x0a] & 0x20, 0);
    put(terminal, "\033[?25l");
    assert_int_equal(ports.crtc[0x0a] & 0x20, 0x20);
    put(terminal, "\033[?25h");
    assert_int_equal(ports.crtc[0x0a] & 0x20, 0);
}

static void test_cursor_on_framebuffer(void **state)
{
    use_framebuffer(COLUMNS * FONT_WIDTH, ROWS * FONT_HEIGHT, 32, rgb888, 0);
    console_init(&machine.info);
    struct terminal *terminal = open_terminal();
    put(terminal, "abc\033[1;2H");
    assert_int_equal(cell_at(0, 0), 'a' | 0x0700);
    assert_int_equal(cell_at(0, 1), 'b' | 0x7000);
    assert_int_equal(cell_at(0, 2), 'c' | 0x0700);
    put(terminal, "\033[C");
    assert_int_equal(cell_at(0, 1), 'b' | 0x0700);
    assert_int_equal(cell_at(0, 2), 'c' | 0x7000);
    put(terminal, "\033[?5h");
    assert_int_equal(cell_at(0, 1), 'b' | 0x7000);
    assert_int_equal(cell_at(0, 2), 'c' | 0x0700);
    put(terminal, "\033[?25l");
    assert_int_equal(cell_at(0, 2), 'c' | 0x7000);
}

static void test_several_terminals(void **state)
{
    struct terminal *first = open_terminal(), *second = terminal_create(0, 0), *other = terminal_create(10, 3);
    hide_cursor(first);
    hide_cursor(second);
    put(first, "first");
    put(second, "second");
    check_row(0, "first");
    assert_int_equal(terminal_show(second), 0);
    assert_ptr_equal(terminal_shown(), second);
    check_row(0, "second");
    put(first, "\r\nhidden");
    put(second, "\r\nshown");
    check_row(1, "shown");
    assert_int_equal(terminal_show(first), 0);
    check_row(0, "first");
    check_row(1, "hidden");
    assert_int_equal(terminal_show(other), -EINVAL);
    put(other, "0123456789abc");
    check_row(0, "first");
    terminal_destroy(second);
    terminal_destroy(other);
}

/* Whatever is written: what has been drawn bit by bit is what is drawn when all is drawn anew. */
static void test_random_output(void **state)
{
    static const char *const pieces[] = {"text ", "\r\n", "\n", "\t", "\b", "\033[A", "\033[3C", "\033[2J", "\033[K",
        "\033[1K", "\033[2;4r", "\033[r", "\033[L", "\033[2M", "\033[3@", "\033[2P", "\033[5X", "\033M", "\033[2S",
        "\033[2T", "\033[1;31m", "\033[0m", "\033[7m", "\033[4m", "\033[44m", "\033[38;5;99m", "\033[48;2;9;99;199m",
        "\033[?5h", "\033[?5l", "\033[?25l", "\033[?25h", "\033[?1049h", "\033[?1049l", "\344\270\255", "\303\244",
        "\342\226\210", "\342\240\277", "\033[4h", "\033[4l", "\033[?7l", "\033[?7h", "\033[?69h\033[5;15s",
        "\033[?69l", "\033[2;2H", "\033[5;20H", "\033[4b", "\033c", "\033(0", "\033(B", "\033#8"};
    struct terminal *terminal = open_terminal(), *other = terminal_create(0, 0);
    uint8_t *before = malloc(machine.size);
    unsigned random = 1;

    put(other, "\033[45;36;4mother\033[3;3H");
    for (unsigned round = 0; round < 2000; round++) {
        for (unsigned i = 0; i < 4; i++) {
            random = random * 1103515245 + 12345;
            put(terminal, pieces[(random >> 16) % (sizeof pieces / sizeof pieces[0])]);
        }
        unsigned cursor = vga_cursor();
        memcpy(before, machine.memory, machine.size);
        terminal_show(other);
        terminal_show(terminal);
        assert_memory_equal(machine.memory, before, machine.size);
        assert_int_equal(vga_cursor(), cursor);
    }
    free(before);
    terminal_destroy(other);
}

static unsigned notified;

static void notify(void *context)
{
    assert_ptr_equal(context, &notified);
    notified++;
}

static void check_input(struct terminal *terminal, const char *expected)
{
    char bytes[64];
    size_t length = terminal_read(terminal, bytes, sizeof bytes - 1);
    bytes[length] = '\0';
    assert_string_equal(bytes, expected);
}

static void press(struct terminal *terminal, enum key key, uint32_t character, uint8_t modifiers)
{
    terminal_key(
        terminal, &(struct key_event){.key = key, .character = character, .modifiers = modifiers, .pressed = true});
}

static void test_input(void **state)
{
    struct terminal *terminal = open_terminal();
    notified = 0;
    terminal_set_notify(terminal, notify, &notified);
    check_input(terminal, "");
    put(terminal, "ab\033[6n");    /* where is the cursor? */
    assert_int_equal(notified, 0); /* who writes looks himself */
    check_input(terminal, "\033[1;3R");
    terminal_mute(terminal, true);
    put(terminal, "\033[6n");
    terminal_mute(terminal, false);
    check_input(terminal, "");
    press(terminal, KEY_NONE, 'x', 0);
    assert_int_equal(notified, 1);
    press(terminal, KEY_NONE, 'c', KEY_MODIFIER_CONTROL);
    press(terminal, KEY_NONE, 'i', KEY_MODIFIER_CONTROL);
    press(terminal, KEY_NONE, 'f', KEY_MODIFIER_ALT);
    press(terminal, KEY_NONE, 0xe9, 0);
    press(terminal, KEY_NONE, '[', KEY_MODIFIER_CONTROL);
    check_input(terminal, "x\003\t\033f\303\251\033");
    press(terminal, KEY_UP, 0, 0);
    press(terminal, KEY_RIGHT, 0, KEY_MODIFIER_CONTROL);
    press(terminal, KEY_F1, 0, 0);
    press(terminal, KEY_F12, 0, KEY_MODIFIER_SHIFT);
    press(terminal, KEY_DELETE, 0, 0);
    check_input(terminal, "\033[A\033[1;5C\033OP\033[24;2~\033[3~");
    put(terminal, "\033[?1h");
    press(terminal, KEY_UP, 0, 0);
    press(terminal, KEY_ENTER, 0, KEY_MODIFIER_SHIFT);
    press(terminal, KEY_TAB, 0, KEY_MODIFIER_SHIFT);
    press(terminal, KEY_BACKSPACE, 0, KEY_MODIFIER_ALT);
    press(terminal, KEY_SHIFT, 0, KEY_MODIFIER_SHIFT);
    check_input(terminal, "\033OA\r\033[Z\033\177");
    terminal_key(terminal, &(struct key_event){.character = 'r'}); /* released */
    check_input(terminal, "");
}

/* What has left the screen can be looked at, until something happens. */
static void test_looking_back(void **state)
{
    struct terminal *terminal = open_terminal();
    char line[16];
    put(terminal, "\033[2J\033[H");
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(line, sizeof line, "\r\nline %u", i);
        put(terminal, line);
    }
    hide_cursor(terminal);
    check_row(0, "line 995");
    terminal_look_back(terminal, 3);
    check_row(0, "line 992");
    check_row(4, "line 996");
    terminal_look_back(terminal, 20);
    check_row(0, "line 972");
    terminal_look_back(terminal, -19);
    check_row(0, "line 991");
    put(terminal, "!");
    check_row(0, "line 995");
    check_row(4, "line 999!");
    terminal_look_back(terminal, 1000000);
    check_row(1, "line 746"); /* there is no more */
    press(terminal, KEY_SHIFT, 0, KEY_MODIFIER_SHIFT);
    check_row(1, "line 746");
    press(terminal, KEY_NONE, 'x', 0);
    check_row(0, "line 995");
    put(terminal, "\033[?1049h"); /* full-screen programs have nothing behind them */
    terminal_look_back(terminal, 2);
    check_row(0, "");
    put(terminal, "\033[?1049l");
    terminal_look_back(terminal, 2);
    check_row(0, "line 993");
    put(terminal, "\033[2;4r\033[4;1H\n\n"); /* what scrolls in the middle is not history */
    terminal_look_back(terminal, 1);
    check_row(0, "line 994");
    check_row(1, "line 995");
}

static unsigned rung;

static void ring(void)
{
    rung++;
}

static void test_bell(void **state)
{
    struct terminal *terminal = open_terminal();
    put(terminal, "\a"); /* nobody hears it */
    terminal_set_bell(ring);
    rung = 0;
    put(terminal, "one\a two\033]0;title\a");
    assert_int_equal(rung, 1);
    console_print("\a"); /* the kernel's messages are quiet */
    assert_int_equal(rung, 1);
    terminal_set_bell(NULL);
}

static void test_input_is_bounded(void **state)
{
    struct terminal *terminal = open_terminal();
    for (unsigned i = 0; i < 3 * TERMINAL_INPUT_SIZE; i++)
        terminal_input(terminal, &(char){(char)('a' + i % 26)}, 1);
    char bytes[2 * TERMINAL_INPUT_SIZE];
    assert_int_equal(terminal_read(terminal, bytes, sizeof bytes), TERMINAL_INPUT_SIZE);
    for (unsigned i = 0; i < TERMINAL_INPUT_SIZE; i++)
        assert_int_equal(bytes[i], 'a' + i % 26);
    for (unsigned i = 0; i < 100; i++)
        put(terminal, "\033[6n\033[6n\033[c\033[5n"); /* nobody reads the answers */
    assert_true(terminal_read(terminal, bytes, sizeof bytes) <= TERMINAL_INPUT_SIZE);
}

static void test_no_memory(void **state)
{
    for (int i = 0; i < 3; i++) {
        allocations_until_failure = i;
        assert_int_equal(terminal_init(&test_memory), -ENOMEM);
        assert_int_equal(count_blocks(), 0);
        console_print("still here\n");
        check_row((unsigned)i, "still here");
    }
    allocations_until_failure = 1;
    assert_null(terminal_create(10, 10));
    assert_int_equal(count_blocks(), 0);
    allocations_until_failure = -1;
    assert_null(terminal_create(100000, 10));
}

static void test_no_screen(void **state)
{
    new_machine();
    console_init(&machine.info);
    assert_int_equal(terminal_init(&test_memory), -ENODEV);
    console_print("nowhere\n");
    struct terminal *terminal = terminal_create(0, 0);
    unsigned columns, rows;
    terminal_size(terminal, &columns, &rows);
    assert_int_equal(columns, 80);
    assert_int_equal(rows, 25);
    put(terminal, "x\033[6n");
    check_input(terminal, "\033[1;2R");
    assert_int_equal(terminal_show(terminal), -EINVAL);
    terminal_destroy(terminal);
}

#define ON_BOTH(test)                                                                                                  \
    {#test " (text)", test, text_screen, release_all, NULL},                                                           \
    {                                                                                                                  \
        #test " (framebuffer)", test, framebuffer_screen, release_all, NULL                                            \
    }
#define ALONE(test) cmocka_unit_test_teardown(test, release_all)

/* The panics come last: the console's lock stays broken. */
UNIT_MAIN(ON_BOTH(test_takes_over), ON_BOTH(test_console_colors), ON_BOTH(test_console_is_no_program),
    ON_BOTH(test_console_clear), ON_BOTH(test_sequences), ALONE(test_many_colors_on_text),
    ALONE(test_many_colors_on_framebuffer), ALONE(test_characters_on_text), ALONE(test_cursor_on_text),
    ALONE(test_cursor_on_framebuffer), ON_BOTH(test_several_terminals), ON_BOTH(test_random_output),
    ON_BOTH(test_input), ON_BOTH(test_looking_back), ON_BOTH(test_bell), ON_BOTH(test_input_is_bounded),
    ON_BOTH(test_no_memory), ALONE(test_no_screen), ON_BOTH(test_panic_takes_back))
