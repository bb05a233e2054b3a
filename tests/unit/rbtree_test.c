/*
 * Red-black trees (kernel/lib/rbtree.c): random insertions and removals, plain and augmented, against a sorted array,
 * with every rule of the tree checked as it goes.
 */
#include "lib/rbtree.h"
#include "tests/unit/unit.h"

#define ELEMENTS 300
#define ROUNDS 30000

struct element {
    struct rb_node node;
    int key;
    int order; /* when it came in */
    int sum;   /* augmented: of the keys of the subtree */
    bool in;
};

static struct element *element_of(const struct rb_node *node)
{
    return container_of(node, struct element, node);
}

static bool less(const struct rb_node *left, const struct rb_node *right)
{
    return element_of(left)->key < element_of(right)->key;
}

static int sum_of(const struct rb_node *node)
{
    return node ? element_of(node)->sum : 0;
}

static void update_sum(struct rb_node *node)
{
    element_of(node)->sum = element_of(node)->key + sum_of(node->left) + sum_of(node->right);
}

static const struct rb_augment sums = {.update = update_sum};

static bool is_black(const struct rb_node *node)
{
    return node == NULL || (node->parent_color & 1) != 0;
}

/* Checks the rules below NODE; returns its height in black nodes. */
static int check_node(const struct rb_node *node, const struct rb_node *parent, bool augmented)
{
    if (node == NULL)
        return 1;
    assert_ptr_equal(node->parent_color & ~(uintptr_t)1, parent);
    if (!is_black(node))
        assert_true(is_black(node->left) && is_black(node->right));
    int left = check_node(node->left, node, augmented), right = check_node(node->right, node, augmented);
    assert_int_equal(left, right);
    if (augmented)
        assert_int_equal(element_of(node)->sum, element_of(node)->key + sum_of(node->left) + sum_of(node->right));
    return left + is_black(node);
}

static int compare(const void *left, const void *right)
{
    const struct element *l = *(struct element *const *)left, *r = *(struct element *const *)right;
    return l->key != r->key ? l->key - r->key : l->order - r->order;
}

/* The tree holds exactly the elements that are `in`, in order, both ways. */
static void check_tree(const struct rb_tree *tree, struct element *elements, bool augmented)
{
    struct element *sorted[ELEMENTS];
    size_t count = 0;
    for (size_t i = 0; i < ELEMENTS; i++)
        if (elements[i].in)
            sorted[count++] = &elements[i];
    qsort(sorted, count, sizeof *sorted, compare);

    check_node(tree->root, NULL, augmented);
    assert_true(is_black(tree->root));
    assert_int_equal(rb_is_empty(tree), count == 0);
    struct rb_node *node = rb_first(tree);
    for (size_t i = 0; i < count; i++, node = rb_next(node))
        assert_ptr_equal(node, &sorted[i]->node);
    assert_null(node);
    node = rb_last(tree);
    for (size_t i = count; i-- > 0; node = rb_previous(node))
        assert_ptr_equal(node, &sorted[i]->node);
    assert_null(node);
}

static void add_augmented(struct rb_tree *tree, struct rb_node *node)
{
    struct rb_node *parent = NULL;
    bool left = false;
    for (struct rb_node *place = tree->root; place; place = left ? place->left : place->right) {
        parent = place;
        left = less(node, place);
    }
    update_sum(node);
    rb_insert_augmented(tree, node, parent, left, &sums);
}

static void random_operations(bool augmented, int keys)
{
    static struct element elements[ELEMENTS];
    struct rb_tree tree = {0};
    srand(1);
    for (size_t i = 0; i < ELEMENTS; i++)
        elements[i] = (struct element){0};

    int order = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct element *e = &elements[rand() % ELEMENTS];
        if (e->in) {
            if (augmented)
                rb_remove_augmented(&tree, &e->node, &sums);
            else
                rb_remove(&tree, &e->node);
        } else {
            e->key = rand() % keys;
            e->order = order++;
            if (augmented)
                add_augmented(&tree, &e->node);
            else
                rb_add(&tree, &e->node, less);
        }
        e->in = !e->in;
        if (round % 16 == 0)
            check_tree(&tree, elements, augmented);
    }
    while (!rb_is_empty(&tree)) { /* as a queue: always the least */
        struct element *e = element_of(rb_first(&tree));
        e->in = false;
        if (augmented)
            rb_remove_augmented(&tree, &e->node, &sums);
        else
            rb_remove(&tree, &e->node);
        check_tree(&tree, elements, augmented);
    }
}

static void test_plain(void **state)
{
    random_operations(false, 100000);
}

static void test_equal_keys_keep_their_order(void **state)
{
    random_operations(false, 4);
}

static void test_augmented(void **state)
{
    random_operations(true, 1000);
}

static void test_propagate(void **state)
{
    static struct element elements[100];
    struct rb_tree tree = {0};
    for (int i = 0; i < 100; i++) {
        elements[i].key = i;
        add_augmented(&tree, &elements[i].node);
    }
    elements[50].key = 1050; /* the order does not matter to the sums */
    rb_augment_propagate(&elements[50].node, &sums);
    check_node(tree.root, NULL, true);
    assert_int_equal(sum_of(tree.root), 99 * 100 / 2 + 1000);
}

static void test_entry(void **state)
{
    struct element e = {.key = 7};
    assert_ptr_equal(rb_entry(&e.node, struct element, node), &e);
    assert_null(rb_entry(NULL, struct element, node));
}

UNIT_MAIN(cmocka_unit_test(test_plain), cmocka_unit_test(test_equal_keys_keep_their_order),
    cmocka_unit_test(test_augmented), cmocka_unit_test(test_propagate), cmocka_unit_test(test_entry))
