/*
 * Painting stacks: see stack_depth.h.
 */
#include "debug/stack_depth.h"

#define PATTERN 0x6b63617473206f6eull /* "no stack" in memory; as an address it is not canonical */
#define RED_ZONE 512                  /* bytes below the caller's frame: what stack_paint itself needs */

void stack_paint(vaddr_t base, size_t size)
{
    volatile uint64_t *words = (volatile uint64_t *)base;
    for (size_t i = 0; i < size / sizeof *words; i++)
        words[i] = PATTERN;
}

void stack_paint_current(vaddr_t base)
{
    vaddr_t here = align_down((vaddr_t)__builtin_frame_address(0) - RED_ZONE, sizeof(uint64_t));
    if (here > base)
        stack_paint(base, here - base);
}

size_t stack_depth(vaddr_t base, size_t size)
{
    const uint64_t *words = (const uint64_t *)base;
    size_t count = size / sizeof *words, untouched = 0;
    while (untouched < count && words[untouched] == PATTERN)
        untouched++;
    return size - untouched * sizeof *words;
}
