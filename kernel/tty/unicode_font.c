/*
 * Glyphs by character: ASCII from the console's table, others by search in what tools/mkfont has made, and two families
 * by computing: block elements, which must meet without a gap, and Braille patterns, with which programs draw curves.
 *
 * Source: The Unicode Standard, code charts "Block Elements" and "Braille Patterns".
 */
#include "tty/unicode_font.h"
#include "lib/string.h"
#include "lib/types.h"

#define BLOCKS 0x2580
#define BLOCKS_END 0x25a0
#define BRAILLE 0x2800
#define BRAILLE_END 0x2900

/* Sets the lines from TOP to BOTTOM - 1 to BITS. */
static void fill(uint8_t *glyph, unsigned top, unsigned bottom, uint8_t bits)
{
    for (unsigned y = top; y < bottom; y++)
        glyph[y] |= bits;
}

static void make_shade(uint8_t *glyph, unsigned darkness)
{
    static const uint8_t patterns[3][2] = {{0x88, 0x22}, {0xaa, 0x55}, {0x77, 0xdd}};
    for (unsigned y = 0; y < FONT_HEIGHT; y++)
        glyph[y] = patterns[darkness][y % 2];
}

/* 2580h to 259Fh. */
static void make_block(uint8_t *glyph, unsigned block)
{
    /* From 2596h on, quarters: 1 upper left, 2 upper right, 4 lower left, 8 lower right. */
    static const uint8_t quarters[] = {4, 8, 1, 13, 9, 7, 11, 2, 6, 14};

    if (block == 0) {
        fill(glyph, 0, 8, 0xff); /* upper half */
    } else if (block <= 8) {
        fill(glyph, FONT_HEIGHT - 2 * block, FONT_HEIGHT, 0xff); /* so many lower eighths */
    } else if (block <= 0x0f) {
        fill(glyph, 0, FONT_HEIGHT, (uint8_t)(0xff00 >> (0x10 - block))); /* 7 to 1 left eighths */
    } else if (block == 0x10) {
        fill(glyph, 0, FONT_HEIGHT, 0x0f); /* right half */
    } else if (block <= 0x13) {
        make_shade(glyph, block - 0x11);
    } else if (block == 0x14) {
        fill(glyph, 0, 2, 0xff); /* upper eighth */
    } else if (block == 0x15) {
        fill(glyph, 0, FONT_HEIGHT, 0x01); /* right eighth */
    } else {
        uint8_t set = quarters[block - 0x16];
        fill(glyph, 0, 8, (set & 1 ? 0xf0 : 0) | (set & 2 ? 0x0f : 0));
        fill(glyph, 8, FONT_HEIGHT, (set & 4 ? 0xf0 : 0) | (set & 8 ? 0x0f : 0));
    }
}

/* Bits 0 to 2 are the upper three dots on the left, 3 to 5 those on the right, 6 and 7 the lowest ones. */
static void make_braille(uint8_t *glyph, unsigned dots)
{
    static const uint8_t rows[8] = {0, 1, 2, 0, 1, 2, 3, 3};
    static const uint8_t columns[8] = {0x60, 0x60, 0x60, 0x06, 0x06, 0x06, 0x60, 0x06};
    for (unsigned dot = 0; dot < 8; dot++) {
        if (dots >> dot & 1)
            fill(glyph, rows[dot] * 4u + 1, rows[dot] * 4u + 3, columns[dot]);
    }
}

static const uint8_t *search(uint32_t character)
{
    unsigned first = 0, last = unicode_font_count;
    while (first < last) {
        unsigned middle = (first + last) / 2;
        const struct unicode_font_entry *entry = &unicode_font_entries[middle];
        if (entry->character == character)
            return unicode_font_glyphs[entry->glyph];
        if (entry->character < character)
            first = middle + 1;
        else
            last = middle;
    }
    return NULL;
}

/* Characters that the fonts lack, and what looks the same. */
static uint32_t look_alike(uint32_t character)
{
    static const struct {
        uint16_t character, instead;
    } pairs[] = {
        {0x25ba, 0x25b6}, /* pointers to the right and left, as triangles */
        {0x25c4, 0x25c0},
        {0x25b8, 0x25b6},
        {0x25c2, 0x25c0},
        {0x25be, 0x25bc},
        {0x25b4, 0x25b2},
        {0x2715, 0x00d7}, /* multiplication sign */
        {0x2713, 0x221a}, /* check mark: a root */
        {0x2714, 0x221a},
        {0x2010, '-'}, /* hyphens and dashes */
        {0x2011, '-'},
        {0x2212, '-'},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(pairs); i++) {
        if (pairs[i].character == character)
            return pairs[i].instead;
    }
    return 0;
}

const uint8_t *unicode_font_glyph(uint32_t character, uint8_t made[FONT_HEIGHT])
{
    if (character < 0x80)
        return font_glyph((uint8_t)character);
    if (character == 0xa0)
        return font_glyph(' ');
    if (character >= BLOCKS && character < BLOCKS_END) {
        memset(made, 0, FONT_HEIGHT);
        make_block(made, character - BLOCKS);
        return made;
    }
    if (character >= BRAILLE && character < BRAILLE_END) {
        memset(made, 0, FONT_HEIGHT);
        make_braille(made, character - BRAILLE);
        return made;
    }
    const uint8_t *glyph = search(character);
    if (glyph != NULL)
        return glyph;
    uint32_t instead = look_alike(character);
    if (instead != 0 && instead < 0x80)
        return font_glyph((uint8_t)instead);
    glyph = instead != 0 ? search(instead) : NULL;
    return glyph != NULL ? glyph : font_glyph(0xfe);
}
