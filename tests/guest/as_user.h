/*
 * For guest tests that are root: a part of them that runs as an ordinary user. Its points count among the others.
 */
#ifndef CORRODE_TESTS_AS_USER_H
#define CORRODE_TESTS_AS_USER_H

#include "tests/guest/guest.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs CHECK as user 1000 of group 1000, who is in group 2000, too. */
static void as_user(void (*check)(void))
{
    int result[2] = {0, 1}, fd = open("result", O_RDWR | O_CREAT | O_TRUNC, 0600), status = 0;
    const gid_t groups[] = {2000};
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int became = setgroups(1, groups) == 0 && setgid(1000) == 0 && setuid(1000) == 0;
        CHECK(became);
        check();
        result[0] = points;
        result[1] = failures;
        fflush(stdout);
        _exit(pwrite(fd, result, sizeof result, 0) != sizeof result);
    }
    waitpid(pid, &status, 0);
    if (pread(fd, result, sizeof result, 0) == sizeof result) {
        points = result[0];
        failures = result[1];
    }
    CHECK(pid > 0 && status == 0);
    close(fd);
    unlink("result");
}

#endif
