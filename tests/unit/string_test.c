/*
 * The string functions (kernel/lib/string.c) against the C library's, over all short strings of a small alphabet.
 */
#include "tests/unit/corrode_lib.h"
#include "tests/unit/unit.h"

#define STRINGS 1365 /* of length 0 to 5 over four letters */

/* The N-th string over \1, a, b and \xff: bytes that a signed comparison would get wrong are among them. */
static const char *nth_string(unsigned n, char buffer[8])
{
    char *p = buffer + 7;
    *p = '\0';
    for (; n > 0; n = (n - 1) / 4)
        *--p = "\1ab\xff"[(n - 1) % 4];
    return p;
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void test_lengths(void **state)
{
    char buffer[8];
    for (unsigned n = 0; n < STRINGS; n++) {
        const char *s = nth_string(n, buffer);
        assert_int_equal(corrode_strlen(s), strlen(s));
        for (size_t limit = 0; limit < 8; limit++)
            assert_int_equal(corrode_strnlen(s, limit), strnlen(s, limit));
        assert_int_equal(corrode_strnlen(s, SIZE_MAX), strlen(s));
    }
}

static void test_comparisons(void **state)
{
    char left_buffer[8], right_buffer[8];
    for (unsigned l = 0; l < STRINGS; l++) {
        const char *left = nth_string(l, left_buffer);
        for (unsigned r = 0; r < STRINGS; r += 1 + r / 50) {
            const char *right = nth_string(r, right_buffer);
            assert_int_equal(sign(corrode_strcmp(left, right)), sign(strcmp(left, right)));
            for (size_t limit = 0; limit < 8; limit++)
                assert_int_equal(sign(corrode_strncmp(left, right, limit)), sign(strncmp(left, right, limit)));
        }
    }
}

static void test_strncmp_stops_at_the_limit(void **state)
{
    char left[3] = {'a', 'b', 'c'}, right[3] = {'a', 'b', 'd'}; /* no NUL: AddressSanitizer would tell */
    assert_int_equal(corrode_strncmp(left, right, 2), 0);
    assert_true(corrode_strncmp(left, right, 3) < 0);
    assert_int_equal(corrode_strnlen(left, 3), 3);
}

static void test_strchr(void **state)
{
    char buffer[8];
    for (unsigned n = 0; n < STRINGS; n++) {
        const char *s = nth_string(n, buffer);
        for (const char *c = "\1ab\xffz"; *c != '\0'; c++)
            assert_ptr_equal(corrode_strchr(s, *c), strchr(s, *c));
        assert_ptr_equal(corrode_strchr(s, '\0'), strchr(s, '\0'));
        assert_ptr_equal(corrode_strchr(s, 'a' + 256), strchr(s, 'a'));
    }
}

static void test_strlcpy(void **state)
{
    for (size_t size = 0; size < 8; size++) {
        char to[9];
        memset(to, '#', sizeof to);
        assert_int_equal(corrode_strlcpy(to + 1, "hello", size), 5);
        if (size > 0) {
            size_t fits = size > 5 ? 5 : size - 1;
            assert_memory_equal(to + 1, "hello", fits);
            assert_int_equal(to[1 + fits], '\0');
        }
        assert_int_equal(to[0], '#');
        assert_int_equal(to[1 + (size > 6 ? 6 : size)], '#');
    }
}

UNIT_MAIN(cmocka_unit_test(test_lengths), cmocka_unit_test(test_comparisons),
    cmocka_unit_test(test_strncmp_stops_at_the_limit), cmocka_unit_test(test_strchr), cmocka_unit_test(test_strlcpy))
