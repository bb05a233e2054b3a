/*
 * Looks at pictures of a machine's screen (QEMU's `screendump`, a binary PPM) for the tests in this folder:
 *
 *     screen size FILE                      WIDTH HEIGHT
 *     screen pixel FILE X Y                 the colour there, as rrggbb
 *     screen count FILE RRGGBB              how many pixels have that colour
 *     screen read FILE X Y LENGTH FG BG [SCALE]
 *                                           the text of LENGTH characters whose upper left corner is at X, Y, in the
 *                                           console's own font and in exactly those colours, each of the font's pixels
 *                                           SCALE (1) pixels wide and high; ? is what is no character
 *     screen find FILE WxH TEXT             X Y FG BG of TEXT in whatever font with cells of W x H pixels
 *
 * `find` knows no font, so it can tell what a firmware has written. It looks for a row of cells in two colours in which
 * equal characters have equal shapes, different ones have different shapes, and blanks are blank. In a long sentence
 * nearly every letter comes twice, so little else fits; a letter that comes only once could be another.
 */
#include "kernel/tty/font.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct picture {
    unsigned width, height;
    unsigned char *pixels; /* red, green, blue */
};

static void fail(const char *file, const char *problem)
{
    fprintf(stderr, "screen: %s: %s\n", file, problem);
    exit(2);
}

static unsigned number(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 0);
    if (end == text || *end || value > 1000000)
        fail(text, "is not a number");
    return (unsigned)value;
}

static unsigned colour(const char *text)
{
    char *end;
    unsigned long value = strtoul(text, &end, 16);
    if (strlen(text) != 6 || *end)
        fail(text, "is not a colour");
    return (unsigned)value;
}

static struct picture load(const char *path)
{
    struct picture picture;
    unsigned maximum;
    FILE *file = fopen(path, "rb");
    if (!file || fscanf(file, "P6 %u %u %u", &picture.width, &picture.height, &maximum) != 3 || maximum != 255)
        fail(path, "is not a picture in PPM format");
    fgetc(file); /* the one white space before the pixels */
    size_t count = (size_t)picture.width * picture.height;
    picture.pixels = calloc(count, 3);
    if (!picture.pixels || fread(picture.pixels, 3, count, file) != count)
        fail(path, "is cut off");
    fclose(file);
    return picture;
}

static unsigned pixel(const struct picture *picture, unsigned x, unsigned y)
{
    if (x >= picture->width || y >= picture->height)
        fail("the place", "is not in the picture");
    const unsigned char *at = picture->pixels + 3 * ((size_t)y * picture->width + x);
    return (unsigned)at[0] << 16 | (unsigned)at[1] << 8 | at[2];
}

static unsigned count(const struct picture *picture, unsigned wanted)
{
    unsigned found = 0;
    for (unsigned y = 0; y < picture->height; y++)
        for (unsigned x = 0; x < picture->width; x++)
            found += pixel(picture, x, y) == wanted;
    return found;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading the console's font
 */

/* SIZE by SIZE pixels of one colour, or NO_COLOUR. */
#define NO_COLOUR 0xffffffff
static unsigned large_pixel(const struct picture *picture, unsigned x, unsigned y, unsigned size)
{
    unsigned c = pixel(picture, x, y);
    for (unsigned i = 1; i < size * size; i++)
        if (pixel(picture, x + i % size, y + i / size) != c)
            return NO_COLOUR;
    return c;
}

static char read_cell(
    const struct picture *picture, unsigned x, unsigned y, unsigned ink, unsigned paper, unsigned scale)
{
    unsigned char shape[FONT_HEIGHT] = {0};
    for (unsigned line = 0; line < FONT_HEIGHT; line++) {
        for (unsigned i = 0; i < FONT_WIDTH; i++) {
            unsigned c = large_pixel(picture, x + i * scale, y + line * scale, scale);
            if (c != ink && c != paper)
                return '?';
            shape[line] = (unsigned char)(shape[line] << 1 | (c == ink));
        }
    }
    for (char c = ' '; c <= '~'; c++)
        if (memcmp(shape, font_glyph((unsigned char)c), FONT_HEIGHT) == 0)
            return c;
    return '?';
}

/* ------------------------------------------------------------------------------------------------------------------
 * Finding text in a font that is not known
 */

/* A row of cells, one for each character of the text. */
struct row {
    const struct picture *picture;
    unsigned x, y, width, height; /* of the first cell */
    unsigned ink, paper;
};

/* Are there exactly two colours? The rarer is the ink: letters fill less than half of their cells. */
static bool find_colours(struct row *row, size_t length)
{
    unsigned first = pixel(row->picture, row->x, row->y), other = first;
    size_t firsts = 0, others = 0;
    for (unsigned y = 0; y < row->height; y++) {
        for (unsigned x = 0; x < row->width * length; x++) {
            unsigned c = pixel(row->picture, row->x + x, row->y + y);
            if (c != first && others == 0)
                other = c;
            if (c != first && c != other)
                return false;
            c == first ? firsts++ : others++;
        }
    }
    row->ink = firsts > others ? other : first;
    row->paper = firsts > others ? first : other;
    return others > 0;
}

static bool is_blank(const struct row *row, size_t index)
{
    for (unsigned y = 0; y < row->height; y++)
        for (unsigned x = 0; x < row->width; x++)
            if (pixel(row->picture, row->x + (unsigned)index * row->width + x, row->y + y) != row->paper)
                return false;
    return true;
}

static bool is_same_shape(const struct row *row, size_t a, size_t b)
{
    for (unsigned y = 0; y < row->height; y++)
        for (unsigned x = 0; x < row->width; x++)
            if (pixel(row->picture, row->x + (unsigned)a * row->width + x, row->y + y) !=
                pixel(row->picture, row->x + (unsigned)b * row->width + x, row->y + y))
                return false;
    return true;
}

static bool is_text(struct row *row, const char *text)
{
    size_t length = strlen(text);
    if (!find_colours(row, length))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (is_blank(row, i) != (text[i] == ' '))
            return false;
        for (size_t j = 0; j < i; j++)
            if (is_same_shape(row, i, j) != (text[i] == text[j]))
                return false;
    }
    return true;
}

static bool find(const struct picture *picture, unsigned width, unsigned height, const char *text)
{
    struct row row = {.picture = picture, .width = width, .height = height};
    for (row.y = 0; row.y + height <= picture->height; row.y++) {
        for (row.x = 0; row.x + width * strlen(text) <= picture->width; row.x++) {
            if (is_text(&row, text)) {
                printf("%u %u %06x %06x\n", row.x, row.y, row.ink, row.paper);
                return true;
            }
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    const char *what = argc > 2 ? argv[1] : "";
    struct picture picture;
    unsigned width, height;
    if (argc > 2)
        picture = load(argv[2]);
    if (strcmp(what, "size") == 0 && argc == 3) {
        printf("%u %u\n", picture.width, picture.height);
    } else if (strcmp(what, "pixel") == 0 && argc == 5) {
        printf("%06x\n", pixel(&picture, number(argv[3]), number(argv[4])));
    } else if (strcmp(what, "count") == 0 && argc == 4) {
        printf("%u\n", count(&picture, colour(argv[3])));
    } else if (strcmp(what, "read") == 0 && (argc == 8 || argc == 9)) {
        unsigned scale = argc == 9 ? number(argv[8]) : 1;
        for (unsigned i = 0; i < number(argv[5]); i++)
            putchar(read_cell(&picture, number(argv[3]) + i * FONT_WIDTH * scale, number(argv[4]), colour(argv[6]),
                colour(argv[7]), scale));
        putchar('\n');
    } else if (strcmp(what, "find") == 0 && argc == 5 && sscanf(argv[3], "%ux%u", &width, &height) == 2) {
        return find(&picture, width, height, argv[4]) ? 0 : 1;
    } else {
        fputs("usage: screen size|pixel|count|read|find FILE ...; see tests/system/screen.c\n", stderr);
        return 2;
    }
    return 0;
}
