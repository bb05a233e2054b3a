/*
 * What stands on a screen of pixels: QEMU's `screendump` (a binary PPM) read as rows of characters, in the font in
 * which Corrode's terminals draw them, whatever their colours.
 */
#ifndef CORRODE_TESTS_DRIVE_PICTURE_H
#define CORRODE_TESTS_DRIVE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>

/* A picture in memory that belongs to this module, until the next one is loaded. ROWS and COLUMNS count characters. */
struct picture {
    const unsigned char *pixels; /* red, green, blue */
    size_t width, height;
    unsigned scale; /* a pixel of the font is so many pixels wide and high */
    unsigned rows, columns;
};

/* False: there is no picture at PATH, or not all of it. */
bool picture_load(struct picture *picture, const char *path);

/* The ASCII character there; a blank for all others. */
char picture_character(const struct picture *picture, unsigned row, unsigned column);

#endif
