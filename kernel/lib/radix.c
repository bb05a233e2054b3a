/*
 * Radix trees: see radix.h. The tree is as high as its largest index needs. A node's level says how many more digits of
 * the index (of 6 bits) are below it; an index that has digits beyond the root's is in no tree of that height.
 */
#include "lib/radix.h"
#include "lib/errno.h"

static unsigned digit(uint64_t index, unsigned level)
{
    return index >> level * RADIX_BITS & (RADIX_SLOTS - 1);
}

/* Does the index fit under a root of that level? The highest level, 10, holds all 64 bits. */
static bool fits(uint64_t index, unsigned level)
{
    unsigned bits = (level + 1) * RADIX_BITS;
    return bits >= 64 || index >> bits == 0;
}

void *radix_get(const struct radix *radix, uint64_t index)
{
    const struct radix_node *node = radix->root;
    if (node == NULL || !fits(index, node->level))
        return NULL;
    while (node->level > 0) {
        node = node->slots[digit(index, node->level)];
        if (node == NULL)
            return NULL;
    }
    return node->slots[digit(index, 0)];
}

static struct radix_node *add_node(struct radix *radix, struct radix_node *parent, unsigned offset, unsigned level)
{
    struct radix_node *node = radix->memory->allocate();
    if (node == NULL)
        return NULL;
    node->parent = parent;
    node->offset = (uint8_t)offset;
    node->level = (uint8_t)level;
    if (parent) {
        parent->slots[offset] = node;
        parent->count++;
    }
    return node;
}

/* Frees NODE if it is empty, and then its parents that become so. */
static void prune(struct radix *radix, struct radix_node *node)
{
    while (node && node->count == 0) {
        struct radix_node *parent = node->parent;
        if (parent) {
            parent->slots[node->offset] = NULL;
            parent->count--;
        } else {
            radix->root = NULL;
        }
        radix->memory->free(node);
        node = parent;
    }
}

/* Makes the tree high enough for INDEX. */
static int grow(struct radix *radix, uint64_t index)
{
    if (radix->root == NULL) {
        unsigned level = 0;
        while (!fits(index, level))
            level++;
        radix->root = add_node(radix, NULL, 0, level);
        return radix->root ? 0 : -ENOMEM;
    }
    while (!fits(index, radix->root->level)) {
        struct radix_node *old = radix->root;
        struct radix_node *root = add_node(radix, NULL, 0, old->level + 1u);
        if (root == NULL)
            return -ENOMEM;
        root->slots[0] = old;
        root->count = 1;
        old->parent = root;
        old->offset = 0;
        radix->root = root;
    }
    return 0;
}

/* Roots with nothing but a first child only make ways longer. */
static void shrink(struct radix *radix)
{
    struct radix_node *root;
    while ((root = radix->root) != NULL && root->level > 0 && root->count == 1 && root->slots[0] != NULL) {
        radix->root = root->slots[0];
        radix->root->parent = NULL;
        radix->memory->free(root);
    }
}

int radix_set(struct radix *radix, uint64_t index, void *element)
{
    if (grow(radix, index) < 0) {
        shrink(radix);
        return -ENOMEM;
    }
    struct radix_node *node = radix->root;
    while (node->level > 0) {
        unsigned at = digit(index, node->level);
        struct radix_node *child = node->slots[at];
        if (child == NULL)
            child = add_node(radix, node, at, node->level - 1u);
        if (child == NULL) {
            prune(radix, node);
            shrink(radix);
            return -ENOMEM;
        }
        node = child;
    }
    void **slot = &node->slots[digit(index, 0)];
    if (*slot == NULL) {
        node->count++;
        radix->count++;
    }
    *slot = element;
    return 0;
}

void *radix_remove(struct radix *radix, uint64_t index)
{
    struct radix_node *node = radix->root;
    if (node == NULL || !fits(index, node->level))
        return NULL;
    while (node->level > 0) {
        node = node->slots[digit(index, node->level)];
        if (node == NULL)
            return NULL;
    }
    void **slot = &node->slots[digit(index, 0)], *element = *slot;
    if (element == NULL)
        return NULL;
    *slot = NULL;
    node->count--;
    radix->count--;
    prune(radix, node);
    shrink(radix);
    return element;
}

/* The first slot in use of NODE at or after FROM; RADIX_SLOTS when there is none. */
static unsigned next_slot(const struct radix_node *node, unsigned from)
{
    while (from < RADIX_SLOTS && node->slots[from] == NULL)
        from++;
    return from;
}

/* INDEX with the digit of LEVEL set to VALUE and all lower digits 0. */
static uint64_t with_digit(uint64_t index, unsigned level, unsigned value)
{
    unsigned shift = level * RADIX_BITS;
    uint64_t below = shift + RADIX_BITS >= 64 ? ~0ull : (1ull << (shift + RADIX_BITS)) - 1;
    return (index & ~below) | (uint64_t)value << shift;
}

void *radix_next(const struct radix *radix, uint64_t *index)
{
    const struct radix_node *node = radix->root;
    if (node == NULL || !fits(*index, node->level))
        return NULL;
    uint64_t at = *index;
    for (;;) {
        unsigned wanted = digit(at, node->level), found = next_slot(node, wanted);
        if (found > wanted && found < RADIX_SLOTS)
            at = with_digit(at, node->level, found);
        if (found < RADIX_SLOTS) {
            if (node->level == 0) {
                *index = at;
                return node->slots[found];
            }
            node = node->slots[found];
            continue;
        }
        /* Nothing more in this node: up, until there is a next slot to go to. */
        unsigned offset;
        do {
            offset = node->offset;
            node = node->parent;
        } while (node && offset + 1 == RADIX_SLOTS);
        if (node == NULL)
            return NULL;
        uint64_t next = with_digit(at, node->level, offset + 1);
        if (next < at)
            return NULL; /* the highest digit has but 4 bits */
        at = next;
    }
}
