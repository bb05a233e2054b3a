/*
 * Bitmaps (kernel/lib/bitmap.c) against an array of booleans, over random operations.
 */
#include "lib/bitmap.h"
#include "tests/unit/unit.h"

#include <stdbool.h>

#define BITS 197 /* not a multiple of a word */
#define ROUNDS 20000

struct model {
    DECLARE_BITMAP(map, BITS);
    bool bits[BITS];
};

static size_t model_find(const struct model *m, size_t from, bool value)
{
    while (from < BITS && m->bits[from] != value)
        from++;
    return from < BITS ? from : BITS;
}

static size_t model_find_range(const struct model *m, size_t from, size_t count)
{
    for (; from + count <= BITS; from++) {
        size_t run = 0;
        while (run < count && !m->bits[from + run])
            run++;
        if (run == count)
            return from;
    }
    return BITS;
}

static void check(const struct model *m)
{
    size_t count = 0;
    for (size_t i = 0; i < BITS; i++) {
        assert_int_equal(bitmap_test(m->map, i), m->bits[i]);
        count += m->bits[i];
    }
    assert_int_equal(bitmap_count(m->map, BITS), count);
}

static void test_random_operations(void **state)
{
    struct model m = {0};
    srand(1);
    m.map[BITS / 64] |= 1ull << 63; /* past the end: must never be seen */
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t first = (size_t)rand() % BITS, count = (size_t)rand() % (BITS - first + 1);
        bool value = rand() % 2;
        if (rand() % 4 == 0)
            count = count < 3 ? count : 3;
        (value ? bitmap_set_range : bitmap_clear_range)(m.map, first, count);
        for (size_t i = first; i < first + count; i++)
            m.bits[i] = value;
        (value ? bitmap_clear : bitmap_set)(m.map, first);
        m.bits[first] = !value;

        size_t from = (size_t)rand() % (BITS + 2), length = 1 + (size_t)rand() % 70;
        assert_int_equal(bitmap_find_set(m.map, BITS, from), model_find(&m, from, true));
        assert_int_equal(bitmap_find_clear(m.map, BITS, from), model_find(&m, from, false));
        assert_int_equal(bitmap_find_clear_range(m.map, BITS, from, length), model_find_range(&m, from, length));
        if (round % 64 == 0)
            check(&m);
    }
}

static void test_whole_words(void **state)
{
    DECLARE_BITMAP(map, 128) = {0};
    assert_int_equal(bitmap_find_clear_range(map, 128, 0, 128), 0);
    assert_int_equal(bitmap_find_clear_range(map, 128, 0, 129), 128);
    assert_int_equal(bitmap_find_set(map, 128, 0), 128);
    bitmap_set_range(map, 0, 128);
    assert_int_equal(bitmap_count(map, 128), 128);
    assert_int_equal(bitmap_find_clear(map, 128, 0), 128);
    bitmap_clear_range(map, 63, 2);
    assert_int_equal(bitmap_find_clear_range(map, 128, 0, 2), 63);
    assert_int_equal(bitmap_find_clear_range(map, 128, 0, 3), 128);
}

UNIT_MAIN(cmocka_unit_test(test_random_operations), cmocka_unit_test(test_whole_words))
