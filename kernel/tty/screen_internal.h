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

    /* Puts the cursor there. NULL: this screen has none. */
    void (*move_cursor)(unsigned row, unsigned column);
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

#endif
