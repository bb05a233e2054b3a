/*
 * The display: the machine's one screen, showing the cells of one emulator at a time, in the colours and characters
 * that it has. It knows what it has shown, so only cells that differ are drawn, and the screen's memory is never read.
 *
 *     int error = display_open(cells);     takes over what the console has been writing to
 *     display_update(emulator);            after each change
 *
 * Whoever calls has locked the terminals.
 */
#ifndef CORRODE_TTY_DISPLAY_H
#define CORRODE_TTY_DISPLAY_H

#include "tty/emulator.h"

/* How many cells the screen has; false when there is no screen. */
bool display_size(unsigned *columns, unsigned *rows);

/* Takes the screen over. SHOWN: room for a struct cell for each cell of the screen, for good. */
void display_open(struct cell *shown);

/* Copies what the screen shows, and where its cursor is, to an emulator of its size. */
void display_copy(struct emulator *emulator);

/* Shows what has changed in the emulator, which has the size of the screen; or all of it, after another one. */
void display_update(struct emulator *emulator);

/* Gives the screen back to the console, with what it shows; for panics. Allocates and locks nothing. */
void display_close(void);

#endif
