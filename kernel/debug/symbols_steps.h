/*
 * How a function's lines are written in the table of symbols (debug/symbols.h): what its writer, tools/mksymbols, and
 * its reader, symbols_table.c, have in common.
 *
 * A step goes on to the next instruction whose file or line is another. Optimised code jumps to and fro between few
 * places, of which many are functions that were inlined; so both sides keep the places and the files that came last,
 * the latest first, and most steps take one or two bytes:
 *
 *     0 to STEP_POSITION - 1    step / STEP_LINES bytes further, and step % STEP_LINES + STEP_LINE_BASE lines, same
 * file STEP_POSITION + n         to the nth of the latest places; the distance in bytes follows STEP_RECENT + n the nth
 * of the latest files; the distance in bytes follows, and that in lines from the last place there, d as 2 x d if it is
 * not negative, else as 2 x ~d + 1 STEP_FILE                 any place: distance in bytes, number of the file, line
 */
#ifndef CORRODE_DEBUG_SYMBOLS_STEPS_H
#define CORRODE_DEBUG_SYMBOLS_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#define STEP_POSITIONS 8u
#define STEP_FILES 4u

#define STEP_LINES 10u
#define STEP_LINE_BASE (-3)
#define STEP_POSITION 240u
#define STEP_RECENT (STEP_POSITION + STEP_POSITIONS)
#define STEP_FILE (STEP_RECENT + STEP_FILES)

struct symbols_place {
    uint64_t file, line;
};

/* The latest first; [0] of both is where we are. */
struct symbols_recent {
    struct symbols_place places[STEP_POSITIONS];
    struct symbols_place files[STEP_FILES]; /* each with its last line */
    unsigned place_count, file_count;
};

/* Puts PLACE first in a list that has room for MAX; takes out the one that it replaces, or the oldest. */
static inline void symbols_put_first(
    struct symbols_place *list, unsigned *count, unsigned max, struct symbols_place place, bool by_file)
{
    unsigned i = 0;
    while (i < *count && (list[i].file != place.file || (!by_file && list[i].line != place.line)))
        i++;
    if (i == *count && *count < max)
        ++*count;
    if (i == max)
        i--;
    for (; i > 0; i--)
        list[i] = list[i - 1];
    list[0] = place;
}

static inline void symbols_go(struct symbols_recent *recent, struct symbols_place place)
{
    symbols_put_first(recent->places, &recent->place_count, STEP_POSITIONS, place, false);
    symbols_put_first(recent->files, &recent->file_count, STEP_FILES, place, true);
}

#endif
