/*
 * From cells to the screen that there is: see display.h. `shown` holds for each place of the screen the cell whose
 * picture is there, with everything resolved that is not the cell's own (the cursor on framebuffers, a reversed screen)
 * in its `reverse` bit.
 *
 * Both kinds of screen show sixteen colours with VGA's values; a framebuffer shows all others as well, and VGA text the
 * nearest of the sixteen. Bold is the bright one of two colours, as it was on VGA; underlined text is another colour on
 * VGA text, which can draw no line.
 *
 * Sources: xterm, "XTerm Control Sequences" (256 colours: cube and grey ramp); for VGA see text_screen.c.
 */
#include "tty/display.h"
#include "lib/string.h"
#include "tty/screen_internal.h"
#include "tty/text_font.h"
#include "tty/unicode_font.h"

#define GREY 7
#define UNDERLINE_COLOR 11 /* light cyan */
#define UNDERLINE_LINE 14  /* of a glyph's 16 */

static const struct screen *screen; /* NULL: not open */
static struct cell *shown;
static struct emulator_cursor shown_cursor;

/* ------------------------------------------------------------------------------------------------------------------
 * Colours
 */

/* VGA numbers its colours with blue in bit 0 and red in bit 2, ANSI the other way round. */
static unsigned vga_color(unsigned ansi)
{
    return (ansi & 8) | (ansi & 1) << 2 | (ansi & 2) | (ansi & 4) >> 2;
}

/* xterm's colours from 16 on: a cube of 6 x 6 x 6, then 24 greys. */
static uint32_t palette_rgb(unsigned index)
{
    static const uint8_t levels[6] = {0, 95, 135, 175, 215, 255};
    if (index < 16)
        return screen_palette[vga_color(index)];
    if (index >= 232)
        return (8 + 10 * (index - 232)) * 0x010101;
    index -= 16;
    return (uint32_t)levels[index / 36] << 16 | (uint32_t)levels[index / 6 % 6] << 8 | levels[index % 6];
}

static unsigned square(unsigned a, unsigned b)
{
    return (a - b) * (a - b);
}

static unsigned nearest_vga(uint32_t rgb)
{
    unsigned best = 0, best_distance = ~0u;
    for (unsigned i = 0; i < 16; i++) {
        uint32_t other = screen_palette[i];
        unsigned distance = 3 * square(rgb >> 16, other >> 16) + 4 * square(rgb >> 8 & 0xff, other >> 8 & 0xff) +
                            2 * square(rgb & 0xff, other & 0xff); /* the eye sees green best */
        if (distance < best_distance) {
            best_distance = distance;
            best = i;
        }
    }
    return best;
}

/* The colour as one of VGA's, or 16 when it is none of them. */
static unsigned exact_vga(uint32_t color, unsigned normal, bool bright)
{
    if (color == CELL_COLOR_DEFAULT)
        return normal | (bright ? 8 : 0);
    if ((color & CELL_COLOR_INDEXED) && (color & 0xff) < 16)
        return vga_color(color & 0xff) | (bright ? 8 : 0);
    return 16;
}

static uint32_t to_rgb(uint32_t color)
{
    return color & CELL_COLOR_INDEXED ? palette_rgb(color & 0xff) : cell_color_to_rgb(color);
}

static unsigned to_vga(uint32_t color, unsigned normal, bool bright)
{
    static uint32_t last_rgb;
    static unsigned last_vga; /* 0 is black, and so is rgb 0 */
    unsigned exact = exact_vga(color, normal, bright);
    if (exact < 16)
        return exact;
    uint32_t rgb = to_rgb(color);
    if (rgb != last_rgb) {
        last_vga = nearest_vga(rgb);
        last_rgb = rgb;
    }
    return last_vga;
}

/* ------------------------------------------------------------------------------------------------------------------
 * VGA text
 */

static unsigned text_colors(const struct cell *cell)
{
    unsigned foreground = to_vga(cell->foreground, GREY, cell->bold);
    unsigned background = to_vga(cell->background, 0, false);
    if (cell->underline)
        foreground = UNDERLINE_COLOR;
    return cell->reverse ? background | foreground << 4 : foreground | background << 4;
}

static uint16_t text_cell(const struct cell *cell)
{
    static uint64_t last_look = ~0ull; /* cells beside one another mostly look alike */
    static unsigned last_colors;
    uint64_t look = cell_word(cell) >> CELL_LOOK_SHIFT;
    if (look != last_look) {
        last_colors = text_colors(cell);
        last_look = look;
    }
    return (uint16_t)((cell->rest ? ' ' : text_font_code(cell->character)) | last_colors << 8);
}

/* Where the next cell is, from COLUMN on, that is not shown as it should be; LAST when there is none. */
static unsigned skip_shown(
    const struct cell *cells, const struct cell *show, unsigned column, unsigned last, uint64_t flip)
{
    while (column < last && (cell_word(&cells[column]) ^ flip) == cell_word(&show[column]))
        column++;
    return column;
}

/* Shows the cells of CELLS[FIRST..LAST - 1] that are not what is there, run by run. FLIP: bits to change in each. */
static void update_text(unsigned row, const struct cell *cells, unsigned first, unsigned last, uint64_t flip)
{
    struct cell *show = &shown[row * screen->columns];
    uint16_t run[SCREEN_MAX_COLUMNS];

    for (unsigned column = first; (column = skip_shown(cells, show, column, last, flip)) < last;) {
        unsigned start = column;
        for (; column < last && (cell_word(&cells[column]) ^ flip) != cell_word(&show[column]); column++) {
            show[column] = cell_of_word(cell_word(&cells[column]) ^ flip);
            run[column - start] = text_cell(&show[column]);
        }
        screen->operations->show(row, start, run, column - start);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Framebuffers
 */

static uint32_t to_pixel(uint32_t color, unsigned normal, bool bright)
{
    unsigned exact = exact_vga(color, normal, bright);
    return screen->operations->pixel(exact < 16 ? screen_palette[exact] : to_rgb(color));
}

/* The pixel values of a cell. Cells beside one another mostly look alike. */
struct pixels {
    uint32_t foreground, background;
};

static uint64_t pixels_look; /* whose pixels cell_pixels has computed last; ~0: nobody's */

static struct pixels cell_pixels(const struct cell *cell)
{
    static struct pixels last;
    uint64_t look = cell_word(cell) >> CELL_LOOK_SHIFT;
    if (look != pixels_look) {
        uint32_t foreground = to_pixel(cell->foreground, GREY, cell->bold);
        uint32_t background = to_pixel(cell->background, 0, false);
        last.foreground = cell->reverse ? background : foreground;
        last.background = cell->reverse ? foreground : background;
        pixels_look = look;
    }
    return last;
}

static void draw_cell(unsigned row, unsigned column, const struct cell *cell)
{
    struct pixels pixels = cell_pixels(cell);
    uint8_t made[FONT_HEIGHT];
    const uint8_t *glyph = unicode_font_glyph(cell->rest ? ' ' : cell->character, made);

    if (cell->underline) {
        if (glyph != made)
            memcpy(made, glyph, FONT_HEIGHT);
        made[UNDERLINE_LINE] = 0xff;
        glyph = made;
    }
    screen->operations->draw(row, column, glyph, pixels.foreground, pixels.background);
}

static void update_pixels(unsigned row, const struct cell *cells, unsigned first, unsigned last, uint64_t flip)
{
    struct cell *show = &shown[row * screen->columns];

    for (unsigned column = first; (column = skip_shown(cells, show, column, last, flip)) < last; column++) {
        show[column] = cell_of_word(cell_word(&cells[column]) ^ flip);
        draw_cell(row, column, &show[column]);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The screen as a whole
 */

/* VGA's cursor is a matter of registers. */
static void move_text_cursor(const struct emulator_cursor *cursor)
{
    if (cursor->row != shown_cursor.row || cursor->column != shown_cursor.column)
        screen->operations->move_cursor(cursor->row, cursor->column);
    if (cursor->visible != shown_cursor.visible)
        screen->operations->show_cursor(cursor->visible);
    shown_cursor = *cursor;
}

/* The cell under a framebuffer's cursor is shown in reverse; it was drawn as it is before, if it has changed at all. */
static void draw_cursor(struct emulator *emulator, const struct emulator_cursor *cursor, bool reverse)
{
    struct grid_range changed;
    const struct cell *cells = emulator_row(emulator, cursor->row, &changed);
    uint64_t flip = (reverse ? CELL_REVERSE : 0) ^ (cursor->visible ? CELL_REVERSE : 0);
    update_pixels(cursor->row, cells, cursor->column, cursor->column + 1, flip);
}

void display_update(struct emulator *emulator)
{
    static const struct emulator *last;
    bool text = screen->operations->draw == NULL, reverse = emulator_is_reverse(emulator);
    struct emulator_cursor cursor = emulator_cursor(emulator);
    struct emulator_cursor gone = {.row = shown_cursor.row, .column = shown_cursor.column};
    void (*update)(unsigned, const struct cell *, unsigned, unsigned, uint64_t) = text ? update_text : update_pixels;

    if (emulator != last)
        emulator_touch(emulator);
    last = emulator;
    for (unsigned row = 0; row < screen->rows; row++) {
        struct grid_range changed;
        const struct cell *cells = emulator_row(emulator, row, &changed);
        if (changed.first < changed.last)
            update(row, cells, changed.first, changed.last, reverse ? CELL_REVERSE : 0);
    }
    if (text) {
        move_text_cursor(&cursor);
        return;
    }
    if (cursor.row != gone.row || cursor.column != gone.column)
        draw_cursor(emulator, &gone, reverse);
    draw_cursor(emulator, &cursor, reverse);
    shown_cursor = cursor;
}

bool display_size(unsigned *columns, unsigned *rows)
{
    struct screen_contents contents;
    const struct screen *there = screen_contents(&contents);
    if (there == NULL)
        return false;
    *columns = there->columns;
    *rows = there->rows;
    return true;
}

static struct cell cell_of_text(uint16_t text)
{
    unsigned character = text & 0xff, foreground = text >> 8 & 15, background = text >> 12;
    return (struct cell){
        .character = character >= ' ' && character <= '~' ? character : 0x25a0, /* black square */
        .foreground = foreground == GREY ? CELL_COLOR_DEFAULT : cell_color_indexed(vga_color(foreground)),
        .background = background == 0 ? CELL_COLOR_DEFAULT : cell_color_indexed(vga_color(background)),
    };
}

void display_open(struct cell *memory)
{
    struct screen_contents contents;
    screen = screen_contents(&contents);
    shown = memory;
    pixels_look = ~0ull; /* the last screen may have had other pixels */
    for (unsigned i = 0; i < screen->columns * screen->rows; i++)
        shown[i] = cell_of_text(contents.cells[i]);
    shown_cursor = (struct emulator_cursor){.row = contents.row, .column = contents.column, .visible = true};
}

void display_copy(struct emulator *emulator)
{
    for (unsigned row = 0; row < screen->rows; row++)
        emulator_set_row(emulator, row, &shown[row * screen->columns]);
    emulator_move_cursor(emulator, shown_cursor.row, shown_cursor.column);
}

void display_close(void)
{
    struct screen_contents contents;
    if (screen == NULL)
        return;
    screen_contents(&contents);
    for (unsigned i = 0; i < screen->columns * screen->rows; i++)
        contents.cells[i] = text_cell(&shown[i]);
    screen_resume(shown_cursor.row, shown_cursor.column);
    screen = NULL;
}
