/*
 * Lists (kernel/lib/list.h): each operation, and random ones against an array.
 */
#include "lib/list.h"
#include "tests/unit/unit.h"

#include <string.h>

struct item {
    int value;
    struct list_node link;
};

#define ITEMS 64

/* The list holds exactly VALUES, forwards and backwards. */
static void check(const struct list *list, const int *values, size_t count)
{
    size_t i = 0;
    list_for_each(struct item, item, list, link)
    {
        assert_true(i < count);
        assert_int_equal(item->value, values[i++]);
    }
    assert_int_equal(i, count);
    for (const struct list_node *node = list->head.previous; node != &list->head; node = node->previous)
        assert_int_equal(container_of(node, struct item, link)->value, values[--i]);
    assert_int_equal(i, 0);
    assert_int_equal(list_is_empty(list), count == 0);
}

static void test_ends(void **state)
{
    struct list list = LIST_INIT(list);
    struct item items[4] = {{.value = 0}, {.value = 1}, {.value = 2}, {.value = 3}};
    check(&list, NULL, 0);
    assert_null(list_first(&list));
    assert_null(list_pop_front(&list));

    list_push_back(&list, &items[1].link);
    list_push_front(&list, &items[0].link);
    list_push_back(&list, &items[3].link);
    list_insert_before(&items[3].link, &items[2].link);
    check(&list, (int[]){0, 1, 2, 3}, 4);
    assert_ptr_equal(list_pop_front(&list), &items[0].link);
    assert_false(list_is_linked(&items[0].link));
    assert_true(list_is_linked(&items[1].link));
    list_remove(&items[2].link);
    list_remove(&items[2].link); /* on no list: nothing happens */
    check(&list, (int[]){1, 3}, 2);
}

static void test_splice(void **state)
{
    struct list to = LIST_INIT(to), from;
    struct item items[4] = {{.value = 0}, {.value = 1}, {.value = 2}, {.value = 3}};
    list_init(&from);
    list_splice_back(&to, &from);
    check(&to, NULL, 0);
    list_push_back(&from, &items[0].link);
    list_push_back(&from, &items[1].link);
    list_splice_back(&to, &from);
    check(&to, (int[]){0, 1}, 2);
    check(&from, NULL, 0);
    list_push_back(&from, &items[2].link);
    list_push_back(&from, &items[3].link);
    list_splice_back(&to, &from);
    check(&to, (int[]){0, 1, 2, 3}, 4);
}

static void test_removing_while_walking(void **state)
{
    struct list list = LIST_INIT(list);
    struct item items[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
        items[i].value = i;
        list_push_back(&list, &items[i].link);
    }
    list_for_each_safe(struct item, item, &list, link)
    {
        if (item->value % 3 != 0) {
            list_remove(&item->link);
            memset(item, 0xff, sizeof *item); /* gone */
        }
    }
    int left = 0;
    list_for_each(struct item, item, &list, link) assert_int_equal(item->value, 3 * left++);
    assert_int_equal(left, (ITEMS + 2) / 3);
}

static void test_random_operations(void **state)
{
    struct list list = LIST_INIT(list);
    struct item items[ITEMS];
    int values[ITEMS];
    size_t count = 0;
    srand(1);
    for (int i = 0; i < ITEMS; i++) {
        items[i].value = i;
        list_node_init(&items[i].link);
    }
    for (unsigned round = 0; round < 20000; round++) {
        struct item *item = &items[rand() % ITEMS];
        size_t at = 0;
        while (at < count && values[at] != item->value)
            at++;
        assert_int_equal(list_is_linked(&item->link), at < count);
        if (at < count) {
            list_remove(&item->link);
            memmove(&values[at], &values[at + 1], (count - at - 1) * sizeof *values);
            count--;
        } else if (rand() % 2) {
            list_push_back(&list, &item->link);
            values[count++] = item->value;
        } else {
            list_push_front(&list, &item->link);
            memmove(&values[1], &values[0], count++ * sizeof *values);
            values[0] = item->value;
        }
        check(&list, values, count);
    }
}

UNIT_MAIN(cmocka_unit_test(test_ends), cmocka_unit_test(test_splice), cmocka_unit_test(test_removing_while_walking),
    cmocka_unit_test(test_random_operations))
