/*
 * The font of terminals on framebuffers: 8x16 glyphs of Latin, Greek and Cyrillic letters, box drawing, blocks, Braille
 * patterns, arrows and signs. What it has none of is shown as the console's filled square.
 */
#ifndef CORRODE_TTY_UNICODE_FONT_H
#define CORRODE_TTY_UNICODE_FONT_H

#include "tty/font.h"

/* The glyph of a character; MADE is room for one that has to be made up. */
const uint8_t *unicode_font_glyph(uint32_t character, uint8_t made[FONT_HEIGHT]);

/* What tools/mkfont has made: entries by character, and glyphs as in tty/font.h. */
struct unicode_font_entry {
    uint16_t character, glyph;
};
extern const struct unicode_font_entry unicode_font_entries[];
extern const unsigned unicode_font_count;
extern const uint8_t unicode_font_glyphs[][FONT_HEIGHT];

#endif
