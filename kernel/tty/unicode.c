/*
 * Widths of characters, by ranges. The tables are coarse on purpose: they follow whole blocks of Unicode where single
 * unassigned code points in between do not matter on a screen whose font has a few hundred glyphs.
 *
 * Sources: Unicode Standard Annex 11 (East Asian Width), the Unicode Character Database's general categories Mn, Me,
 * Cf.
 */
#include "tty/unicode.h"

#include <stdbool.h>
#include <stddef.h>

struct range {
    uint32_t first, last;
};

static const struct range zero_width[] = {
    {0x0300, 0x036f},   /* combining diacritical marks */
    {0x0483, 0x0489},   /* Cyrillic */
    {0x0591, 0x05bd},   /* Hebrew points */
    {0x0610, 0x061a},   /* Arabic marks */
    {0x064b, 0x065f},   /* Arabic vowels */
    {0x06d6, 0x06dc},   /* Koranic marks */
    {0x0e31, 0x0e31},   /* Thai */
    {0x0e34, 0x0e3a},   /* Thai */
    {0x0e47, 0x0e4e},   /* Thai */
    {0x1ab0, 0x1aff},   /* combining marks, extended */
    {0x1dc0, 0x1dff},   /* combining marks, supplement */
    {0x200b, 0x200f},   /* zero-width space, joiners, directions */
    {0x202a, 0x202e},   /* directions */
    {0x2060, 0x206f},   /* word joiner and invisible operators */
    {0x20d0, 0x20ff},   /* combining marks for symbols */
    {0x302a, 0x302f},   /* CJK tone marks */
    {0x3099, 0x309a},   /* kana voicing marks */
    {0xfe00, 0xfe0f},   /* variation selectors */
    {0xfe20, 0xfe2f},   /* combining half marks */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xfff9, 0xfffb},   /* annotations */
    {0xe0000, 0xe0fff}, /* tags, variation selectors */
};

static const struct range double_width[] = {
    {0x1100, 0x115f},   /* Hangul initials */
    {0x2e80, 0x303e},   /* CJK radicals, punctuation */
    {0x3041, 0x33ff},   /* kana, bopomofo, compatibility */
    {0x3400, 0x4dbf},   /* CJK extension A */
    {0x4e00, 0x9fff},   /* CJK */
    {0xa000, 0xa4cf},   /* Yi */
    {0xa960, 0xa97f},   /* Hangul extended A */
    {0xac00, 0xd7a3},   /* Hangul syllables */
    {0xf900, 0xfaff},   /* CJK compatibility */
    {0xfe30, 0xfe6f},   /* CJK compatibility forms */
    {0xff01, 0xff60},   /* full-width forms */
    {0xffe0, 0xffe6},   /* full-width signs */
    {0x1f300, 0x1f64f}, /* pictographs, faces */
    {0x1f680, 0x1f6ff}, /* transport */
    {0x1f900, 0x1f9ff}, /* more pictographs */
    {0x20000, 0x3fffd}, /* CJK extensions */
};

static bool is_in(const struct range *ranges, size_t count, uint32_t character)
{
    while (count > 0) {
        const struct range *middle = &ranges[count / 2];
        if (character > middle->last) {
            ranges = middle + 1;
            count -= count / 2 + 1;
        } else if (character < middle->first) {
            count /= 2;
        } else {
            return true;
        }
    }
    return false;
}

unsigned unicode_width(uint32_t character)
{
    if (character < 0x20 || (character >= 0x7f && character < 0xa0))
        return 0;
    if (character < zero_width[0].first)
        return 1;
    if (is_in(zero_width, sizeof zero_width / sizeof zero_width[0], character))
        return 0;
    return is_in(double_width, sizeof double_width / sizeof double_width[0], character) ? 2 : 1;
}

unsigned unicode_encode(uint32_t character, char bytes[4])
{
    if (character > UNICODE_MAX || (character >= 0xd800 && character <= 0xdfff))
        character = UNICODE_REPLACEMENT;
    if (character < 0x80) {
        bytes[0] = (char)character;
        return 1;
    }
    unsigned length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (unsigned i = length - 1; i > 0; i--, character >>= 6)
        bytes[i] = (char)(0x80 | (character & 0x3f));
    bytes[0] = (char)(0xf00u >> length | character); /* as many ones as bytes, then a zero */
    return length;
}
