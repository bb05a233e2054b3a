/*
 * What the guest tests share: they are ordinary Linux programs that print TAP and exit with 0 when every point passed,
 * so they run on Linux, which says what is right, as well as inside. Inside they must say the same: the same points, by
 * number and name, in the same order.
 *
 * tests/system/guest.t runs every program of this folder, built with musl and with glibc. A line ` * guest: WORDS` in a
 * program's first comment says what else it needs:
 *
 *     apart              it is not run with the others; guest.t, or another test, has a way of its own
 *     pie                it is also built position independent
 *     root               it must be root; on the host it is left out when the tests are not
 *     seconds=N          it may take so long; 60 if it says nothing
 *     arguments=A,B      argv[1], argv[2] and so on
 *
 * It begins with nothing to read, a pipe for output and errors, a session of its own, no other descriptors, and an
 * empty directory on a tmpfs to work in, which goes with it. argv[0] is absolute. What it leaves running is killed.
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
