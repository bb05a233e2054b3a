/*
 * Red-black trees: see rbtree.h. The rules: a red node has black children; every way down from a node to a missing
 * child meets as many black nodes. A new node is red; the missing child counts as black.
 *
 * Augmented and plain trees share the code: a plain one has no `augment`, which the compiler sees where the functions
 * are inlined.
 */
#include "lib/rbtree.h"

#define RB_BLACK ((uintptr_t)1)

static struct rb_node *parent_of(const struct rb_node *node)
{
    return (struct rb_node *)(node->parent_color & ~RB_BLACK);
}

static bool is_black(const struct rb_node *node)
{
    return node == NULL || (node->parent_color & RB_BLACK) != 0;
}

static void set_black(struct rb_node *node)
{
    node->parent_color |= RB_BLACK;
}

static void set_red(struct rb_node *node)
{
    node->parent_color &= ~RB_BLACK;
}

static void set_parent(struct rb_node *node, struct rb_node *parent)
{
    node->parent_color = (uintptr_t)parent | (node->parent_color & RB_BLACK);
}

static void copy_color(struct rb_node *to, const struct rb_node *from)
{
    to->parent_color = (to->parent_color & ~RB_BLACK) | (from->parent_color & RB_BLACK);
}

/* Puts NEW where OLD was below PARENT; NEW's own links are the caller's. */
static void replace_child(struct rb_tree *tree, struct rb_node *parent, struct rb_node *old, struct rb_node *new)
{
    if (parent == NULL)
        tree->root = new;
    else if (parent->left == old)
        parent->left = new;
    else
        parent->right = new;
}

/* Turns NODE down to the left (or right) below its other child, which takes its place. */
static inline void rotate(struct rb_tree *tree, struct rb_node *node, bool left, const struct rb_augment *augment)
{
    struct rb_node *parent = parent_of(node);
    struct rb_node *up = left ? node->right : node->left;
    struct rb_node *middle = left ? up->left : up->right;

    if (left) {
        node->right = middle;
        up->left = node;
    } else {
        node->left = middle;
        up->right = node;
    }
    if (middle)
        set_parent(middle, node);
    replace_child(tree, parent, node, up);
    set_parent(up, parent);
    set_parent(node, up);
    if (augment) {
        augment->update(node);
        augment->update(up);
    }
}

static inline void balance_insert(struct rb_tree *tree, struct rb_node *node, const struct rb_augment *augment)
{
    struct rb_node *parent;
    while ((parent = parent_of(node)) != NULL && !is_black(parent)) {
        struct rb_node *grandparent = parent_of(parent); /* a red node is not the root */
        bool left = parent == grandparent->left;
        struct rb_node *uncle = left ? grandparent->right : grandparent->left;
        if (!is_black(uncle)) {
            set_black(parent);
            set_black(uncle);
            set_red(grandparent);
            node = grandparent;
            continue;
        }
        if (node == (left ? parent->right : parent->left)) {
            rotate(tree, parent, left, augment);
            parent = node;
        }
        set_black(parent);
        set_red(grandparent);
        rotate(tree, grandparent, !left, augment);
        break;
    }
    set_black(tree->root);
}

/* The first node: a black root. */
static inline void insert_first(struct rb_tree *tree, struct rb_node *node, const struct rb_augment *augment)
{
    *node = (struct rb_node){.parent_color = RB_BLACK};
    tree->root = tree->leftmost = node;
    if (augment)
        augment->update(node);
}

void rb_augment_propagate(struct rb_node *node, const struct rb_augment *augment)
{
    for (; node; node = parent_of(node))
        augment->update(node);
}

static inline void insert(
    struct rb_tree *tree, struct rb_node *node, struct rb_node *parent, bool left, const struct rb_augment *augment)
{
    if (parent == NULL) {
        insert_first(tree, node, augment);
        return;
    }
    node->parent_color = (uintptr_t)parent;
    node->left = node->right = NULL;
    if (!left)
        parent->right = node;
    else {
        parent->left = node;
        if (parent == tree->leftmost)
            tree->leftmost = node;
    }
    if (augment)
        rb_augment_propagate(node, augment);
    balance_insert(tree, node, augment);
}

void rb_insert(struct rb_tree *tree, struct rb_node *node, struct rb_node *parent, bool left)
{
    insert(tree, node, parent, left, NULL);
}

void rb_insert_augmented(
    struct rb_tree *tree, struct rb_node *node, struct rb_node *parent, bool left, const struct rb_augment *augment)
{
    insert(tree, node, parent, left, augment);
}

/* The way down to NODE (NULL: a missing child) from PARENT is one black node short. */
static inline void balance_remove(
    struct rb_tree *tree, struct rb_node *node, struct rb_node *parent, const struct rb_augment *augment)
{
    while (parent && is_black(node)) {
        bool left = node == parent->left;
        struct rb_node *sibling = left ? parent->right : parent->left; /* exists: its side has black nodes to spare */
        if (!is_black(sibling)) {
            set_black(sibling);
            set_red(parent);
            rotate(tree, parent, left, augment);
            sibling = left ? parent->right : parent->left;
        }
        struct rb_node *near = left ? sibling->left : sibling->right;
        struct rb_node *far = left ? sibling->right : sibling->left;
        if (is_black(near) && is_black(far)) {
            set_red(sibling);
            node = parent;
            parent = parent_of(node);
            continue;
        }
        if (is_black(far)) {
            set_black(near);
            set_red(sibling);
            rotate(tree, sibling, !left, augment);
            far = sibling;
            sibling = near;
        }
        copy_color(sibling, parent);
        set_black(parent);
        set_black(far);
        rotate(tree, parent, left, augment);
        return;
    }
    if (node)
        set_black(node);
}

/* Puts NODE's successor, which has no left child, into NODE's place. Returns whose child is missing or new then. */
static inline struct rb_node *replace_by_successor(
    struct rb_tree *tree, struct rb_node *node, struct rb_node *successor, struct rb_node *child)
{
    struct rb_node *parent = parent_of(successor);
    if (parent == node)
        parent = successor;
    else {
        parent->left = child;
        if (child)
            set_parent(child, parent);
        successor->right = node->right;
        set_parent(node->right, successor);
    }
    successor->left = node->left;
    set_parent(node->left, successor);
    replace_child(tree, parent_of(node), node, successor);
    successor->parent_color = node->parent_color;
    return parent;
}

static inline void remove_node(struct rb_tree *tree, struct rb_node *node, const struct rb_augment *augment)
{
    if (tree->leftmost == node)
        tree->leftmost = rb_next(node);

    struct rb_node *child, *parent;
    bool removed_black;
    if (node->left && node->right) {
        struct rb_node *successor = rb_next(node);
        removed_black = is_black(successor);
        child = successor->right;
        parent = replace_by_successor(tree, node, successor, child);
    } else {
        removed_black = is_black(node);
        child = node->left ? node->left : node->right;
        parent = parent_of(node);
        replace_child(tree, parent, node, child);
        if (child)
            set_parent(child, parent);
    }
    if (augment && parent)
        rb_augment_propagate(parent, augment);
    if (removed_black)
        balance_remove(tree, child, parent, augment);
}

void rb_remove(struct rb_tree *tree, struct rb_node *node)
{
    remove_node(tree, node, NULL);
}

void rb_remove_augmented(struct rb_tree *tree, struct rb_node *node, const struct rb_augment *augment)
{
    remove_node(tree, node, augment);
}

void rb_add(struct rb_tree *tree, struct rb_node *node, bool (*less)(const struct rb_node *, const struct rb_node *))
{
    struct rb_node *parent = NULL;
    bool left = false;
    for (struct rb_node *place = tree->root; place; place = left ? place->left : place->right) {
        parent = place;
        left = less(node, place);
    }
    rb_insert(tree, node, parent, left);
}

struct rb_node *rb_first(const struct rb_tree *tree)
{
    return tree->leftmost;
}

struct rb_node *rb_last(const struct rb_tree *tree)
{
    struct rb_node *node = tree->root;
    while (node && node->right)
        node = node->right;
    return node;
}

struct rb_node *rb_next(const struct rb_node *node)
{
    if (node->right) {
        struct rb_node *next = node->right;
        while (next->left)
            next = next->left;
        return next;
    }
    struct rb_node *parent = parent_of(node);
    while (parent && node == parent->right) {
        node = parent;
        parent = parent_of(node);
    }
    return parent;
}

struct rb_node *rb_previous(const struct rb_node *node)
{
    if (node->left) {
        struct rb_node *previous = node->left;
        while (previous->right)
            previous = previous->right;
        return previous;
    }
    struct rb_node *parent = parent_of(node);
    while (parent && node == parent->left) {
        node = parent;
        parent = parent_of(node);
    }
    return parent;
}
