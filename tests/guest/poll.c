/*
 * poll and ppoll: which events, many descriptors, time-outs, wake-ups from another process, errors.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define ALL (-1 & ~POLLNVAL)

static long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int events_of(int fd, int wanted)
{
    struct pollfd one = {.fd = fd, .events = (short)wanted, .revents = 77};
    int count = poll(&one, 1, 0);
    return count < 0 ? -errno : count != (one.revents != 0) ? -1000 : one.revents;
}

static void files(void)
{
    int file = open("file", O_RDWR | O_CREAT, 0600), directory = open(".", O_RDONLY), null = open("/dev/null", O_RDWR);
    int always = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
    CHECK(events_of(file, ALL) == always);
    CHECK(events_of(file, POLLIN) == POLLIN && events_of(file, POLLPRI) == 0);
    CHECK(events_of(directory, ALL) == always);
    CHECK(events_of(null, ALL) == always);
    CHECK(events_of(file, 0) == 0);
    close(null);
    close(directory);
    close(file);
    CHECK(events_of(file, ALL) == POLLNVAL && events_of(file, 0) == POLLNVAL);
    CHECK(events_of(1000000, POLLIN) == POLLNVAL);
    CHECK(events_of(-1, ALL) == 0 && events_of(-1000, ALL) == 0);
}

static void ends(void)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    struct pollfd both[3] = {{.fd = fds[0], .events = POLLIN}, {.fd = -5, .events = POLLIN, .revents = 9},
        {.fd = fds[1], .events = POLLOUT}};
    CHECK(poll(both, 3, -1) == 1 && both[0].revents == 0 && both[1].revents == 0 && both[2].revents == POLLOUT);
    CHECK(both[1].fd == -5 && both[1].events == POLLIN);
    CHECK(write(fds[1], "x", 1) == 1);
    CHECK(poll(both, 3, -1) == 2 && both[0].revents == POLLIN);
    close(fds[1]);
    CHECK(events_of(fds[0], POLLIN) == (POLLIN | POLLHUP) && events_of(fds[0], 0) == POLLHUP);
    CHECK(poll(both, 3, -1) == 2 && both[2].revents == POLLNVAL);
    close(fds[0]);
}

static void times(void)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    struct pollfd one = {.fd = fds[0], .events = POLLIN};
    long begin = milliseconds();
    CHECK(poll(&one, 1, 0) == 0 && milliseconds() - begin < 1000);
    begin = milliseconds();
    CHECK(poll(&one, 1, 60) == 0 && one.revents == 0);
    CHECK(milliseconds() - begin >= 60);
    begin = milliseconds();
    CHECK(poll(NULL, 0, 40) == 0 && milliseconds() - begin >= 40);
    struct timespec time = {0, 50000000}, copy = time;
    begin = milliseconds();
    CHECK(syscall(SYS_ppoll, &one, 1, &copy, NULL, 8) == 0 && milliseconds() - begin >= 50);
    CHECK(copy.tv_sec == 0 && copy.tv_nsec == 0);
    copy = (struct timespec){5, 0};
    CHECK(write(fds[1], "x", 1) == 1 && syscall(SYS_ppoll, &one, 1, &copy, NULL, 8) == 1);
    CHECK(copy.tv_sec == 4 && copy.tv_nsec > 0);
    copy = (struct timespec){0, 0};
    CHECK(syscall(SYS_ppoll, &one, 1, &copy, NULL, 0) == 1);
    copy.tv_nsec = 1000000000;
    FAILS(EINVAL, syscall(SYS_ppoll, &one, 1, &copy, NULL, 8));
    copy.tv_nsec = -1;
    FAILS(EINVAL, syscall(SYS_ppoll, &one, 1, &copy, NULL, 8));
    copy = (struct timespec){-1, 0};
    FAILS(EINVAL, syscall(SYS_ppoll, &one, 1, &copy, NULL, 8));
    copy = (struct timespec){0x7fffffffffffffff, 999999999};
    CHECK(syscall(SYS_ppoll, &one, 1, &copy, NULL, 8) == 1);
    FAILS(EFAULT, syscall(SYS_ppoll, &one, 1, KERNEL, NULL, 8));
    FAILS(EFAULT, syscall(SYS_ppoll, &one, 1, NULL, KERNEL, 8));
    sigset_t none;
    sigemptyset(&none);
    FAILS(EINVAL, syscall(SYS_ppoll, &one, 1, NULL, &none, 4));
    CHECK(syscall(SYS_ppoll, &one, 1, NULL, &none, 8) == 1);
    close(fds[0]);
    close(fds[1]);
}

static void errors(void)
{
    struct pollfd one = {.fd = -1};
    FAILS(EFAULT, poll(KERNEL, 1, 0));
    FAILS(EFAULT, poll((void *)16, 1, 0));
    FAILS(EFAULT, poll(KERNEL, 0, 0));
    CHECK(poll((void *)16, 0, 0) == 0 && poll(NULL, 0, 0) == 0);
    FAILS(EINVAL, syscall(SYS_poll, &one, -1, 0));
    struct rlimit limit, old;
    getrlimit(RLIMIT_NOFILE, &old);
    limit = (struct rlimit){.rlim_cur = 20, .rlim_max = old.rlim_max};
    static struct pollfd many[21];
    memset(many, -1, sizeof many);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(poll(many, 20, 0) == 0);
    FAILS(EINVAL, poll(many, 21, 0));
    CHECK(setrlimit(RLIMIT_NOFILE, &old) == 0);
}

enum { MANY = 150 };

/* The last of many pipes becomes readable while we wait; then all of them. */
static void many(void)
{
    static int fds[MANY][2];
    static struct pollfd polled[MANY];
    int made = 0, status;
    while (made < MANY && pipe(fds[made]) == 0) {
        polled[made] = (struct pollfd){.fd = fds[made][0], .events = POLLIN};
        made++;
    }
    CHECK(made == MANY);
    CHECK(poll(polled, MANY, 10) == 0);
    pid_t child = fork();
    if (child == 0) {
        poll(NULL, 0, 50);
        _exit(write(fds[MANY - 1][1], "x", 1) != 1);
    }
    CHECK(poll(polled, MANY, 20000) == 1 && polled[MANY - 1].revents == POLLIN);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    for (int i = 0; i < MANY; i++)
        if (write(fds[i][1], "y", 1) != 1)
            made--;
    CHECK(made == MANY && poll(polled, MANY, -1) == MANY);
    for (int i = 0; i < MANY; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
    CHECK(poll(polled, MANY, -1) == MANY && polled[3].revents == POLLNVAL);
}

/* Several processes wait for one pipe: one byte wakes all of them, and one gets it. */
static void crowd(void)
{
    enum { WAITERS = 4, ROUNDS = 30 };
    int fds[2], back[2], status, failed = 0;
    CHECK(pipe2(fds, O_NONBLOCK) == 0 && pipe(back) == 0);
    pid_t children[WAITERS];
    for (int i = 0; i < WAITERS; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        close(fds[1]);
        struct pollfd one = {.fd = fds[0], .events = POLLIN};
        for (;;) {
            char byte;
            if (poll(&one, 1, -1) != 1)
                _exit(1);
            ssize_t n = read(fds[0], &byte, 1);
            if (n == 0)
                _exit(0);
            if (n == 1 && write(back[1], &byte, 1) != 1)
                _exit(1);
        }
    }
    for (int i = 0; i < ROUNDS; i++) {
        char byte = (char)i, other = 0;
        failed += write(fds[1], &byte, 1) != 1 || read(back[0], &other, 1) != 1 || other != byte;
    }
    CHECK(failed == 0);
    close(fds[1]);
    for (int i = 0; i < WAITERS; i++)
        failed += waitpid(children[i], &status, 0) != children[i] || status != 0;
    CHECK(failed == 0);
    close(fds[0]);
    close(back[0]);
    close(back[1]);
}

/* Back and forth between two processes that poll before they read. */
static void ping_pong(void)
{
    enum { ROUNDS = 500 };
    int there[2], back[2], status;
    bool same = true;
    CHECK(pipe(there) == 0 && pipe(back) == 0);
    pid_t child = fork();
    for (int i = 0; i < ROUNDS && same; i++) {
        struct pollfd one = {.fd = child ? back[0] : there[0], .events = POLLIN};
        char byte = (char)i;
        if (child == 0)
            same = poll(&one, 1, 10000) == 1 && read(one.fd, &byte, 1) == 1 && write(back[1], &byte, 1) == 1;
        else
            same = write(there[1], &byte, 1) == 1 && poll(&one, 1, 10000) == 1 && read(one.fd, &byte, 1) == 1 &&
                   byte == (char)i;
    }
    if (child == 0)
        _exit(!same);
    CHECK(same);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    for (int i = 0; i < 2; i++) {
        close(there[i]);
        close(back[i]);
    }
}

int main(void)
{
    files();
    ends();
    times();
    errors();
    many();
    crowd();
    ping_pong();
    return done();
}
