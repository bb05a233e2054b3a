/*
 * The console's font: 8x16 glyphs of the printable ASCII characters and a filled square for everything else. The table
 * is made at build time from Debian's console fonts (tools/mkfont), and needs nothing but itself.
 */
#ifndef CORRODE_TTY_FONT_H
#define CORRODE_TTY_FONT_H

#include <stdint.h>

#define FONT_WIDTH 8
#define FONT_HEIGHT 16
#define FONT_FIRST ' '
#define FONT_GLYPHS 96 /* ' ' to '~', then the square */

/* One byte a line, from the top; the leftmost pixel is bit 7. */
extern const uint8_t font_glyphs[FONT_GLYPHS][FONT_HEIGHT];

static inline const uint8_t *font_glyph(uint8_t character)
{
    return font_glyphs[character >= ' ' && character <= '~' ? character - FONT_FIRST : FONT_GLYPHS - 1];
}

#endif
