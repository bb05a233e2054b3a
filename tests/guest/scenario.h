/*
 * For guest tests that change what cannot be changed back, such as who they are or what they may: each scenario runs in
 * a process of its own and is one point, which says the line on which it has failed.
 *
 *     static void may_not(void) { NEED(setuid(1000) == 0); NEED_ERROR(EPERM, setuid(0)); }
 *     SCENARIO(may_not);
 */
#ifndef CORRODE_TESTS_SCENARIO_H
#define CORRODE_TESTS_SCENARIO_H

#include "tests/guest/guest.h"

#include <sys/wait.h>
#include <unistd.h>

/* What must hold. */
#define NEED(condition)                                                                                                \
    do {                                                                                                               \
        errno = 0;                                                                                                     \
        if (!(condition)) {                                                                                            \
            printf("# line %d: %s, errno %d\n", __LINE__, #condition, errno);                                          \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)
#define NEED_ERROR(error, call) NEED((call) == -1 && errno == (error))

static int run(void (*scenario)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        scenario();
        _exit(0);
    }
    return waitpid(child, &status, 0) == child ? status : -1;
}
#define SCENARIO(function) point(run(function) == 0, #function, __LINE__)

#endif
