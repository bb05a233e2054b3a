/*
 * A place on a terminal: a character, how it looks, and in which colours.
 */
#ifndef CORRODE_TTY_CELL_H
#define CORRODE_TTY_CELL_H

#include <stdbool.h>
#include <stdint.h>

/* Colours: 24 bits of red, green and blue; or one of these. */
#define CELL_COLOR_INDEXED 0x01000000u /* plus 0 to 255: xterm's palette, of which 0 to 15 are ANSI's colours */
#define CELL_COLOR_DEFAULT 0x02000000u

struct cell {
    uint32_t character : 21; /* Unicode; a blank is a space */
    uint32_t bold : 1;
    uint32_t underline : 1;
    uint32_t reverse : 1;
    uint32_t protected : 1; /* selective erasing leaves it */
    uint32_t wide : 1;      /* the next cell is its right half, with the same character and `rest` */
    uint32_t rest : 1;
    uint32_t foreground;
    uint32_t background;
};

static inline bool cell_equal(const struct cell *a, const struct cell *b)
{
    uint32_t first, second;
    __builtin_memcpy(&first, a, sizeof first);
    __builtin_memcpy(&second, b, sizeof second);
    return first == second && a->foreground == b->foreground && a->background == b->background;
}

#endif
