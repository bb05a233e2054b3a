/*
 * How deep a stack has been, in debug builds: it is painted with a pattern before it is used, and what is still pattern
 * at its lower end has never been touched.
 *
 * A function may skip over words that it reserves and never writes, so the figure can be a little low; but not by more
 * than the largest frame.
 */
#ifndef CORRODE_DEBUG_STACK_DEPTH_H
#define CORRODE_DEBUG_STACK_DEPTH_H

#include "lib/types.h"

/* Paints [base, base + size), of which nothing is in use. For the stack that the caller runs on, only what is well
 * below. */
void stack_paint(vaddr_t base, size_t size);
void stack_paint_current(vaddr_t base);

/* The most that has been in use of a painted stack, in bytes. */
size_t stack_depth(vaddr_t base, size_t size);

/* Beyond this a stack is too small. */
static inline bool stack_is_short(size_t depth, size_t size)
{
    return depth > size / 4 * 3;
}

#endif
