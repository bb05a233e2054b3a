/*
 * What a person sees: the screen of a terminal that is emulated here (libvterm), or that of a virtual PC, as QEMU's
 * monitor has it: the memory of its text mode, or the picture.
 */
#ifndef CORRODE_TESTS_DRIVE_VIEW_H
#define CORRODE_TESTS_DRIVE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#define VIEW_COLUMNS 80
#define VIEW_ROWS 25

/* The PC's screen is read from its pixels, and has as many rows and columns as fit. */
extern bool view_is_of_pixels;

/* Starts the emulation; ANSWER gets what the terminal has to say to questions about itself. */
void view_init(unsigned rows, unsigned columns, void (*answer)(const char *text, size_t length));
void view_resize(unsigned rows, unsigned columns);

/* What arrives for the terminal. */
void view_write(const char *text, size_t length);

/* Looks again; from then on view_line gives ROW as text without blanks at its end, or NULL below the last. */
void view_update(void);
const char *view_line(unsigned row);

#endif
