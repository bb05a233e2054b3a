/*
 * The screen as a grid of cells: cursor, line ends, scrolling.
 *
 * Characters go into `wanted`; `shown` is what the back end has been told. screen_update brings the two together,
 * changed cells only: however far a long text scrolls, each cell is drawn at most once, and the screen's own memory,
 * which is slow to read, never is read. The console's lock guards everything here.
 */
#include "lib/string.h"
#include "tty/screen_internal.h"

#define TAB_STOP 8

static struct screen screen; /* rows is 0 without a screen */
static uint16_t wanted[SCREEN_MAX_COLUMNS * SCREEN_MAX_ROWS];
static uint16_t shown[SCREEN_MAX_COLUMNS * SCREEN_MAX_ROWS];

/*
 * The cursor. `column` may be one past the end of the row: the next character goes to the next row then, so that a line
 * that fills the row exactly leaves no empty row behind it.
 */
static unsigned column, row;

/* The rows in which wanted and shown may differ: none when first > last. */
static unsigned first_changed, last_changed;

static uint8_t blank_colors = SCREEN_DEFAULT_COLORS;

const uint32_t screen_palette[16] = {
    0x000000,
    0x0000aa,
    0x00aa00,
    0x00aaaa, /* black blue green cyan */
    0xaa0000,
    0xaa00aa,
    0xaa5500,
    0xaaaaaa, /* red magenta brown grey */
    0x555555,
    0x5555ff,
    0x55ff55,
    0x55ffff, /* and the same, bright */
    0xff5555,
    0xff55ff,
    0xffff55,
    0xffffff,
};

static uint16_t make_cell(uint8_t character, uint8_t colors)
{
    return (uint16_t)(character | colors << 8);
}

static void mark_changed(unsigned first, unsigned last)
{
    if (first < first_changed)
        first_changed = first;
    if (last > last_changed)
        last_changed = last;
}

static void mark_unchanged(void)
{
    first_changed = screen.rows;
    last_changed = 0;
}

static void blank_rows(unsigned first, unsigned count)
{
    uint16_t *cell = &wanted[first * screen.columns];
    for (unsigned i = 0; i < count * screen.columns; i++)
        cell[i] = make_cell(' ', blank_colors);
}

void screen_open(const struct boot_info *info)
{
    screen = (struct screen){0};
    blank_colors = SCREEN_DEFAULT_COLORS;
    if (!text_screen_open(info, &screen, shown) && !framebuffer_open(info, &screen, shown)) {
        screen.rows = 0;
        return;
    }
    memcpy(wanted, shown, screen.columns * screen.rows * sizeof wanted[0]);
    column = screen.cursor_column < screen.columns ? screen.cursor_column : screen.columns - 1;
    row = screen.cursor_row < screen.rows ? screen.cursor_row : screen.rows - 1;
    mark_unchanged();
}

void screen_give_up(void)
{
    screen.rows = 0;
}

static void new_line(void)
{
    column = 0;
    if (row + 1 < screen.rows) {
        row++;
        return;
    }
    memmove(wanted, &wanted[screen.columns], (screen.rows - 1) * screen.columns * sizeof wanted[0]);
    blank_rows(screen.rows - 1, 1);
    mark_changed(0, screen.rows - 1);
}

static void put_cell(uint8_t character, uint8_t colors)
{
    if (column == screen.columns)
        new_line();
    wanted[row * screen.columns + column] = make_cell(character, colors);
    mark_changed(row, row);
    column++;
}

void screen_put(char c, uint8_t colors)
{
    if (screen.rows == 0)
        return;
    switch (c) {
    case '\n': new_line(); break;
    case '\r': column = 0; break;
    case '\b':
        if (column > 0)
            column--;
        break;
    case '\t':
        do
            put_cell(' ', colors);
        while (column % TAB_STOP != 0 && column < screen.columns);
        break;
    default: put_cell(c >= ' ' && c <= '~' ? (uint8_t)c : SCREEN_BOX, colors); break;
    }
}

void screen_clear(uint8_t colors)
{
    if (screen.rows == 0)
        return;
    blank_colors = colors;
    blank_rows(0, screen.rows);
    mark_changed(0, screen.rows - 1);
    column = row = 0;
}

/* Shows the changed cells of one row, run by run. */
static void update_row(unsigned r)
{
    const uint16_t *want = &wanted[r * screen.columns];
    uint16_t *show = &shown[r * screen.columns];

    for (unsigned start = 0; start < screen.columns;) {
        unsigned end = start;
        while (end < screen.columns && want[end] != show[end]) {
            show[end] = want[end];
            end++;
        }
        if (end > start)
            screen.operations->show(r, start, &want[start], end - start);
        start = end + 1;
    }
}

void screen_update(void)
{
    if (screen.rows == 0)
        return;
    for (unsigned r = first_changed; r <= last_changed && r < screen.rows; r++)
        update_row(r);
    mark_unchanged();
    if (screen.operations->move_cursor != NULL)
        screen.operations->move_cursor(row, column < screen.columns ? column : screen.columns - 1);
}

const struct screen *screen_contents(struct screen_contents *contents)
{
    *contents = (struct screen_contents){
        .cells = shown,
        .row = row,
        .column = column < screen.columns ? column : screen.columns - 1,
    };
    return screen.rows > 0 ? &screen : NULL;
}

void screen_resume(unsigned new_row, unsigned new_column)
{
    memcpy(wanted, shown, screen.columns * screen.rows * sizeof wanted[0]);
    row = new_row < screen.rows ? new_row : screen.rows - 1;
    column = new_column < screen.columns ? new_column : screen.columns - 1;
    blank_colors = SCREEN_DEFAULT_COLORS;
    mark_unchanged();
}
