/*
 * Radix trees (kernel/lib/radix.c) against a sorted array, with memory that runs out.
 */
#include "lib/radix.h"
#include "tests/unit/unit.h"

#include <errno.h>

#define ELEMENTS 400
#define ROUNDS 40000

static int nodes;
static int fail_after = -1; /* allocations until one fails; -1: never */

static struct radix_node *allocate(void)
{
    if (fail_after == 0)
        return NULL;
    if (fail_after > 0)
        fail_after--;
    nodes++;
    return calloc(1, sizeof(struct radix_node));
}

static void release(struct radix_node *node)
{
    nodes--;
    free(node);
}

static const struct radix_memory memory = {.allocate = allocate, .free = release};

struct model {
    uint64_t index[ELEMENTS];
    void *element[ELEMENTS];
};

/* The first index of the model at or after FROM. */
static void *model_next(const struct model *m, uint64_t *from)
{
    void *found = NULL;
    uint64_t best = 0;
    for (int i = 0; i < ELEMENTS; i++) {
        if (m->element[i] && m->index[i] >= *from && (!found || m->index[i] < best)) {
            found = m->element[i];
            best = m->index[i];
        }
    }
    *from = found ? best : *from;
    return found;
}

static uint64_t random_index(void)
{
    uint64_t wide = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^ (uint64_t)rand();
    return wide >> rand() % 64; /* of any length */
}

static void test_random_operations(void **state)
{
    static struct model m;
    struct radix radix = {.memory = &memory};
    srand(1);
    for (int i = 0; i < ELEMENTS; i++) { /* different ones */
        uint64_t at;
        do
            m.index[i] = at = random_index();
        while (model_next(&m, &at) && at == m.index[i]);
        m.element[i] = &m.index[i];
    }
    for (int i = 0; i < ELEMENTS; i++)
        m.element[i] = NULL;

    uint64_t count = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int i = rand() % ELEMENTS;
        if (m.element[i] && rand() % 2) {
            assert_ptr_equal(radix_remove(&radix, m.index[i]), m.element[i]);
            m.element[i] = NULL;
            count--;
        } else {
            void *element = &m.index[rand() % ELEMENTS];
            fail_after = rand() % 8 == 0 ? rand() % 3 : -1;
            int before = nodes, result = radix_set(&radix, m.index[i], element);
            fail_after = -1;
            if (result == 0) {
                count += m.element[i] == NULL;
                m.element[i] = element;
            } else {
                assert_int_equal(result, -ENOMEM);
                assert_int_equal(nodes, before); /* nothing half done */
            }
        }
        assert_int_equal(radix.count, count);
        assert_ptr_equal(radix_get(&radix, m.index[i]), m.element[i]);
        uint64_t from = rand() % 2 ? random_index() : m.index[rand() % ELEMENTS], expected = from;
        void *next = model_next(&m, &expected);
        assert_ptr_equal(radix_next(&radix, &from), next);
        assert_int_equal(from, expected);
    }
    for (int i = 0; i < ELEMENTS; i++)
        assert_ptr_equal(radix_remove(&radix, m.index[i]), m.element[i]);
    assert_int_equal(nodes, 0);
    assert_null(radix.root);
}

static void test_ends_of_the_range(void **state)
{
    struct radix radix = {.memory = &memory};
    int a, b;
    uint64_t index = 0;
    assert_null(radix_get(&radix, 0));
    assert_null(radix_next(&radix, &index));
    assert_null(radix_remove(&radix, 5));
    assert_int_equal(radix_set(&radix, UINT64_MAX, &a), 0);
    assert_int_equal(radix_set(&radix, 0, &b), 0);
    assert_ptr_equal(radix_get(&radix, UINT64_MAX), &a);
    assert_ptr_equal(radix_next(&radix, &index), &b);
    index = 1;
    assert_ptr_equal(radix_next(&radix, &index), &a);
    assert_int_equal(index, UINT64_MAX);
    assert_ptr_equal(radix_remove(&radix, UINT64_MAX), &a);
    assert_int_equal(nodes, 1); /* no higher than it must be */
    assert_ptr_equal(radix_remove(&radix, 0), &b);
    assert_int_equal(nodes, 0);
}

UNIT_MAIN(cmocka_unit_test(test_random_operations), cmocka_unit_test(test_ends_of_the_range))
