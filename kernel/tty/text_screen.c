/*
 * The VGA text screen: an array of cells at 0xb8000 and a cursor in the display controller. The loader has set the mode
 * and tells where the array is mapped.
 *
 * Source: IBM VGA/XGA Technical Reference Manual (1992), sections 2 (CRT controller, attribute controller) and 3.
 */
#include "arch/x86_64/io.h"
#include "tty/screen_internal.h"

/* Ports and registers. */
#define CRTC_INDEX 0x3d4
#define CRTC_DATA 0x3d5
#define CRTC_CURSOR_START 0x0a
#define CURSOR_OFF 0x20
#define CRTC_CURSOR_HIGH 0x0e
#define CRTC_CURSOR_LOW 0x0f
#define ATTRIBUTE_INDEX 0x3c0 /* index and data in turns; reading INPUT_STATUS makes it an index */
#define ATTRIBUTE_READ 0x3c1
#define ATTRIBUTE_MODE 0x10
#define ATTRIBUTE_MODE_BLINK 0x08
#define ATTRIBUTE_SCREEN_ON 0x20 /* in the index: without it the screen stays dark */
#define INPUT_STATUS 0x3da

/* The cells fit into the 32 KiB that text modes have. */
#define CELLS_MAX 0x4000

static volatile uint16_t *memory;
static unsigned stride;

static void show(unsigned row, unsigned column, const uint16_t *cells, unsigned count)
{
    volatile uint16_t *to = &memory[row * stride + column];
    for (unsigned i = 0; i < count; i++)
        to[i] = cells[i];
}

static void move_cursor(unsigned row, unsigned column)
{
    unsigned position = row * stride + column;
    outb(CRTC_INDEX, CRTC_CURSOR_HIGH);
    outb(CRTC_DATA, (uint8_t)(position >> 8));
    outb(CRTC_INDEX, CRTC_CURSOR_LOW);
    outb(CRTC_DATA, (uint8_t)position);
}

static void show_cursor(bool visible)
{
    outb(CRTC_INDEX, CRTC_CURSOR_START);
    uint8_t start = inb(CRTC_DATA) & ~CURSOR_OFF;
    outb(CRTC_DATA, start | (visible ? 0 : CURSOR_OFF));
}

/* Bit 7 of the colours shall be a bright background, not a blinking character as it is after reset. */
static void disable_blinking(void)
{
    inb(INPUT_STATUS);
    outb(ATTRIBUTE_INDEX, ATTRIBUTE_MODE | ATTRIBUTE_SCREEN_ON);
    uint8_t mode = inb(ATTRIBUTE_READ);
    outb(ATTRIBUTE_INDEX, mode & ~ATTRIBUTE_MODE_BLINK);
}

bool text_screen_open(const struct boot_info *info, struct screen *screen, uint16_t *cells)
{
    static const struct screen_operations operations = {
        .show = show,
        .move_cursor = move_cursor,
        .show_cursor = show_cursor,
    };
    const struct boot_text *text = &info->text;

    if (text->cells == NULL || text->columns == 0 || text->columns > SCREEN_MAX_COLUMNS || text->rows == 0 ||
        text->rows > SCREEN_MAX_ROWS || text->columns * text->rows > CELLS_MAX)
        return false;

    memory = text->cells;
    stride = text->columns;
    for (unsigned i = 0; i < text->columns * text->rows; i++)
        cells[i] = memory[i];
    disable_blinking();
    *screen = (struct screen){
        .operations = &operations,
        .columns = text->columns,
        .rows = text->rows,
        .cursor_column = text->cursor_column,
        .cursor_row = text->cursor_row,
    };
    return true;
}
