/*
 * Cells that move: see grid.h. Whoever calls has locked the terminal.
 */
#include "tty/grid.h"
#include "lib/string.h"

static int absolute(int n)
{
    return n < 0 ? -n : n;
}

static void mark_changed(struct grid_row *row, unsigned first, unsigned last)
{
    if (first < row->changed.first)
        row->changed.first = first;
    if (last > row->changed.last)
        row->changed.last = last;
}

static void blank_character(struct grid_row *row, unsigned column)
{
    row->cells[column].character = ' ';
    row->cells[column].rest = 0;
    mark_changed(row, column, column + 1);
}

/* A wide character that lies in COLUMN - 1 and COLUMN is torn. */
static void break_edge(struct grid *grid, struct grid_row *row, unsigned column)
{
    if (column > 0 && column < grid->columns && row->cells[column].rest) {
        blank_character(row, column - 1);
        blank_character(row, column);
    }
}

void grid_put(struct grid *grid, int row_number, int column_number, uint32_t character, int width, bool protected)
{
    unsigned column = (unsigned)column_number;
    if ((unsigned)row_number >= grid->rows || column >= grid->columns)
        return;

    struct grid_row *row = &grid->screen[row_number];
    struct cell *cell = &row->cells[column];
    break_edge(grid, row, column);
    break_edge(grid, row, column + 1);
    *cell = grid->pen;
    cell->character = character;
    cell->protected = protected;
    if (width > 1 && column + 1 < grid->columns) {
        break_edge(grid, row, column + 2);
        cell[1] = cell[0];
        cell[1].rest = 1;
        mark_changed(row, column, column + 2);
    } else {
        mark_changed(row, column, column + 1);
    }
}

void grid_put_ascii(
    struct grid *grid, unsigned row_number, unsigned column, const char *text, unsigned length, bool protected)
{
    struct grid_row *row = &grid->screen[row_number];
    struct cell pen = grid->pen;

    if (length == 0)
        return;
    pen.character = 0;
    pen.protected = protected;
    break_edge(grid, row, column);
    break_edge(grid, row, column + length);
    for (unsigned i = 0; i < length; i++)
        row->cells[column + i] = cell_of_word(cell_word(&pen) | (uint8_t)text[i]);
    mark_changed(row, column, column + length);
}

/* What of the rectangle lies on the grid; false when nothing does. */
static bool clip(const struct grid *grid, struct grid_rect *rect)
{
    if (rect->top < 0)
        rect->top = 0;
    if (rect->left < 0)
        rect->left = 0;
    if (rect->bottom > (int)grid->rows)
        rect->bottom = (int)grid->rows;
    if (rect->right > (int)grid->columns)
        rect->right = (int)grid->columns;
    return rect->top < rect->bottom && rect->left < rect->right;
}

void grid_erase(struct grid *grid, struct grid_rect rect, bool selective)
{
    struct cell blank = {
        .character = ' ',
        .foreground = CELL_COLOR_DEFAULT,
        .background = grid->pen.background,
    };
    if (!clip(grid, &rect))
        return;

    unsigned first = (unsigned)rect.left, last = (unsigned)rect.right;
    for (int r = rect.top; r < rect.bottom; r++) {
        struct grid_row *row = &grid->screen[r];
        break_edge(grid, row, first);
        break_edge(grid, row, last);
        for (unsigned column = first; column < last; column++) {
            if (!selective || !row->cells[column].protected)
                row->cells[column] = blank;
        }
        mark_changed(row, first, last);
    }
}

static void reverse_rows(struct grid_row *rows, int count)
{
    for (int i = 0; i < count / 2; i++) {
        struct cell *cells = rows[i].cells;
        rows[i].cells = rows[count - 1 - i].cells;
        rows[count - 1 - i].cells = cells;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * History
 */

size_t grid_history_size(const struct grid *grid, unsigned count)
{
    return count * (sizeof(struct cell *) + grid->columns * sizeof(struct cell));
}

void grid_keep_history(struct grid *grid, void *memory, unsigned count)
{
    struct cell **rows = memory, *cells = (struct cell *)(rows + count);
    for (unsigned i = 0; i < count; i++)
        rows[i] = cells + (size_t)i * grid->columns;
    grid->history = (struct grid_history){.rows = rows, .size = count};
}

/* The row's cells become history, and the oldest ones of that the row's. */
static void keep_row(struct grid *grid, struct grid_row *row)
{
    struct grid_history *history = &grid->history;
    struct cell *cells = history->rows[history->next];
    history->rows[history->next] = row->cells;
    row->cells = cells;
    history->next = (history->next + 1) % history->size;
    if (history->count < history->size)
        history->count++;
}

bool grid_look_back(struct grid *grid, int up)
{
    unsigned most = grid->screen == grid->screens[0] ? grid->history.count : 0, view = grid->view;
    if (up < 0)
        view = (unsigned)-up < view ? view - (unsigned)-up : 0;
    else
        view = (unsigned)up < most - view ? view + (unsigned)up : most;
    if (view == grid->view)
        return false;
    grid->view = view;
    grid_touch(grid);
    return true;
}

static const struct cell *cells_in_view(const struct grid *grid, unsigned row)
{
    const struct grid_history *history = &grid->history;
    if (row >= grid->view)
        return grid->screen[row - grid->view].cells;
    return history->rows[(history->next + history->size - grid->view + row) % history->size];
}

/* Moves whole rows up; the first DISTANCE of them end up last. */
static void rotate_rows(struct grid *grid, int top, int bottom, int distance)
{
    struct grid_row *rows = &grid->screen[top];
    int count = bottom - top;

    reverse_rows(rows, distance);
    reverse_rows(rows + distance, count - distance);
    reverse_rows(rows, count);
    for (int i = 0; i < count; i++)
        mark_changed(&rows[i], 0, grid->columns);
}

static void move_cells(struct grid *grid, struct grid_rect rect, int up, int left)
{
    int height = rect.bottom - rect.top, width = rect.right - rect.left;
    int from_column = rect.left + (left > 0 ? left : 0), to_column = rect.left - (left < 0 ? left : 0);
    size_t size = (size_t)(width - absolute(left)) * sizeof(struct cell);

    for (int i = 0; i < height - absolute(up); i++) {
        int to = up >= 0 ? rect.top + i : rect.bottom - 1 - i;
        memmove(&grid->screen[to].cells[to_column], &grid->screen[to + up].cells[from_column], size);
    }
    for (int r = rect.top; r < rect.bottom; r++)
        mark_changed(&grid->screen[r], (unsigned)rect.left, (unsigned)rect.right);
}

static void break_edges(struct grid *grid, const struct grid_rect *rect, int column)
{
    for (int r = rect->top; r < rect->bottom; r++)
        break_edge(grid, &grid->screen[r], (unsigned)column);
}

void grid_scroll(struct grid *grid, struct grid_rect rect, int up, int left)
{
    if (!clip(grid, &rect))
        return;
    int height = rect.bottom - rect.top, width = rect.right - rect.left;
    if (absolute(up) >= height || absolute(left) >= width) {
        grid_erase(grid, rect, false);
        return;
    }

    if (left == 0 && width == (int)grid->columns) {
        rotate_rows(grid, rect.top, rect.bottom, up >= 0 ? up : height + up);
        for (int i = 0; i < up && rect.top == 0 && grid->screen == grid->screens[0] && grid->history.size > 0; i++)
            keep_row(grid, &grid->screen[rect.bottom - up + i]);
    } else {
        break_edges(grid, &rect, rect.left);
        break_edges(grid, &rect, rect.right);
        break_edges(grid, &rect, left >= 0 ? rect.left + left : rect.right + left); /* the edge of what falls off */
        move_cells(grid, rect, up, left);
    }

    struct grid_rect free_rows = rect, free_columns = rect;
    if (up > 0)
        free_rows.top = rect.bottom - up;
    else
        free_rows.bottom = rect.top - up;
    if (left > 0)
        free_columns.left = rect.right - left;
    else
        free_columns.right = rect.left - left;
    grid_erase(grid, free_rows, false);
    grid_erase(grid, free_columns, false);
}

void grid_switch(struct grid *grid, unsigned screen)
{
    grid->view = 0;
    grid->screen = grid->screens[screen];
    grid_touch(grid);
}

void grid_set_row(struct grid *grid, unsigned row, const struct cell *cells)
{
    memcpy(grid->screen[row].cells, cells, grid->columns * sizeof *cells);
    mark_changed(&grid->screen[row], 0, grid->columns);
}

void grid_touch(struct grid *grid)
{
    for (unsigned row = 0; row < grid->rows; row++)
        grid->screen[row].changed = (struct grid_range){.first = 0, .last = grid->columns};
}

const struct cell *grid_row(struct grid *grid, unsigned row, struct grid_range *changed)
{
    struct grid_row *r = &grid->screen[row];
    *changed = r->changed;
    r->changed = (struct grid_range){.first = grid->columns, .last = 0};
    return cells_in_view(grid, row);
}

void grid_init(struct grid *grid, unsigned columns, unsigned rows, struct grid_row *screens, struct cell *cells)
{
    *grid = (struct grid){
        .columns = columns,
        .rows = rows,
        .screens = {screens, screens + rows},
        .pen = {.character = ' ', .foreground = CELL_COLOR_DEFAULT, .background = CELL_COLOR_DEFAULT},
    };
    for (unsigned r = 0; r < 2 * rows; r++) {
        screens[r].cells = cells + (size_t)r * columns;
        for (unsigned column = 0; column < columns; column++)
            screens[r].cells[column] = grid->pen;
    }
    grid_switch(grid, 1);
    grid_switch(grid, 0);
}
