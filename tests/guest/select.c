/*
 * select and pselect6: the three sets, time-outs and what is left of them, errors.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)

static long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static fd_set set_of(int one, int other)
{
    fd_set set;
    FD_ZERO(&set);
    if (one >= 0)
        FD_SET(one, &set);
    if (other >= 0)
        FD_SET(other, &set);
    return set;
}

static void sets(void)
{
    int fds[2], file = open("file", O_RDWR | O_CREAT, 0600);
    struct timeval zero = {0, 0};
    CHECK(pipe(fds) == 0);
    fd_set in = set_of(fds[0], file), out = set_of(fds[1], file), other = set_of(fds[0], fds[1]);
    CHECK(select(fds[1] + 1, &in, &out, &other, &zero) == 3);
    CHECK(FD_ISSET(file, &in) && !FD_ISSET(fds[0], &in));
    CHECK(FD_ISSET(file, &out) && FD_ISSET(fds[1], &out));
    CHECK(!FD_ISSET(fds[0], &other) && !FD_ISSET(fds[1], &other));
    CHECK(write(fds[1], "x", 1) == 1);
    in = set_of(fds[0], -1);
    CHECK(select(fds[0] + 1, &in, NULL, NULL, NULL) == 1 && FD_ISSET(fds[0], &in));
    in = set_of(fds[0], file);
    CHECK(select(file + 1 < fds[0] ? file + 1 : 0, &in, NULL, NULL, &zero) <= 1); /* the pipe lies beyond it */
    CHECK(FD_ISSET(fds[0], &in)); /* and its bit, in the same word, is not touched or cleared alike */
    /* The end of the writers is something to read, and nothing else. */
    close(fds[1]);
    char byte;
    CHECK(read(fds[0], &byte, 1) == 1);
    in = out = other = set_of(fds[0], -1);
    CHECK(select(fds[0] + 1, &in, &out, &other, &zero) == 1 && FD_ISSET(fds[0], &in) && !FD_ISSET(fds[0], &out));
    struct timeval soon = {0, 30000};
    long begin = milliseconds();
    other = set_of(fds[0], -1);
    CHECK(select(fds[0] + 1, NULL, NULL, &other, &soon) == 0 && milliseconds() - begin >= 30);
    CHECK(!FD_ISSET(fds[0], &other));
    close(fds[0]);
    /* The end of the readers is an error for a writer. */
    CHECK(pipe(fds) == 0);
    close(fds[0]);
    in = out = set_of(fds[1], -1);
    CHECK(select(fds[1] + 1, &in, &out, NULL, &zero) == 2);
    close(fds[1]);
    close(file);
}

static void times(void)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    fd_set in = set_of(fds[0], -1);
    struct timeval time = {0, 50000};
    long begin = milliseconds();
    CHECK(syscall(SYS_select, fds[0] + 1, &in, NULL, NULL, &time) == 0 && milliseconds() - begin >= 50);
    CHECK(!FD_ISSET(fds[0], &in) && time.tv_sec == 0 && time.tv_usec == 0);
    begin = milliseconds();
    time = (struct timeval){0, 30000};
    CHECK(select(0, NULL, NULL, NULL, &time) == 0 && milliseconds() - begin >= 30);
    CHECK(write(fds[1], "x", 1) == 1);
    in = set_of(fds[0], -1);
    time = (struct timeval){3, 1500000};
    CHECK(syscall(SYS_select, fds[0] + 1, &in, NULL, NULL, &time) == 1 && time.tv_sec == 4 && time.tv_usec < 500000);
    struct timespec spec = {5, 0};
    CHECK(syscall(SYS_pselect6, fds[0] + 1, &in, NULL, NULL, &spec, NULL) == 1 && spec.tv_sec == 4);
    spec = (struct timespec){0, 20000000};
    begin = milliseconds();
    CHECK(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &spec, NULL) == 0 && milliseconds() - begin >= 20);
    CHECK(spec.tv_sec == 0 && spec.tv_nsec == 0);
    time = (struct timeval){-1, 0};
    FAILS(EINVAL, syscall(SYS_select, 0, NULL, NULL, NULL, &time));
    time = (struct timeval){0, -1};
    FAILS(EINVAL, syscall(SYS_select, 0, NULL, NULL, NULL, &time));
    spec = (struct timespec){0, 1000000000};
    FAILS(EINVAL, syscall(SYS_pselect6, 0, NULL, NULL, NULL, &spec, NULL));
    close(fds[0]);
    close(fds[1]);
}

static void errors(void)
{
    fd_set in = set_of(0, -1), bad = set_of(900, -1);
    struct timeval zero = {0, 0};
    int high = fcntl(0, F_DUPFD, 1000); /* so that the table has room for 900 */
    CHECK(high >= 1000);
    FAILS(EINVAL, syscall(SYS_select, -1, &in, NULL, NULL, &zero));
    FAILS(EBADF, select(901, &bad, NULL, NULL, &zero));
    CHECK(FD_ISSET(900, &bad));
    CHECK(select(900, &bad, NULL, NULL, &zero) == 0);
    FAILS(EFAULT, select(1, KERNEL, NULL, NULL, &zero));
    FAILS(EFAULT, select(1, NULL, (void *)16, NULL, &zero));
    FAILS(EFAULT, syscall(SYS_select, 1, NULL, NULL, NULL, KERNEL));
    FAILS(EFAULT, syscall(SYS_pselect6, 0, NULL, NULL, NULL, NULL, KERNEL));
    sigset_t none;
    sigemptyset(&none);
    struct {
        const void *mask;
        size_t size;
    } mask = {&none, 4};
    struct timespec soon = {0, 0};
    FAILS(EINVAL, syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, &mask));
    mask.size = 8;
    CHECK(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, &mask) == 0);
    mask.mask = KERNEL;
    FAILS(EFAULT, syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, &mask));
    mask.mask = NULL;
    mask.size = 0;
    CHECK(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &soon, &mask) == 0);
    close(high);
}

/* Another process makes one of many ready. */
static void woken(void)
{
    enum { MANY = 100 };
    int fds[MANY][2], highest = 0, status;
    fd_set in;
    FD_ZERO(&in);
    for (int i = 0; i < MANY; i++) {
        CHECK(pipe(fds[i]) == 0);
        FD_SET(fds[i][0], &in);
        highest = fds[i][1];
    }
    pid_t child = fork();
    if (child == 0) {
        struct timeval soon = {0, 50000};
        select(0, NULL, NULL, NULL, &soon);
        _exit(write(fds[77][1], "x", 1) != 1);
    }
    struct timeval time = {20, 0};
    CHECK(select(highest + 1, &in, NULL, NULL, &time) == 1 && FD_ISSET(fds[77][0], &in) && !FD_ISSET(fds[76][0], &in));
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    for (int i = 0; i < MANY; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
}

int main(void)
{
    sets();
    times();
    errors();
    woken();
    return done();
}
