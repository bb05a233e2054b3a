/*
 * The machine that the console's tests print on: a VGA adapter and a serial port behind the I/O ports, and screens in
 * memory of exactly their size, so that AddressSanitizer sees a step beside them.
 *
 * What a framebuffer shows is read back by comparing its pixels with the font, so a test sees characters and colours on
 * both kinds of screen alike.
 */
#ifndef CORRODE_TESTS_CONSOLE_MACHINE_H
#define CORRODE_TESTS_CONSOLE_MACHINE_H

#include "boot/protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_PORT 0x3f8
#define PLAIN 0x0700 /* light grey on black, in a cell */

/* Behind the I/O ports: what was sent, and the registers of the VGA adapter. */
extern struct fake_ports {
    char sent[1 << 20];
    size_t sent_length;
    uint8_t crtc_index, crtc[32];
    bool attribute_is_data;
    uint8_t attribute_index, attributes[32];
} ports;

/* The screen is in MEMORY, and boot_info describes it. */
extern struct fake_machine {
    struct boot_info info;
    uint8_t *memory;
    size_t size;
} machine;

/* A machine with nothing; then one with a screen. FIELDS: sizes and shifts of red, green and blue; a line of the
 * framebuffer is EXTRA bytes longer than it needs to be. */
void new_machine(void);
void use_text(unsigned columns, unsigned rows);
void use_framebuffer(unsigned width, unsigned height, unsigned bpp, const uint8_t fields[6], unsigned extra);

static const uint8_t rgb888[6] = {8, 16, 8, 8, 8, 0};

/* How many pixels of the framebuffer a test expects for one of the font; 1 unless it says otherwise. */
extern unsigned scale;

/* What the screen shows. Of blanks on a framebuffer the foreground cannot be told, and is light grey. */
uint32_t pixel_at(unsigned x, unsigned y);
uint16_t cell_at(unsigned row, unsigned column);

/* The first COLUMNS (20) of the row are TEXT in COLORS (PLAIN), then blank. */
void check_row_in(unsigned row, unsigned columns, const char *text, uint16_t colors);
void check_row(unsigned row, const char *text);

/* What was sent since the last call. */
void check_serial(const char *expected);

#endif
