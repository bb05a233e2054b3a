/*
 * Functions that the compiler calls by itself, under names that it chose. See shift.c.
 */
#ifndef CORRODE_BOOT_I386_SHIFT_H
#define CORRODE_BOOT_I386_SHIFT_H

#include <stdint.h>

/* The compiler's own calls follow -mregparm like all others. */
#define COMPILER_CALL __attribute__((used))

COMPILER_CALL uint64_t __ashldi3(uint64_t n, int by);
COMPILER_CALL uint64_t __lshrdi3(uint64_t n, int by);

#endif
