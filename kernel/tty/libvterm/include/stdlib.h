/*
 * What libvterm takes from a C library's <stdlib.h>. Its own allocator calls malloc and free, but the terminal gives it
 * another (kernel/tty/emulator.c), so the linker drops that one, and these are never defined.
 */
#ifndef CORRODE_TTY_LIBVTERM_STDLIB_H
#define CORRODE_TTY_LIBVTERM_STDLIB_H

#include <stddef.h>

void *malloc(size_t size);
void free(void *memory);
_Noreturn void exit(int status);

static inline int abs(int number)
{
    return number < 0 ? -number : number;
}

#endif
