/*
 * A place on a terminal: a character, how it looks, and in which colours. All of it is in 64 bits, so that the
 * thousands of cells that a scrolling screen compares and moves are a word each; the price is that of true colours only
 * the upper six bits of red, green and blue are kept.
 */
#ifndef CORRODE_TTY_CELL_H
#define CORRODE_TTY_CELL_H

#include <stdbool.h>
#include <stdint.h>

struct cell {
    uint64_t character : 21; /* Unicode; a blank is a space */
    uint64_t bold : 1;
    uint64_t underline : 1;
    uint64_t reverse : 1;
    uint64_t protected : 1;   /* selective erasing leaves it */
    uint64_t rest : 1;        /* the right half of the character in the cell before */
    uint64_t foreground : 19; /* cell_color_* */
    uint64_t background : 19;
};
_Static_assert(sizeof(struct cell) == sizeof(uint64_t), "a word");

/* Colours: six bits each of red, green and blue; or an index into xterm's 256 colours; or none in particular. */
#define CELL_COLOR_INDEXED 0x40000u
#define CELL_COLOR_DEFAULT 0x40100u

static inline uint32_t cell_color_rgb(uint8_t red, uint8_t green, uint8_t blue)
{
    return (uint32_t)(red >> 2) << 12 | (uint32_t)(green >> 2) << 6 | blue >> 2;
}

static inline uint32_t cell_color_indexed(uint8_t index)
{
    return CELL_COLOR_INDEXED | index;
}

/* A colour of cell_color_rgb as 24 bits. */
static inline uint32_t cell_color_to_rgb(uint32_t color)
{
    uint32_t red = color >> 12 & 63, green = color >> 6 & 63, blue = color & 63;
    return (red << 2 | red >> 4) << 16 | (green << 2 | green >> 4) << 8 | (blue << 2 | blue >> 4);
}

/* All of a cell, to be compared. */
static inline uint64_t cell_word(const struct cell *cell)
{
    uint64_t word;
    __builtin_memcpy(&word, cell, sizeof word);
    return word;
}

static inline struct cell cell_of_word(uint64_t word)
{
    struct cell cell;
    __builtin_memcpy(&cell, &word, sizeof cell);
    return cell;
}

/* Parts of it (System V ABI, AMD64: bit-fields from the lowest bit on). */
#define CELL_LOOK_SHIFT 21 /* attributes and colours lie above the character */
#define CELL_REVERSE (1ull << 23)

#endif
