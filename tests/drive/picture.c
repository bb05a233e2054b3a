/* Pictures as text: see picture.h. */
#include "tests/drive/picture.h"

#include "kernel/tty/font.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From this size on the console doubles its font's pixels (kernel/tty/framebuffer.c). */
#define DOUBLED_WIDTH 1280
#define DOUBLED_HEIGHT 800
#define MAX_SIDE 4096

bool picture_load(struct picture *picture, const char *path)
{
    static unsigned char *pixels;
    unsigned width = 0, height = 0, maximum = 0;
    FILE *file = fopen(path, "re");
    bool whole = false;
    if (file && fscanf(file, "P6 %u %u %u", &width, &height, &maximum) == 3 && maximum == 255 && width <= MAX_SIDE &&
        height <= MAX_SIDE && fgetc(file) == '\n') {
        size_t size = (size_t)width * height * 3;
        unsigned char *room = realloc(pixels, size + 1);
        pixels = room ? room : pixels;
        whole = room && fread(pixels, 1, size, file) == size;
    }
    if (file)
        fclose(file);
    unsigned scale = width >= DOUBLED_WIDTH && height >= DOUBLED_HEIGHT ? 2 : 1;
    *picture = (struct picture){.pixels = pixels,
        .width = width,
        .height = height,
        .scale = scale,
        .rows = height / (FONT_HEIGHT * scale),
        .columns = width / (FONT_WIDTH * scale)};
    return whole;
}

/* The cell's pixels that have not the colour of its first one, a bit each; false: they have more than one colour. */
static bool read_shape(const unsigned char *cell, const struct picture *picture, unsigned char shape[FONT_HEIGHT])
{
    const unsigned char *ink = NULL;
    for (unsigned y = 0; y < FONT_HEIGHT; y++) {
        shape[y] = 0;
        for (unsigned x = 0; x < FONT_WIDTH; x++) {
            const unsigned char *pixel = cell + 3 * picture->scale * (y * picture->width + x);
            bool differs = memcmp(pixel, cell, 3) != 0;
            if (differs && !ink)
                ink = pixel;
            if (differs && memcmp(pixel, ink, 3) != 0)
                return false;
            shape[y] = (unsigned char)(shape[y] << 1 | differs);
        }
    }
    return true;
}

/* Most letters leave the first pixel free. Those that do not have their colours exchanged, as all do under the cursor:
 * that cannot be told from the shape alone, so either fits. */
static bool is_same_shape(const unsigned char shape[FONT_HEIGHT], const uint8_t *glyph)
{
    unsigned char difference = (unsigned char)(shape[0] ^ glyph[0]);
    if (difference != 0 && difference != 0xff)
        return false;
    for (unsigned y = 1; y < FONT_HEIGHT; y++)
        if ((shape[y] ^ glyph[y]) != difference)
            return false;
    return true;
}

char picture_character(const struct picture *picture, unsigned row, unsigned column)
{
    unsigned char shape[FONT_HEIGHT];
    size_t y = (size_t)row * FONT_HEIGHT * picture->scale, x = (size_t)column * FONT_WIDTH * picture->scale;
    if (!read_shape(picture->pixels + 3 * (y * picture->width + x), picture, shape))
        return ' ';
    for (char c = ' '; c <= '~'; c++)
        if (is_same_shape(shape, font_glyph((unsigned char)c)))
            return c;
    return ' ';
}
