/*
 * A terminal's cells: two screens of rows, of which one is in use, and what of it has changed.
 *
 * Rows are reached through pointers, so scrolling whole lines moves no cells. Each row knows the range of columns that
 * has changed since grid_row was last asked, so whoever shows the cells looks at nothing else. A character of two
 * columns lies in two cells, the second of them marked `rest`; whatever destroys one of them blanks the other.
 */
#ifndef CORRODE_TTY_GRID_H
#define CORRODE_TTY_GRID_H

#include "tty/cell.h"

#include <stddef.h>

/* Columns FIRST to LAST - 1; none when first >= last. */
struct grid_range {
    unsigned first, last;
};

/* Rows TOP to BOTTOM - 1, columns LEFT to RIGHT - 1. May be empty, and may lie beyond the grid: that part is ignored.
 */
struct grid_rect {
    int top, bottom, left, right;
};

struct grid_row {
    struct cell *cells;
    struct grid_range changed;
};

/* Rows that have left the main screen at its top, the last of them in the place before `next`. A ring. */
struct grid_history {
    struct cell **rows;
    unsigned size, count, next; /* size 0: none is kept */
};

struct grid {
    unsigned columns, rows;
    struct grid_row *screens[2]; /* the main screen, and the one that full-screen programs ask for */
    struct grid_row *screen;     /* the one in use */
    struct cell pen;             /* a blank in the colours and attributes of what is written */
    struct grid_history history;
    unsigned view; /* grid_row shows the main screen as it was so many rows ago */
};

/* SCREENS and CELLS: room for 2 * rows, and for 2 * rows * columns. */
void grid_init(struct grid *grid, unsigned columns, unsigned rows, struct grid_row *screens, struct cell *cells);

/* Keeps up to COUNT rows of history. MEMORY: grid_history_size bytes. */
size_t grid_history_size(const struct grid *grid, unsigned count);
void grid_keep_history(struct grid *grid, void *memory, unsigned count);

/* Looks UP rows further back, or forward when negative, as far as there is something; false: nothing changes. */
bool grid_look_back(struct grid *grid, int up);

/* Writes a character of 1 or 2 columns with the pen. A place beyond the grid is ignored. */
void grid_put(struct grid *grid, int row, int column, uint32_t character, int width, bool protected);

/* The same for LENGTH characters of ASCII, all of which lie on the grid. */
void grid_put_ascii(
    struct grid *grid, unsigned row, unsigned column, const char *text, unsigned length, bool protected);

/* Blanks, in the pen's background. selective: but for protected cells. */
void grid_erase(struct grid *grid, struct grid_rect rect, bool selective);

/* Moves what is in the rectangle UP rows and LEFT columns (down and right when negative); blanks what becomes free. */
void grid_scroll(struct grid *grid, struct grid_rect rect, int up, int left);

/* Puts screen 0 or 1 to use. */
void grid_switch(struct grid *grid, unsigned screen);

void grid_set_row(struct grid *grid, unsigned row, const struct cell *cells);

/* All has changed. */
void grid_touch(struct grid *grid);

/* The cells of a row of the screen in use, or of what is looked at instead. *CHANGED tells which have changed; they
 * count as unchanged from now on. */
const struct cell *grid_row(struct grid *grid, unsigned row, struct grid_range *changed);

#endif
