/*
 * The framebuffer as a text screen: draws 8x16 glyphs at any depth that the boot protocol knows. Screens on which 80x25
 * cells of double size fit get larger pixels, which keeps the text readable on them, and those with more cells than the
 * grid larger ones still.
 *
 * The framebuffer is mapped write-combining: writes of whole lines are fast, reads take microseconds, so there are
 * none.
 */
#include "lib/string.h"
#include "tty/font.h"
#include "tty/screen_internal.h"

/* A screen with this many cells, or more, of double size gets them: from 1280x800 pixels on. */
#define COMFORTABLE_COLUMNS 80
#define COMFORTABLE_ROWS 25

/* Nothing sold has more; beyond, boot_info is wrong. */
#define MAX_WIDTH 16384
#define MAX_HEIGHT 16384
#define MAX_SCALE 13 /* MAX_HEIGHT / FONT_HEIGHT / SCREEN_MAX_ROWS, rounded up; the width needs less */

static uint8_t *memory;
static size_t pitch;         /* bytes from one line to the next */
static unsigned pixel_size;  /* bytes */
static unsigned scale;       /* a pixel of the font is so many pixels wide and high */
static uint32_t palette[16]; /* pixel values */

static struct boot_pixel_field fields[3]; /* red, green, blue */

static uint32_t make_pixel(uint32_t rgb)
{
    uint32_t pixel = 0;
    for (unsigned i = 0; i < 3; i++, rgb <<= 8) {
        uint32_t part = (rgb >> 16 & 0xff) * 0x101u; /* 16 bits: 0xff becomes 0xffff */
        pixel |= part >> (16 - fields[i].size) << fields[i].shift;
    }
    return pixel;
}

/* One line of a glyph into LINE, which has room for one word more; returns its length in bytes. */
static size_t make_line(uint8_t *line, uint8_t bits, uint32_t foreground, uint32_t background)
{
    uint8_t *p = line;
    for (unsigned bit = 0x80; bit != 0; bit >>= 1) {
        uint32_t pixel = bits & bit ? foreground : background;
        for (unsigned i = 0; i < scale; i++) {
            /* What is too much of a shorter pixel, the next one overwrites. */
            __builtin_memcpy(p, &pixel, sizeof pixel);
            p += pixel_size;
        }
    }
    return (size_t)(p - line);
}

/* The two most usual sizes, at 32 bits a pixel, go two pixels at a time. */
static void draw_single_32(uint8_t *to, const uint8_t *glyph, uint64_t foreground, uint64_t background)
{
    const uint64_t pairs[4] = {background | background << 32, background | foreground << 32,
        foreground | background << 32, foreground | foreground << 32};

    for (unsigned y = 0; y < FONT_HEIGHT; y++, to += pitch) {
        uint8_t bits = glyph[y];
        const uint64_t line[4] = {pairs[bits >> 6], pairs[bits >> 4 & 3], pairs[bits >> 2 & 3], pairs[bits & 3]};
        __builtin_memcpy(to, line, sizeof line);
    }
}

static void draw_double_32(uint8_t *to, const uint8_t *glyph, uint64_t foreground, uint64_t background)
{
    const uint64_t wide[2] = {background | background << 32, foreground | foreground << 32};

    for (unsigned y = 0; y < FONT_HEIGHT; y++, to += 2 * pitch) {
        uint8_t bits = glyph[y];
        const uint64_t line[8] = {wide[bits >> 7], wide[bits >> 6 & 1], wide[bits >> 5 & 1], wide[bits >> 4 & 1],
            wide[bits >> 3 & 1], wide[bits >> 2 & 1], wide[bits >> 1 & 1], wide[bits & 1]};
        __builtin_memcpy(to, line, sizeof line);
        __builtin_memcpy(to + pitch, line, sizeof line);
    }
}

static void draw_any(uint8_t *to, const uint8_t *glyph, uint32_t foreground, uint32_t background)
{
    uint8_t line[FONT_WIDTH * MAX_SCALE * 4 + 4];

    for (unsigned y = 0; y < FONT_HEIGHT; y++) {
        size_t length = make_line(line, glyph[y], foreground, background);
        for (unsigned i = 0; i < scale; i++) {
            memcpy(to, line, length);
            to += pitch;
        }
    }
}

static void draw(unsigned row, unsigned column, const uint8_t *glyph, uint32_t foreground, uint32_t background)
{
    uint8_t *to = memory + (size_t)row * FONT_HEIGHT * scale * pitch + column * FONT_WIDTH * scale * pixel_size;
    if (pixel_size == 4 && scale == 1)
        draw_single_32(to, glyph, foreground, background);
    else if (pixel_size == 4 && scale == 2)
        draw_double_32(to, glyph, foreground, background);
    else
        draw_any(to, glyph, foreground, background);
}

static void show(unsigned row, unsigned column, const uint16_t *cells, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        draw(row, column + i, font_glyph((uint8_t)cells[i]), palette[cells[i] >> 8 & 15], palette[cells[i] >> 12]);
}

static bool valid_field(struct boot_pixel_field field, unsigned bpp)
{
    return field.size >= 1 && field.size <= 16 && field.shift + field.size <= bpp;
}

static bool valid(const struct boot_framebuffer *f)
{
    return f->address != NULL && (f->bpp == 16 || f->bpp == 24 || f->bpp == 32) && f->width >= FONT_WIDTH &&
           f->width <= MAX_WIDTH && f->height >= FONT_HEIGHT && f->height <= MAX_HEIGHT &&
           f->pitch >= f->width * (f->bpp / 8) && valid_field(f->red, f->bpp) && valid_field(f->green, f->bpp) &&
           valid_field(f->blue, f->bpp) && (uint64_t)f->pitch * f->height <= UINTPTR_MAX - (uintptr_t)f->address;
}

/* For a screen with room for so many glyphs as they are. */
static unsigned choose_scale(unsigned columns, unsigned rows)
{
    unsigned n = columns >= 2 * COMFORTABLE_COLUMNS && rows >= 2 * COMFORTABLE_ROWS ? 2 : 1;
    while (columns / n > SCREEN_MAX_COLUMNS || rows / n > SCREEN_MAX_ROWS)
        n++;
    return n;
}

bool framebuffer_open(const struct boot_info *info, struct screen *screen, uint16_t *cells)
{
    static const struct screen_operations operations = {.show = show, .draw = draw, .pixel = make_pixel};
    const struct boot_framebuffer *framebuffer = &info->framebuffer;

    if (!valid(framebuffer))
        return false;
    memory = framebuffer->address;
    pitch = framebuffer->pitch;
    pixel_size = framebuffer->bpp / 8;
    fields[0] = framebuffer->red;
    fields[1] = framebuffer->green;
    fields[2] = framebuffer->blue;
    for (unsigned color = 0; color < 16; color++)
        palette[color] = make_pixel(screen_palette[color]);

    *screen = (struct screen){.operations = &operations};
    scale = choose_scale(framebuffer->width / FONT_WIDTH, framebuffer->height / FONT_HEIGHT);
    screen->columns = framebuffer->width / (FONT_WIDTH * scale);
    screen->rows = framebuffer->height / (FONT_HEIGHT * scale);
    if (screen->columns == 0 || screen->rows == 0)
        return false;

    for (unsigned y = 0; y < framebuffer->height; y++)
        memset(memory + y * pitch, 0, framebuffer->width * pixel_size);
    for (unsigned i = 0; i < screen->columns * screen->rows; i++)
        cells[i] = ' ' | SCREEN_DEFAULT_COLORS << 8;
    return true;
}
