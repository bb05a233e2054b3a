/*
 * Drawing the loader's last words. See screen.h.
 *
 * Sources: IBM VGA text mode (attribute byte: background in the high, foreground in the low nibble).
 */
#include "boot/handoff/screen.h"

#include "lib/types.h"

#define FONT_WIDTH 8
#define FONT_HEIGHT 16
#define WHITE_ON_RED 0x4f

void screen_init(struct fault_screen *screen, const struct boot_framebuffer *framebuffer, const void *font,
    const struct boot_text *text)
{
    *screen = (struct fault_screen){0};
    if (framebuffer->address && font) {
        screen->framebuffer = framebuffer;
        screen->font = font;
        screen->columns = framebuffer->width / FONT_WIDTH;
        screen->rows = framebuffer->height / FONT_HEIGHT;
    } else if (text->cells) {
        screen->text = text;
        screen->columns = text->columns;
        screen->rows = text->rows;
    }
}

/* All the bits of one colour, or none. */
static uint32_t field(struct boot_pixel_field field, bool on)
{
    return on ? ((1u << field.size) - 1) << field.shift : 0;
}

static void draw_glyph(const struct fault_screen *screen, const uint8_t *glyph)
{
    const struct boot_framebuffer *fb = screen->framebuffer;
    uint32_t red = field(fb->red, true), white = red | field(fb->green, true) | field(fb->blue, true);
    uint32_t bytes = fb->bpp / 8;
    for (uint32_t y = 0; y < FONT_HEIGHT; y++) {
        uint8_t *pixel = (uint8_t *)fb->address + (uint64_t)(screen->row * FONT_HEIGHT + y) * fb->pitch +
                         (uint64_t)screen->column * FONT_WIDTH * bytes;
        for (uint32_t x = 0; x < FONT_WIDTH; x++, pixel += bytes) {
            uint32_t colour = glyph[y] << x & 0x80 ? white : red;
            for (uint32_t i = 0; i < bytes; i++)
                pixel[i] = (uint8_t)(colour >> 8 * i);
        }
    }
}

static void draw(const struct fault_screen *screen, char c)
{
    if (screen->row >= screen->rows || screen->column >= screen->columns)
        return;
    if (screen->text)
        screen->text->cells[screen->row * screen->columns + screen->column] =
            (uint16_t)(WHITE_ON_RED << 8 | (uint8_t)c);
    else
        draw_glyph(screen, screen->font[c >= ' ' ? c - ' ' : 0]);
}

void screen_put(struct fault_screen *screen, char c)
{
    if (c != '\n') {
        draw(screen, c);
        screen->column++;
        return;
    }
    for (; screen->column < screen->columns; screen->column++)
        draw(screen, ' ');
    screen->column = 0;
    screen->row++;
}
