/*
 * A screen for last words: VGA text cells or a framebuffer, white on red, no scrolling.
 */
#ifndef CORRODE_BOOT_SCREEN_H
#define CORRODE_BOOT_SCREEN_H

#include "boot/protocol.h"

struct fault_screen {
    const struct boot_framebuffer *framebuffer; /* NULL: none */
    const struct boot_text *text;               /* NULL: none */
    const uint8_t (*font)[16];                  /* for the framebuffer: ' ' to 7fh, a byte a line */
    uint32_t columns, rows, column, row;
};

/* Starts at the top left corner of whichever of the two exists. */
void screen_init(struct fault_screen *screen, const struct boot_framebuffer *framebuffer, const void *font,
    const struct boot_text *text);

/* Writes one character of ASCII, or a new line. What does not fit on the screen is not shown. */
void screen_put(struct fault_screen *screen, char c);

#endif
