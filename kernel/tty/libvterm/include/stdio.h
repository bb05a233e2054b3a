/*
 * What libvterm takes from a C library's <stdio.h>: formatting into buffers, and complaints to stderr in functions that
 * nothing here calls, so that neither fprintf nor stderr is ever defined.
 */
#ifndef CORRODE_TTY_LIBVTERM_STDIO_H
#define CORRODE_TTY_LIBVTERM_STDIO_H

#include "lib/printf.h"

extern void *stderr;
int fprintf(void *stream, const char *format, ...);

#endif
