/*
 * Each thing that the console (kernel/tty/) writes to, by itself: the text screen and its cursor, the framebuffer at
 * every depth and size, the serial line; and a boot_info that is wrong in every way.
 */
#include "tests/unit/console_machine.h"
#include "tests/unit/unit.h"

#include "tty/console.h"
#include "tty/font.h"

#include <string.h>

/* ------------------------------------------------------------------------------------------------------------------
 * The text screen
 */

static void check_cursor(unsigned row, unsigned column)
{
    assert_int_equal(ports.crtc[0x0e] << 8 | ports.crtc[0x0f], row * machine.info.text.columns + column);
}

static void test_text_goes_on_where_the_loader_stopped(void **state)
{
    use_text(80, 25);
    for (unsigned i = 0; i < 7; i++)
        machine.info.text.cells[80 * 24 + i] = 0x0a00 | (uint8_t)"loader:"[i];
    machine.info.text.cursor_row = 24;
    machine.info.text.cursor_column = 7;
    console_init(&machine.info);
    console_print(" hello\n");
    check_row_in(24, 80, "", 0);
    assert_int_equal(cell_at(23, 0), 0x0a00 | 'l');
    assert_int_equal(cell_at(23, 8), PLAIN | 'h');
    check_cursor(24, 0);
}

static void test_text_cursor(void **state)
{
    use_text(80, 25);
    console_init(&machine.info);
    console_print("abc\nde");
    check_cursor(1, 2);
    for (unsigned i = 0; i < 78; i++)
        console_print("x");
    check_cursor(1, 79); /* it waits on the last column, not beyond */
}

static void test_text_cursor_out_of_range(void **state)
{
    use_text(80, 25);
    machine.info.text.cursor_row = 25;
    machine.info.text.cursor_column = 0xffffffff;
    console_init(&machine.info);
    console_print("\nhello");
    check_row_in(24, 80, "hello", PLAIN);
}

static void test_text_bright_backgrounds(void **state)
{
    use_text(80, 25);
    console_init(&machine.info);
    assert_int_equal(ports.attributes[0x10], 0x04); /* no blinking, the rest as it was */
    assert_int_equal(ports.attribute_index, 0x30);  /* and the screen is still on */
}

/* ------------------------------------------------------------------------------------------------------------------
 * The framebuffer
 */

static const uint8_t bgr888[6] = {8, 0, 8, 8, 8, 16}, rgb565[6] = {5, 11, 6, 5, 5, 0}, rgb555[6] = {5, 10, 5, 5, 5, 0},
                     rgb101010[6] = {10, 20, 10, 10, 10, 0};

static void check_framebuffer(unsigned columns)
{
    console_init(&machine.info);
    console_set_color(CONSOLE_BROWN, CONSOLE_LIGHT_MAGENTA);
    console_print("#");
    console_set_color(CONSOLE_LIGHT_GREY, CONSOLE_BLACK);
    for (unsigned i = 1; i < columns; i++)
        console_print("x");
    console_print("\nEnd");

    assert_int_equal(cell_at(0, 0), '#' | 0xd6 << 8);
    assert_int_equal(cell_at(0, columns - 1), PLAIN | 'x');
    check_row_in(1, columns < 12 ? columns : 12, "End", PLAIN);
}

/* The right and lower edges are black, and what lies between the lines is not touched. */
static void check_margins(unsigned columns, unsigned rows)
{
    const struct boot_framebuffer *f = &machine.info.framebuffer;
    for (unsigned y = 0; y < f->height; y++) {
        for (unsigned x = y < rows * FONT_HEIGHT * scale ? columns * FONT_WIDTH * scale : 0; x < f->width; x++)
            assert_int_equal(pixel_at(x, y), 0);
        for (unsigned i = f->width * (f->bpp / 8); i < f->pitch; i++)
            assert_int_equal(machine.memory[(size_t)y * f->pitch + i], 0x5a);
    }
}

static void test_framebuffer_formats(void **state)
{
    static const struct {
        unsigned bpp;
        const uint8_t *fields;
    } formats[] = {{32, rgb888}, {32, bgr888}, {32, rgb101010}, {24, rgb888}, {24, bgr888}, {16, rgb565}, {16, rgb555}};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        for (unsigned extra = 0; extra < 8; extra += 1 + (extra == 2)) {
            use_framebuffer(331, 79, formats[i].bpp, formats[i].fields, extra);
            check_framebuffer(41);
            check_margins(41, 4);
        }
    }
}

static void test_framebuffer_sizes(void **state)
{
    static const struct {
        unsigned width, height, scale, columns;
    } sizes[] = {{640, 480, 1, 80}, {800, 600, 1, 100}, {1366, 768, 1, 170}, {1279, 1024, 1, 159}, {1280, 799, 1, 160},
        {1280, 800, 2, 80}, {1920, 1080, 2, 120}, {1928, 1200, 2, 120}, {1921, 700, 1, 240}, {1928, 700, 2, 120},
        {2560, 1600, 2, 160}, {3840, 2160, 2, 240}, {1080, 1920, 2, 67}, {5120, 2880, 3, 213}, {24, 32, 1, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        use_framebuffer(sizes[i].width, sizes[i].height, 32, rgb888, 0);
        scale = sizes[i].scale;
        check_framebuffer(sizes[i].columns);
        scale = 1;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The serial line
 */

static void use_serial(void)
{
    new_machine();
    machine.info.serial.port = SERIAL_PORT;
    console_init(&machine.info);
}

static void test_serial_text(void **state)
{
    use_serial();
    console_print("Hello World!\n");
    check_serial("Hello World!\r\n");
    console_print("a\tb\rc\bd");
    check_serial("a\tb\rc\bd");
    console_print("caf\xc3\xa9\n"); /* a terminal knows UTF-8 */
    check_serial("caf\xc3\xa9\r\n");
    console_write("\x1b[2J\0\x07", 6); /* but takes no orders from what is printed */
    check_serial("[2J");
    console_clear();
    check_serial("");
}

static void test_serial_colors(void **state)
{
    use_serial();
    console_set_color(CONSOLE_LIGHT_CYAN, CONSOLE_BLACK);
    check_serial("");
    console_print("Hello World!\nagain");
    check_serial("\033[96;49mHello World!\033[0m\r\n\033[96;49magain\033[0m");
    console_set_color(CONSOLE_WHITE, CONSOLE_RED);
    console_printf("%s: %d\n", "panic", 7);
    check_serial("\033[97;41mpanic: 7\033[0m\r\n");
    console_set_color(CONSOLE_LIGHT_GREY, CONSOLE_LIGHT_BLUE);
    console_print("x\n");
    check_serial("\033[39;104mx\033[0m\r\n");
    console_set_color(CONSOLE_LIGHT_GREY, CONSOLE_BLACK);
    console_print("plain\n");
    check_serial("plain\r\n");
}

/* Last of all: the lock stays broken. */
static void test_breaking_the_lock(void **state)
{
    use_serial();
    console_break_lock();
    console_print("still here\n");
    console_break_lock();
    console_printf("%s\n", "and here");
    check_serial("still here\r\nand here\r\n");
}

/* ------------------------------------------------------------------------------------------------------------------
 * No screen, and screens that cannot be
 */

static void write_everything(void)
{
    console_set_color(CONSOLE_RED, CONSOLE_WHITE);
    for (unsigned i = 0; i < 300; i++)
        console_printf("%u: \t%*s\n\b\r", i, i, "text");
    console_clear();
    console_print("end\n");
}

static void test_nothing_at_all(void **state)
{
    write_everything(); /* before console_init, if this test runs alone */
    new_machine();
    console_init(&machine.info);
    write_everything();
}

static void test_odd_text_screens(void **state)
{
    static const unsigned sizes[][2] = {{0, 25}, {80, 0}, {0, 0}, {241, 25}, {80, 81}, {0xffffffff, 25},
        {80, 0xffffffff}, {0x10001, 0x10001}, {240, 80}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        use_text(80, 25);
        machine.info.text.columns = sizes[i][0];
        machine.info.text.rows = sizes[i][1];
        console_init(&machine.info);
        write_everything();
    }
    use_text(1, 1);
    console_init(&machine.info);
    write_everything();
    console_print("x");
    assert_int_equal((char)cell_at(0, 0), 'x');
}

/* Each differs from a good framebuffer in one thing that makes it impossible. */
static void test_odd_framebuffers(void **state)
{
    struct boot_framebuffer odd[15];
    use_framebuffer(320, 160, 32, rgb888, 0);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        odd[i] = machine.info.framebuffer;
    odd[0].width = 0;
    odd[1].height = 0;
    odd[2].width = 7; /* less than a character */
    odd[3].height = 15;
    odd[4].pitch = 320 * 4 - 1;
    odd[5].pitch = 0;
    odd[6].bpp = 0;
    odd[7].bpp = 8;
    odd[8].bpp = 33;
    odd[9].width = 0x40000000; /* times four is zero */
    odd[10].width = odd[10].height = odd[10].pitch = 0xffffffff;
    odd[11].red.size = 0;
    odd[12].green.size = 40;
    odd[13].blue.shift = 25;
    odd[14].address = (void *)(UINTPTR_MAX - 1000); /* goes on at zero */

    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        machine.info.framebuffer = odd[i];
        console_init(&machine.info);
        write_everything();
        for (size_t at = 0; at < machine.size; at++)
            assert_int_equal(machine.memory[at], 0x5a);
    }
}

static void test_smallest_framebuffer(void **state)
{
    use_framebuffer(8, 16, 16, rgb565, 3);
    console_init(&machine.info);
    write_everything();
    console_set_color(CONSOLE_WHITE, CONSOLE_BLACK);
    console_print("x");
    assert_int_equal(cell_at(0, 0), 0x0f00 | 'x');
}

UNIT_MAIN(cmocka_unit_test(test_nothing_at_all), cmocka_unit_test(test_text_goes_on_where_the_loader_stopped),
    cmocka_unit_test(test_text_cursor), cmocka_unit_test(test_text_cursor_out_of_range),
    cmocka_unit_test(test_text_bright_backgrounds), cmocka_unit_test(test_framebuffer_formats),
    cmocka_unit_test(test_framebuffer_sizes), cmocka_unit_test(test_serial_text), cmocka_unit_test(test_serial_colors),
    cmocka_unit_test(test_odd_text_screens), cmocka_unit_test(test_odd_framebuffers),
    cmocka_unit_test(test_smallest_framebuffer), cmocka_unit_test(test_breaking_the_lock))
