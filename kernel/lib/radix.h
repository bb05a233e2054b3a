/*
 * Radix trees: sparse arrays of pointers, indexed by 64-bit numbers: the pages of a file, the files of a process.
 * Nodes hold 64 slots, so a file of 256 KiB needs one, and one of 16 MiB two levels. Radix trees lock nothing.
 *
 * Memory for nodes comes from functions that the user gives, so that failing is testable and the tree knows no kernel.
 */
#ifndef CORRODE_LIB_RADIX_H
#define CORRODE_LIB_RADIX_H

#include "lib/types.h"

#define RADIX_BITS 6
#define RADIX_SLOTS (1u << RADIX_BITS)

struct radix_node {
    void *slots[RADIX_SLOTS]; /* nodes, or elements on the lowest level */
    struct radix_node *parent;
    uint8_t offset; /* in the parent */
    uint8_t level;  /* 0: holds elements */
    uint8_t count;  /* slots in use; 64 fits */
};

struct radix_memory {
    struct radix_node *(*allocate)(void); /* zeroed; NULL: none */
    void (*free)(struct radix_node *node);
};

/* All zero but `memory` is empty. */
struct radix {
    const struct radix_memory *memory;
    struct radix_node *root;
    uint64_t count; /* elements */
};

/* NULL when there is none. */
void *radix_get(const struct radix *radix, uint64_t index);

/* Stores ELEMENT (not NULL) at INDEX, in place of what was there. 0 or -ENOMEM. */
int radix_set(struct radix *radix, uint64_t index, void *element);

/* Takes it out and returns it; NULL when there was none. Frees nodes that become empty. */
void *radix_remove(struct radix *radix, uint64_t index);

/* The first element at or after *index, which becomes its index; NULL when there is none. */
void *radix_next(const struct radix *radix, uint64_t *index);

#endif
