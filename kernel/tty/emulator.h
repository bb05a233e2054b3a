/*
 * Terminal emulation: what an xterm would show, as a grid of cells, and what it would send when a key is pressed.
 *
 *     emulator = emulator_create(memory, columns, rows, &operations, context);  // MEMORY: emulator_size() zero bytes
 *     emulator_write(emulator, bytes, length);
 *     for (row ...) if (emulator_row(emulator, row, &changed)) ...             // what has changed
 *
 * An emulator locks nothing, and allocates nothing after its creation, whatever is written to it. It stands between
 * libvterm, which knows the modes and sequences, and those who show cells; nobody else sees libvterm.
 */
#ifndef CORRODE_TTY_EMULATOR_H
#define CORRODE_TTY_EMULATOR_H

#include "tty/grid.h"
#include "tty/key.h"

#include <stddef.h>

#define EMULATOR_COLUMNS_MAX 512
#define EMULATOR_ROWS_MAX 256

struct emulator;

struct emulator_operations {
    /* What the terminal sends to the program: encoded keys, answers to its questions. NULL: nobody wants them. */
    void (*send)(void *context, const char *bytes, size_t length);
    void (*bell)(void *context); /* NULL: it is silent */
};

/* Bytes that an emulator of this size needs; 0 when it is none: 1 to EMULATOR_*_MAX columns and rows. */
size_t emulator_size(unsigned columns, unsigned rows);

/* MEMORY is zero and aligned to 16; it is all that the emulator uses, so freeing it is its end. */
struct emulator *emulator_create(
    void *memory, unsigned columns, unsigned rows, const struct emulator_operations *operations, void *context);

/*
 * Keeps the last COUNT rows that have left the screen at its top. MEMORY: emulator_history_size bytes.
 * emulator_look_back shows them: UP rows further back, or forward when negative, as far as there is something; false:
 * nothing changes. What is written shows the present again.
 */
size_t emulator_history_size(const struct emulator *emulator, unsigned count);
void emulator_keep_history(struct emulator *emulator, void *memory, unsigned count);
bool emulator_look_back(struct emulator *emulator, int up);

/* UTF-8 with escape sequences, in any pieces. */
void emulator_write(struct emulator *emulator, const char *bytes, size_t length);

/* Forgets a sequence or character that has begun, and goes back to the default colours. */
void emulator_interrupt(struct emulator *emulator);

/* Encodes a key and sends it. */
void emulator_key(struct emulator *emulator, const struct key_event *event);

/* The cells of a row. *CHANGED tells which have changed, and they count as unchanged from now on. */
const struct cell *emulator_row(struct emulator *emulator, unsigned row, struct grid_range *changed);

/* All has changed: another emulator has been shown meanwhile. */
void emulator_touch(struct emulator *emulator);

/* The cursor is always on the screen. */
struct emulator_cursor {
    unsigned row, column;
    bool visible;
};
struct emulator_cursor emulator_cursor(const struct emulator *emulator);

/* For a screen that is taken over: sets a row, and the cursor. */
void emulator_set_row(struct emulator *emulator, unsigned row, const struct cell *cells);
void emulator_move_cursor(struct emulator *emulator, unsigned row, unsigned column);

/* Is the whole screen shown in reverse (DECSCNM)? */
bool emulator_is_reverse(const struct emulator *emulator);

#endif
