/*
 * What the guest tests share: they are ordinary Linux programs that print TAP and exit with 0 when every point passed,
 * so they run on Linux, which says what is right, as well as inside.
 */
#ifndef CORRODE_TESTS_GUEST_H
#define CORRODE_TESTS_GUEST_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

static int points, failures;

static inline void point(bool passed, const char *what, int line)
{
    points++;
    failures += !passed;
    printf("%s %d - %s", passed ? "ok" : "not ok", points, what);
    if (!passed)
        printf(" # line %d, errno %d", line, errno);
    printf("\n");
}

/* The condition, which is also the name of the point. */
#define CHECK(condition) point((condition), #condition, __LINE__)

/* A call that must fail with that error. */
#define FAILS(error, call) point((errno = 0, (call) == -1 && errno == (error)), #call " is " #error, __LINE__)

static inline int done(void)
{
    printf("1..%d\n", points);
    return failures > 0;
}

#endif
