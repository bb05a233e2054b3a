/*
 * Red-black trees: ordered, balanced binary trees whose nodes are embedded in their elements. The order is the
 * caller's: it walks down to the place itself and hands it to rb_insert, so that comparisons are inlined; rb_add does
 * both for callers that are in no hurry. Every operation costs O(log n); the leftmost node is at hand.
 *
 * A tree can carry a summary of each subtree (the largest gap, the latest end): `update` in struct rb_augment computes
 * a node's from its own and its children's, and the _augmented forms keep it true. Trees lock nothing.
 *
 * Source: Cormen, Leiserson, Rivest, Stein: Introduction to Algorithms, chapter 13.
 */
#ifndef CORRODE_LIB_RBTREE_H
#define CORRODE_LIB_RBTREE_H

#include "lib/types.h"

struct rb_node {
    uintptr_t parent_color; /* address of the parent; bit 0 set when the node is black */
    struct rb_node *left, *right;
};

/* All zero is an empty tree. */
struct rb_tree {
    struct rb_node *root;
    struct rb_node *leftmost; /* the least element; NULL when empty */
};

struct rb_augment {
    void (*update)(struct rb_node *node); /* recompute the node's summary; NULL is not allowed */
};

/* Links NODE in as the child of PARENT (NULL: the tree is empty), on the left or the right, where there is none yet. */
void rb_insert(struct rb_tree *tree, struct rb_node *node, struct rb_node *parent, bool left);
void rb_remove(struct rb_tree *tree, struct rb_node *node);

void rb_insert_augmented(
    struct rb_tree *tree, struct rb_node *node, struct rb_node *parent, bool left, const struct rb_augment *augment);
void rb_remove_augmented(struct rb_tree *tree, struct rb_node *node, const struct rb_augment *augment);

/* After the node's own part of the summary has changed: mends it and those above it. */
void rb_augment_propagate(struct rb_node *node, const struct rb_augment *augment);

/* Inserts by comparison; equal elements stay in the order in which they came. */
void rb_add(struct rb_tree *tree, struct rb_node *node, bool (*less)(const struct rb_node *, const struct rb_node *));

/* Neighbours in order; NULL past either end. */
struct rb_node *rb_first(const struct rb_tree *tree);
struct rb_node *rb_last(const struct rb_tree *tree);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_previous(const struct rb_node *node);

static inline bool rb_is_empty(const struct rb_tree *tree)
{
    return tree->root == NULL;
}

/* The element that NODE is embedded in; NULL for NULL. */
#define rb_entry(node, type, member)                                                                                   \
    __extension__({                                                                                                    \
        struct rb_node *rb_entry_node = (node);                                                                        \
        rb_entry_node ? container_of(rb_entry_node, type, member) : NULL;                                              \
    })

#endif
