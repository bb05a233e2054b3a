/*
 * What the console's parts say to each other: console.c writes characters through screen_*, and screen.c shows them
 * through the operations of one of the back ends, text_screen.c or framebuffer.c.
 *
 * A cell is what VGA text makes of it: the character in the low byte; above it four bits of foreground colour, then
 * four of background colour.
 */
#ifndef CORRODE_TTY_SCREEN_INTERNAL_H
#define CORRODE_TTY_SCREEN_INTERNAL_H

#include "boot/protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest screen, in cells: 1920x1200 pixels, or any larger screen with its pixels doubled, tripled ... */
#define SCREEN_MAX_COLUMNS 240
#define SCREEN_MAX_ROWS 80

#define SCREEN_DEFAULT_COLORS 0x07 /* light grey on black */
#define SCREEN_BOX 0xfe            /* code page 437: the filled square that stands for what is not ASCII */

struct screen_operations {
    /* Shows COUNT cells from COLUMN of ROW on. All of them lie on the screen. */
    void (*show)(unsigned row, unsigned column, const uint16_t *cells, unsigned count);

    /* Puts the cursor there; shows or hides it. NULL: this screen has none. */
    void (*move_cursor)(unsigned row, unsigned column);
    void (*show_cursor)(bool visible);

    /*
     * Draws a glyph (16 bytes, as in tty/font.h) in any colours; the pixel value of a colour, as 24 bits of red, green
     * and blue. NULL: this screen has characters and colours of its own.
     */
    void (*draw)(unsigned row, unsigned column, const uint8_t *glyph, uint32_t foreground, uint32_t background);
    uint32_t (*pixel)(uint32_t rgb);
};

/* How a back end describes its screen when it opens it. */
struct screen {
    const struct screen_operations *operations;
    unsigned columns, rows; /* 1 to SCREEN_MAX_* */
    unsigned cursor_column, cursor_row;
};

/*
 * Back ends. Each looks whether boot_info describes a screen that it can drive, without trusting a single number;
 * fills SCREEN and CELLS (columns * rows of them: what the screen shows now) and returns true, or returns false.
 */
bool text_screen_open(const struct boot_info *info, struct screen *screen, uint16_t *cells);
bool framebuffer_open(const struct boot_info *info, struct screen *screen, uint16_t *cells);

/* Chooses the back end. Without a screen the functions below do nothing. */
void screen_open(const struct boot_info *info);

/* Writes one character at the cursor. It is not shown before screen_update. */
void screen_put(char c, uint8_t colors);

/* Blanks the screen; COLORS are also those of the blank lines that scrolling will bring. */
void screen_clear(uint8_t colors);

/* Shows all that has changed. */
void screen_update(void);

/* From now on there is no screen. */
void screen_give_up(void);

/* VGA's colours, in its order, as 24 bits of red, green and blue. */
extern const uint32_t screen_palette[16];

/*
 * The screen for someone else to write to: NULL without one. CELLS, row by row, is what it shows, and ROW and COLUMN
 * the cursor. Nothing here touches it until screen_resume, before which CELLS are set to what the screen shows by then.
 */
struct screen_contents {
    uint16_t *cells;
    unsigned row, column;
};
const struct screen *screen_contents(struct screen_contents *contents);
void screen_resume(unsigned row, unsigned column);

#endif
