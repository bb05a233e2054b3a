/*
 * Pseudo-terminals: a terminal (/dev/pts/N) whose other end is not hardware but a program, which has /dev/ptmx open.
 * What the program writes there is typed on the terminal; what is written to the terminal, the program reads.
 */
#ifndef CORRODE_TTY_PTY_H
#define CORRODE_TTY_PTY_H

#include <stdbool.h>

/* /dev/ptmx, and the file system devpts. */
bool ptys_init(void); /* false: there is not enough memory */

#endif
