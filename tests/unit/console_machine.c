/*
 * The machine that the console's tests print on: see console_machine.h.
 */
#include "tests/unit/console_machine.h"
#include "tests/unit/unit.h"

#include "arch/x86_64/io.h"
#include "tty/font.h"

#include <string.h>

struct fake_ports ports;

void fake_outb(uint16_t port, uint8_t value)
{
    switch (port) {
    case SERIAL_PORT:
        assert_true(ports.sent_length < sizeof ports.sent - 1);
        ports.sent[ports.sent_length++] = (char)value;
        break;
    case 0x3d4: ports.crtc_index = value & 31; break;
    case 0x3d5: ports.crtc[ports.crtc_index] = value; break;
    case 0x3c0:
        if (ports.attribute_is_data)
            ports.attributes[ports.attribute_index & 31] = value;
        else
            ports.attribute_index = value;
        ports.attribute_is_data = !ports.attribute_is_data;
        break;
    default: fail_msg("wrote to port %#x", port);
    }
}

uint8_t fake_inb(uint16_t port)
{
    switch (port) {
    case SERIAL_PORT + 5: return 0x60;
    case 0x3d5: return ports.crtc[ports.crtc_index];
    case 0x3da: ports.attribute_is_data = false; return 0;
    case 0x3c1: return ports.attributes[ports.attribute_index & 31];
    default: fail_msg("read port %#x", port); return 0xff;
    }
}

void check_serial(const char *expected)
{
    ports.sent[ports.sent_length] = '\0';
    assert_string_equal(ports.sent, expected);
    ports.sent_length = 0;
}

struct fake_machine machine;

void new_machine(void)
{
    free(machine.memory);
    memset(&machine, 0, sizeof machine);
    memset(&ports, 0, sizeof ports);
    ports.attributes[0x10] = 0x0c; /* blinking and line graphics, as a BIOS leaves it */
}

void use_text(unsigned columns, unsigned rows)
{
    new_machine();
    machine.size = columns * rows * sizeof(uint16_t);
    machine.memory = malloc(machine.size);
    machine.info.text = (struct boot_text){.cells = (uint16_t *)machine.memory, .columns = columns, .rows = rows};
    for (unsigned i = 0; i < columns * rows; i++)
        machine.info.text.cells[i] = PLAIN | ' ';
}

void use_framebuffer(unsigned width, unsigned height, unsigned bpp, const uint8_t fields[6], unsigned extra)
{
    new_machine();
    unsigned pitch = width * bpp / 8 + extra;
    machine.size = (size_t)pitch * height;
    machine.memory = malloc(machine.size);
    memset(machine.memory, 0x5a, machine.size); /* the firmware's logo, say */
    machine.info.framebuffer = (struct boot_framebuffer){
        .address = machine.memory,
        .width = width,
        .height = height,
        .pitch = pitch,
        .bpp = bpp,
        .red = {.size = fields[0], .shift = fields[1]},
        .green = {.size = fields[2], .shift = fields[3]},
        .blue = {.size = fields[4], .shift = fields[5]},
    };
}

uint32_t pixel_at(unsigned x, unsigned y)
{
    const struct boot_framebuffer *f = &machine.info.framebuffer;
    uint32_t pixel = 0;
    memcpy(&pixel, machine.memory + (size_t)y * f->pitch + x * f->bpp / 8, f->bpp / 8);
    return pixel;
}

static uint32_t expected_pixel(unsigned color)
{
    static const uint32_t vga[16] = {0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa, 0xaa5500, 0xaaaaaa,
        0x555555, 0x5555ff, 0x55ff55, 0x55ffff, 0xff5555, 0xff55ff, 0xffff55, 0xffffff};
    const struct boot_framebuffer *f = &machine.info.framebuffer;
    const struct boot_pixel_field fields[3] = {f->red, f->green, f->blue};
    uint32_t pixel = 0;
    for (unsigned i = 0; i < 3; i++) {
        uint32_t part = vga[color] >> (16 - 8 * i) & 0xff;
        part = fields[i].size <= 8 ? part >> (8 - fields[i].size)
                                   : part << (fields[i].size - 8) | part >> (16 - fields[i].size);
        pixel |= part << fields[i].shift;
    }
    return pixel;
}

static bool cell_shows(unsigned left, unsigned top, uint8_t character, unsigned colors)
{
    uint32_t foreground = expected_pixel(colors & 15), background = expected_pixel(colors >> 4);
    const uint8_t *glyph = font_glyph(character);
    for (unsigned y = 0; y < FONT_HEIGHT * scale; y++) {
        for (unsigned x = 0; x < FONT_WIDTH * scale; x++) {
            bool set = glyph[y / scale] >> (7 - x / scale) & 1;
            if (pixel_at(left + x, top + y) != (set ? foreground : background))
                return false;
        }
    }
    return true;
}

unsigned scale = 1;

uint16_t cell_at(unsigned row, unsigned column)
{
    if (machine.info.text.cells != NULL)
        return machine.info.text.cells[row * machine.info.text.columns + column];
    unsigned left = column * FONT_WIDTH * scale, top = row * FONT_HEIGHT * scale;
    for (unsigned background = 0; background < 16; background++) {
        if (cell_shows(left, top, ' ', background << 4 | 7))
            return (uint16_t)(' ' | (background << 4 | 7) << 8);
    }
    for (unsigned colors = 0; colors < 256; colors++) {
        for (unsigned character = '!'; character <= '~'; character++) {
            if (cell_shows(left, top, (uint8_t)character, colors))
                return (uint16_t)(character | colors << 8);
        }
        if (cell_shows(left, top, 0xfe, colors))
            return (uint16_t)(0xfe | colors << 8);
    }
    fail_msg("row %u, column %u shows no character", row, column);
    return 0;
}

void check_row_in(unsigned row, unsigned columns, const char *text, uint16_t colors)
{
    for (unsigned column = 0; column < columns; column++) {
        bool in_text = column < strlen(text);
        uint16_t expected = in_text ? (uint16_t)((uint8_t)text[column] | colors) : PLAIN | ' ';
        uint16_t actual = cell_at(row, column);
        uint16_t seen = (expected & 0xff) == ' ' ? 0xf0ff : 0xffff; /* a blank shows no foreground */
        if ((actual & seen) != (expected & seen))
            fail_msg("row %u, column %u: %#x, not %#x of \"%s\"", row, column, actual, expected, text);
    }
}

void check_row(unsigned row, const char *text)
{
    check_row_in(row, 20, text, PLAIN);
}
