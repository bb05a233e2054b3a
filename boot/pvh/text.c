/*
 * The VGA text screen, if someone has set one up before us: QEMU does run the video BIOS before it starts a PVH guest.
 *
 * There is no one to ask, so the display controller's registers are: is it in a text mode, of which size? Ports that no
 * one answers read as all ones, which is no text mode. Nothing is written but register numbers.
 *
 * Source: IBM VGA/XGA Technical Reference Manual (1992), section 2 (general, CRT controller, graphics controller).
 */
#include "boot/pvh/pvh.h"

#include "arch/x86_64/io.h"

#define MISCELLANEOUS_READ 0x3cc
#define MISCELLANEOUS_COLOUR 0x01 /* the CRT controller is at 3D4h, not at 3B4h */

#define GRAPHICS_INDEX 0x3ce
#define GRAPHICS_DATA 0x3cf
#define GRAPHICS_MISCELLANEOUS 0x06
#define GRAPHICS_MODE_MASK 0x0d /* memory map, and graphics or not */
#define GRAPHICS_TEXT_B8000 0x0c

#define CRTC_INDEX 0x3d4
#define CRTC_DATA 0x3d5
#define CRTC_WIDTH 0x01 /* characters - 1 */
#define CRTC_OVERFLOW 0x07
#define CRTC_CHARACTER_HEIGHT 0x09 /* lines - 1, in bits 0 to 4 */
#define CRTC_CURSOR_HIGH 0x0e
#define CRTC_CURSOR_LOW 0x0f
#define CRTC_HEIGHT 0x12 /* lines - 1; bits 8 and 9 are bits 1 and 6 of the overflow register */

#define CELLS 0xb8000
#define CELLS_MAX 0x4000
#define BLANK 0x0720 /* light grey on black */

static struct boot_text screen;

static uint8_t crtc_read(uint8_t index)
{
    outb(CRTC_INDEX, index);
    return inb(CRTC_DATA);
}

static void crtc_write(uint8_t index, uint8_t value)
{
    outb(CRTC_INDEX, index);
    outb(CRTC_DATA, value);
}

bool pvh_text_open(void)
{
    outb(GRAPHICS_INDEX, GRAPHICS_MISCELLANEOUS);
    if ((inb(GRAPHICS_DATA) & GRAPHICS_MODE_MASK) != GRAPHICS_TEXT_B8000 ||
        !(inb(MISCELLANEOUS_READ) & MISCELLANEOUS_COLOUR))
        return false;
    uint32_t overflow = crtc_read(CRTC_OVERFLOW);
    uint32_t lines = (crtc_read(CRTC_HEIGHT) | (overflow & 0x02) << 7 | (overflow & 0x40) << 3) + 1;
    uint32_t rows = lines / ((crtc_read(CRTC_CHARACTER_HEIGHT) & 0x1f) + 1);
    uint32_t columns = crtc_read(CRTC_WIDTH) + 1;
    if (columns < 40 || rows < 25 || rows * columns > CELLS_MAX)
        return false;

    uint32_t cursor = (uint32_t)crtc_read(CRTC_CURSOR_HIGH) << 8 | crtc_read(CRTC_CURSOR_LOW);
    if (cursor >= rows * columns)
        cursor = 0;
    screen = (struct boot_text){
        .cells = CELLS,
        .columns = columns,
        .rows = rows,
        .cursor_column = cursor % columns,
        .cursor_row = cursor / columns,
    };
    return true;
}

static void new_line(volatile uint16_t *cells)
{
    screen.cursor_column = 0;
    if (++screen.cursor_row < screen.rows)
        return;
    screen.cursor_row--;
    for (uint32_t i = 0; i < screen.columns * screen.rows; i++)
        cells[i] = i < screen.columns * screen.cursor_row ? cells[i + screen.columns] : BLANK;
}

void pvh_text_print(const char *text, size_t length)
{
    volatile uint16_t *cells = (volatile uint16_t *)CELLS;
    for (size_t i = 0; i < length; i++) {
        if (text[i] != '\n') {
            cells[screen.cursor_row * screen.columns + screen.cursor_column] = (BLANK & 0xff00) | (uint8_t)text[i];
            screen.cursor_column++;
        }
        if (text[i] == '\n' || screen.cursor_column == screen.columns)
            new_line(cells);
    }
    uint32_t cursor = screen.cursor_row * screen.columns + screen.cursor_column;
    crtc_write(CRTC_CURSOR_HIGH, (uint8_t)(cursor >> 8));
    crtc_write(CRTC_CURSOR_LOW, (uint8_t)cursor);
}

void pvh_text_describe(const struct video_wish *wish, struct boot_info *info)
{
    info->text = screen;
}
