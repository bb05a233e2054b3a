/*
 * epoll: level, edge and one shot, changes, files that are closed while in a set, sets in sets, many members, several
 * processes that wait for one set, errors.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
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

static int control(int set, int operation, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(set, operation, fd, &event);
}

static int add(int set, int fd, uint32_t events)
{
    return control(set, EPOLL_CTL_ADD, fd, events, (uint64_t)fd);
}

static struct epoll_event got[64];

/* What is ready now: into `got`. */
static int ready(int set)
{
    memset(got, 0, sizeof got);
    return epoll_wait(set, got, 64, 0);
}

static void making(void)
{
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct stat st;
    CHECK(set >= 0 && fcntl(set, F_GETFD) == FD_CLOEXEC);
    CHECK(fstat(set, &st) == 0 && (st.st_mode & 0777) == 0600);
    char byte;
    FAILS(EINVAL, read(set, &byte, 1));
    FAILS(EINVAL, write(set, &byte, 1));
    close(set);
    FAILS(EINVAL, epoll_create1(1));
    FAILS(EINVAL, syscall(SYS_epoll_create, 0));
    FAILS(EINVAL, syscall(SYS_epoll_create, -1));
    set = (int)syscall(SYS_epoll_create, 1);
    CHECK(set >= 0 && fcntl(set, F_GETFD) == 0);
    close(set);
}

static void errors(void)
{
    int set = epoll_create1(0), fds[2], file = open("file", O_RDWR | O_CREAT, 0600), directory = open(".", O_RDONLY);
    CHECK(pipe(fds) == 0);
    FAILS(EPERM, add(set, file, EPOLLIN));
    FAILS(EPERM, add(set, directory, EPOLLIN));
    FAILS(EBADF, add(set, 999, EPOLLIN));
    FAILS(EBADF, add(999, fds[0], EPOLLIN));
    FAILS(EINVAL, add(set, set, EPOLLIN));
    FAILS(EINVAL, add(fds[1], fds[0], EPOLLIN));
    FAILS(EINVAL, control(set, 9, fds[0], EPOLLIN, 0));
    FAILS(EFAULT, epoll_ctl(set, EPOLL_CTL_ADD, fds[0], KERNEL));
    FAILS(EFAULT, epoll_ctl(set, EPOLL_CTL_MOD, fds[0], NULL));
    FAILS(ENOENT, control(set, EPOLL_CTL_MOD, fds[0], EPOLLIN, 0));
    FAILS(ENOENT, epoll_ctl(set, EPOLL_CTL_DEL, fds[0], NULL));
    CHECK(add(set, fds[0], EPOLLIN) == 0);
    FAILS(EEXIST, add(set, fds[0], EPOLLIN));
    int copy = dup(fds[0]);
    CHECK(add(set, copy, EPOLLIN) == 0); /* the same file by another number is another member */
    CHECK(write(fds[1], "x", 1) == 1 && ready(set) == 2);
    CHECK(epoll_ctl(set, EPOLL_CTL_DEL, copy, NULL) == 0 && ready(set) == 1);
    FAILS(EINVAL, epoll_wait(set, got, 0, 0));
    FAILS(EINVAL, epoll_wait(set, got, -1, 0));
    FAILS(EINVAL, epoll_wait(set, got, 0x7fffffff, 0));
    FAILS(EINVAL, epoll_wait(fds[0], got, 1, 0));
    FAILS(EBADF, epoll_wait(999, got, 1, 0));
    FAILS(EFAULT, epoll_wait(set, KERNEL, 1, 0));
    FAILS(EFAULT, epoll_wait(set, (void *)16, 1, 0));
    CHECK(ready(set) == 1); /* it has not been lost */
    /* Rules of EPOLLEXCLUSIVE. */
    CHECK(add(set, copy, EPOLLIN | EPOLLEXCLUSIVE) == 0);
    FAILS(EINVAL, control(set, EPOLL_CTL_MOD, copy, EPOLLIN, 0));
    FAILS(EINVAL, control(set, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLEXCLUSIVE, 0));
    FAILS(EINVAL, add(set, fds[1], EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT));
    int other = epoll_create1(0);
    FAILS(EINVAL, add(set, other, EPOLLIN | EPOLLEXCLUSIVE));
    close(other);
    close(copy);
    close(fds[0]);
    close(fds[1]);
    close(set);
    close(file);
    close(directory);
}

static void level(void)
{
    int set = epoll_create1(0), fds[2];
    char byte;
    CHECK(pipe2(fds, O_NONBLOCK) == 0);
    CHECK(ready(set) == 0);
    CHECK(control(set, EPOLL_CTL_ADD, fds[0], EPOLLIN, 0x123456789abcdefull) == 0 && ready(set) == 0);
    CHECK(write(fds[1], "xy", 2) == 2);
    CHECK(ready(set) == 1 && got[0].events == EPOLLIN && got[0].data.u64 == 0x123456789abcdefull);
    CHECK(ready(set) == 1 && read(fds[0], &byte, 1) == 1 && ready(set) == 1 && read(fds[0], &byte, 1) == 1);
    CHECK(ready(set) == 0 && ready(set) == 0);
    CHECK(add(set, fds[1], EPOLLOUT | EPOLLRDHUP) == 0);
    CHECK(ready(set) == 1 && got[0].events == EPOLLOUT && got[0].data.u64 == (uint64_t)fds[1]);
    CHECK(control(set, EPOLL_CTL_MOD, fds[1], 0, 5) == 0 && ready(set) == 0);
    CHECK(control(set, EPOLL_CTL_MOD, fds[1], EPOLLOUT, 6) == 0 && ready(set) == 1 && got[0].data.u64 == 6);
    close(fds[0]);
    CHECK(ready(set) == 1 && got[0].events == (EPOLLOUT | EPOLLERR) && got[0].data.u64 == 6);
    CHECK(control(set, EPOLL_CTL_MOD, fds[1], 0, 7) == 0 && ready(set) == 1 && got[0].events == EPOLLERR);
    close(fds[1]);
    CHECK(ready(set) == 0);
    close(set);
}

static void edges(void)
{
    int set = epoll_create1(0), fds[2];
    char bytes[8];
    CHECK(pipe2(fds, O_NONBLOCK) == 0);
    CHECK(write(fds[1], "x", 1) == 1);
    CHECK(add(set, fds[0], EPOLLIN | EPOLLET) == 0);
    CHECK(ready(set) == 1 && got[0].events == EPOLLIN && ready(set) == 0);
    CHECK(write(fds[1], "y", 1) == 1 && ready(set) == 1 && ready(set) == 0);
    CHECK(write(fds[1], "y", 1) == 1 && write(fds[1], "y", 1) == 1 && ready(set) == 1 && ready(set) == 0);
    CHECK(control(set, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLET, 3) == 0 && ready(set) == 1 && ready(set) == 0);
    CHECK(write(fds[1], "z", 1) == 1 && read(fds[0], bytes, 8) == 5 && ready(set) == 0);
    close(fds[1]);
    CHECK(ready(set) == 1 && got[0].events == EPOLLHUP && ready(set) == 0);
    close(fds[0]);
    CHECK(pipe2(fds, O_NONBLOCK) == 0);
    CHECK(add(set, fds[0], EPOLLIN | EPOLLONESHOT) == 0 && write(fds[1], "x", 1) == 1);
    CHECK(ready(set) == 1 && ready(set) == 0 && write(fds[1], "x", 1) == 1 && ready(set) == 0);
    CHECK(control(set, EPOLL_CTL_MOD, fds[0], EPOLLIN | EPOLLONESHOT, 9) == 0 && ready(set) == 1);
    CHECK(got[0].data.u64 == 9 && ready(set) == 0);
    close(fds[1]);
    CHECK(ready(set) == 0); /* not even that */
    close(fds[0]);
    close(set);
}

static void closed(void)
{
    int set = epoll_create1(0), fds[2], copy;
    CHECK(pipe(fds) == 0 && write(fds[1], "x", 1) == 1);
    CHECK(add(set, fds[0], EPOLLIN) == 0 && ready(set) == 1);
    copy = dup(fds[0]);
    close(fds[0]);
    CHECK(ready(set) == 1 && got[0].data.u64 == (uint64_t)fds[0]); /* the file is still open */
    FAILS(EBADF, epoll_ctl(set, EPOLL_CTL_DEL, fds[0], NULL));
    close(copy);
    CHECK(ready(set) == 0);
    close(fds[1]);
    /* A set that goes before its members, and a member in two sets. */
    int other = epoll_create1(0);
    CHECK(pipe(fds) == 0 && add(set, fds[0], EPOLLIN) == 0 && add(other, fds[0], EPOLLIN) == 0);
    close(set);
    CHECK(write(fds[1], "x", 1) == 1 && ready(other) == 1);
    close(fds[0]);
    CHECK(ready(other) == 0);
    close(fds[1]);
    close(other);
}

static void nested(void)
{
    int inner = epoll_create1(0), outer = epoll_create1(0), fds[2];
    char byte;
    CHECK(pipe2(fds, O_NONBLOCK) == 0);
    CHECK(add(inner, fds[0], EPOLLIN) == 0 && add(outer, inner, EPOLLIN) == 0);
    struct pollfd polled = {.fd = outer, .events = POLLIN};
    CHECK(ready(outer) == 0 && poll(&polled, 1, 0) == 0);
    CHECK(write(fds[1], "x", 1) == 1);
    CHECK(poll(&polled, 1, 0) == 1 && polled.revents == POLLIN);
    CHECK(ready(outer) == 1 && got[0].events == EPOLLIN && got[0].data.u64 == (uint64_t)inner);
    CHECK(ready(inner) == 1 && got[0].data.u64 == (uint64_t)fds[0] && ready(outer) == 1);
    CHECK(read(fds[0], &byte, 1) == 1);
    CHECK(ready(outer) == 0 && ready(inner) == 0 && poll(&polled, 1, 0) == 0);
    FAILS(ELOOP, add(inner, outer, EPOLLIN));
    CHECK(write(fds[1], "x", 1) == 1 && ready(inner) == 1 && read(fds[0], &byte, 1) == 1);
    polled.fd = inner;
    CHECK(poll(&polled, 1, 0) == 0); /* it was ready, but no longer is */
    CHECK(control(outer, EPOLL_CTL_MOD, inner, EPOLLIN | EPOLLET, 1) == 0 && ready(outer) == 0);
    CHECK(write(fds[1], "x", 1) == 1 && ready(outer) == 1 && ready(outer) == 0);
    CHECK(ready(inner) == 1 && read(fds[0], &byte, 1) == 1);
    CHECK(write(fds[1], "y", 1) == 1 && ready(outer) == 1 && ready(outer) == 0);
    close(inner);
    CHECK(ready(outer) == 0);
    close(outer);
    close(fds[0]);
    close(fds[1]);
    int sets[7];
    for (int i = 0; i < 7; i++)
        sets[i] = epoll_create1(0);
    for (int i = 0; i < 4; i++)
        CHECK(add(sets[i + 1], sets[i], EPOLLIN) == 0);
    FAILS(ELOOP, add(sets[5], sets[4], EPOLLIN));
    FAILS(ELOOP, add(sets[0], sets[5], EPOLLIN));
    FAILS(ELOOP, add(sets[0], sets[4], EPOLLIN));
    CHECK(add(sets[4], sets[0], EPOLLIN) == 0); /* two ways to the same are no circle */
    CHECK(pipe(fds) == 0 && add(sets[0], fds[0], EPOLLIN) == 0 && write(fds[1], "x", 1) == 1);
    CHECK(ready(sets[4]) == 2);
    close(sets[2]);
    CHECK(ready(sets[4]) == 1 && add(sets[5], sets[4], EPOLLIN) == 0 && ready(sets[5]) == 1);
    for (int i = 0; i < 7; i++)
        close(sets[i]);
    close(fds[0]);
    close(fds[1]);
}

static void times(void)
{
    int set = epoll_create1(0), fds[2], status;
    CHECK(pipe(fds) == 0 && add(set, fds[0], EPOLLIN) == 0);
    long begin = milliseconds();
    CHECK(epoll_wait(set, got, 1, 50) == 0 && milliseconds() - begin >= 50);
    struct timespec soon = {0, 30000000};
    begin = milliseconds();
    CHECK(syscall(SYS_epoll_pwait2, set, got, 1, &soon, NULL, 8) == 0 && milliseconds() - begin >= 30);
    soon.tv_nsec = 1000000000;
    FAILS(EINVAL, syscall(SYS_epoll_pwait2, set, got, 1, &soon, NULL, 8));
    FAILS(EFAULT, syscall(SYS_epoll_pwait2, set, got, 1, KERNEL, NULL, 8));
    FAILS(EINVAL, syscall(SYS_epoll_pwait, set, got, 1, 0, &soon, 4));
    FAILS(EFAULT, syscall(SYS_epoll_pwait, set, got, 1, 0, KERNEL, 8));
    pid_t child = fork();
    if (child == 0) {
        poll(NULL, 0, 50);
        _exit(write(fds[1], "x", 1) != 1);
    }
    CHECK(epoll_wait(set, got, 1, -1) == 1 && got[0].events == EPOLLIN);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(epoll_wait(set, got, 1, -1) == 1);
    close(fds[0]);
    close(fds[1]);
    close(set);
}

enum { MANY = 200 };

static void many(void)
{
    static int fds[MANY][2];
    int set = epoll_create1(0), failed = 0, seen = 0;
    for (int i = 0; i < MANY; i++) {
        failed += pipe(fds[i]) != 0;
        failed += control(set, EPOLL_CTL_ADD, fds[i][0], EPOLLIN, (uint64_t)i) != 0;
    }
    CHECK(failed == 0 && ready(set) == 0);
    for (int i = MANY - 1; i >= 0; i -= 2)
        failed += write(fds[i][1], "x", 1) != 1;
    /* All of them in turns, in the order in which they became ready. */
    for (int i = MANY - 1; i >= 0; i -= 20) {
        failed += epoll_wait(set, got, 10, 0) != 10;
        for (int k = 0; k < 10; k++)
            failed += got[k].data.u64 != (uint64_t)(i - 2 * k);
    }
    CHECK(failed == 0);
    CHECK(epoll_wait(set, got, 10, 0) == 10 && got[0].data.u64 == MANY - 1); /* and again */
    for (int i = 0; i < MANY; i++) {
        char byte;
        if (i % 2)
            failed += read(fds[i][0], &byte, 1) != 1;
        else
            failed += write(fds[i][1], "x", 1) != 1;
    }
    CHECK(failed == 0);
    for (int n; (n = epoll_wait(set, got, 64, 0)) > 0 && seen < MANY; seen += n)
        for (int k = 0; k < n; k++) {
            failed += got[k].data.u64 % 2 != 0;
            failed += epoll_ctl(set, EPOLL_CTL_DEL, fds[got[k].data.u64][0], NULL) != 0;
        }
    CHECK(failed == 0 && seen == MANY / 2);
    for (int i = 0; i < MANY; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
    CHECK(ready(set) == 0);
    close(set);
}

/* Several processes take bytes from several pipes, one set for all; every byte is taken once. */
static void crowd(uint32_t mode)
{
    enum { PIPES = 8, WORKERS = 4, BYTES = 400 };
    int set = epoll_create1(0), fds[PIPES + 1][2], results[2], status, failed = 0;
    for (int i = 0; i <= PIPES; i++) {
        CHECK(pipe2(fds[i], O_NONBLOCK) == 0);
        CHECK(control(set, EPOLL_CTL_ADD, fds[i][0], i < PIPES ? EPOLLIN | mode : EPOLLIN, (uint64_t)i) == 0);
    }
    CHECK(pipe(results) == 0);
    pid_t workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = fork();
        if (workers[i] != 0)
            continue;
        long sum = 0;
        for (;;) {
            struct epoll_event event;
            if (epoll_wait(set, &event, 1, -1) != 1)
                _exit(1);
            if (event.data.u64 == PIPES) /* the last pipe means: all has been written */
                break;
            unsigned char byte;
            while (read(fds[event.data.u64][0], &byte, 1) == 1)
                sum += byte;
            if (mode & EPOLLONESHOT)
                control(set, EPOLL_CTL_MOD, fds[event.data.u64][0], EPOLLIN | mode, event.data.u64);
        }
        for (int k = 0; k < PIPES; k++)
            for (unsigned char byte; read(fds[k][0], &byte, 1) == 1;)
                sum += byte;
        _exit(write(results[1], &sum, sizeof sum) != sizeof sum);
    }
    long sent = 0, received = 0;
    for (int i = 0; i < BYTES; i++) {
        unsigned char byte = (unsigned char)(i * 31 + 1);
        sent += byte;
        failed += write(fds[i % PIPES][1], &byte, 1) != 1;
        if (i % 16 == 0)
            poll(NULL, 0, 1);
    }
    failed += write(fds[PIPES][1], "x", 1) != 1;
    for (int i = 0; i < WORKERS; i++) {
        long sum = 0;
        failed += waitpid(workers[i], &status, 0) != workers[i] || status != 0;
        failed += read(results[0], &sum, sizeof sum) != sizeof sum;
        received += sum;
    }
    CHECK(failed == 0 && sent == received);
    for (int i = 0; i <= PIPES; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
    close(results[0]);
    close(results[1]);
    close(set);
}

/* Members come and go in one process while others make them ready. */
static void churn(void)
{
    enum { ROUNDS = 300, PIPES = 6 };
    int set = epoll_create1(0), fds[PIPES][2], status, failed = 0;
    pid_t child;
    for (int i = 0; i < PIPES; i++)
        failed += pipe2(fds[i], O_NONBLOCK) != 0;
    if ((child = fork()) == 0) {
        char bytes[16];
        for (int i = 0; i < ROUNDS * 4; i++) {
            (void)!write(fds[i % PIPES][1], "x", 1);
            (void)!read(fds[(i + 3) % PIPES][0], bytes, sizeof bytes);
        }
        _exit(0);
    }
    for (int i = 0; i < ROUNDS; i++) {
        int inner = epoll_create1(0);
        for (int k = 0; k < PIPES; k++)
            failed += add(inner, fds[k][0], k % 2 ? EPOLLIN : EPOLLIN | EPOLLET) != 0;
        failed += add(set, inner, EPOLLIN) != 0;
        failed += epoll_wait(set, got, 64, 0) > 1;
        failed += epoll_wait(inner, got, 64, 0) > PIPES;
        if (i % 3 == 0)
            failed += epoll_ctl(inner, EPOLL_CTL_DEL, fds[i % PIPES][0], NULL) != 0;
        close(inner);
    }
    CHECK(failed == 0 && ready(set) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    for (int i = 0; i < PIPES; i++) {
        close(fds[i][0]);
        close(fds[i][1]);
    }
    close(set);
}

/* One asks for all, again and again; whoever asks for one meanwhile gets one, too, even if he does not wait. */
static void asked_by_two(void)
{
    enum { FILES = 200, ROUNDS = 3000 };
    static struct epoll_event all[FILES];
    int set = epoll_create1(0), events[FILES], failed = 0, none = 0, status;
    for (int i = 0; i < FILES; i++)
        failed += (events[i] = eventfd(1, 0)) < 0 || add(set, events[i], EPOLLIN) != 0;
    pid_t child = fork();
    if (child == 0)
        for (;;)
            epoll_wait(set, all, FILES, 0);
    for (int i = 0; i < ROUNDS; i++)
        none += epoll_wait(set, got, 1, 0) != 1;
    CHECK(failed == 0);
    CHECK(none < ROUNDS / 100); /* Linux may miss some: it looks without a lock */
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
    for (int i = 0; i < FILES; i++)
        close(events[i]);
    close(set);
}

int main(void)
{
    making();
    errors();
    level();
    edges();
    closed();
    nested();
    times();
    many();
    crowd(0);
    crowd(EPOLLET);
    crowd(EPOLLONESHOT);
    churn();
    asked_by_two();
    return done();
}
