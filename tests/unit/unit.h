/*
 * What every unit test begins with: cmocka, and a main function that makes it speak TAP.
 *
 *     static void test_adding(void **state) { assert_int_equal(add(1, 1), 2); }
 *
 *     UNIT_MAIN(cmocka_unit_test(test_adding), ...)
 *
 * One group a program: cmocka writes a plan for each group, and TAP has one plan. Do not use its skip(), which version
 * 1.1.5 writes as a failure.
 */
#ifndef CORRODE_TESTS_UNIT_H
#define CORRODE_TESTS_UNIT_H

/* cmocka.h asks for these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

/* A test that hangs dies by SIGALRM, which `prove` reports. */
#define UNIT_SECONDS 120

#define UNIT_MAIN(...)                                                                                                 \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                                               \
        setenv("CMOCKA_MESSAGE_OUTPUT", "tap", 1);                                                                     \
        alarm(UNIT_SECONDS);                                                                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                                              \
    }

#endif
