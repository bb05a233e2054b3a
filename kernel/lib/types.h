/*
 * Integers with units, and the arithmetic of alignment.
 */
#ifndef CORRODE_LIB_TYPES_H
#define CORRODE_LIB_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t paddr_t; /* a physical address */
typedef uint64_t vaddr_t; /* a virtual address, canonical */

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

#define PAGE_SIZE 4096u

/* The structure of the given type whose member POINTER points to. */
#define container_of(pointer, type, member) ((type *)((uintptr_t)(pointer) - offsetof(type, member)))

#define ARRAY_LENGTH(a) (sizeof(a) / sizeof(a)[0])

/* ALIGN is a power of two. align_up wraps to 0 past the end of the address space: callers bound their input first. */
static inline uint64_t align_down(uint64_t n, uint64_t align)
{
    return n & ~(align - 1);
}
static inline uint64_t align_up(uint64_t n, uint64_t align)
{
    return (n + align - 1) & ~(align - 1);
}
static inline bool is_aligned(uint64_t n, uint64_t align)
{
    return (n & (align - 1)) == 0;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}
static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

#endif
