/*
 * What libvterm takes from a C library's <string.h>.
 */
#ifndef CORRODE_TTY_LIBVTERM_STRING_H
#define CORRODE_TTY_LIBVTERM_STRING_H

#include "lib/string.h"

/* As in C11 7.24.2.4, but for the zeros that fill up TO: libvterm ends its copies itself. */
static inline char *strncpy(char *to, const char *from, size_t size)
{
    memcpy(to, from, strnlen(from, size));
    return to;
}

#endif
