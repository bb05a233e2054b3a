/*
 * Sleeping: how long, what signals do to it, what is left of it, and what follows the clock when that is set.
 *
 * guest: root
 */
#include "tests/guest/guest.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define SECOND 1000000000ll
#define MS 1000000ll

static int64_t ns_of(struct timespec t)
{
    return t.tv_sec * SECOND + t.tv_nsec;
}

static struct timespec spec(int64_t ns)
{
    return (struct timespec){ns / SECOND, ns % SECOND};
}

static int64_t now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return ns_of(t);
}

static long nap(clockid_t clock, int flags, int64_t ns, struct timespec *rest)
{
    struct timespec t = spec(ns);
    return syscall(SYS_clock_nanosleep, clock, flags, &t, rest);
}

/* Is it about as long as it should have been? A busy host may make it longer. */
static bool about(int64_t ns, int64_t wanted)
{
    return ns >= wanted && ns < wanted + 2 * SECOND;
}

static void lengths(void)
{
    struct timespec t = spec(50 * MS);
    int64_t start = now(CLOCK_MONOTONIC);
    CHECK(syscall(SYS_nanosleep, &t, NULL) == 0 && about(now(CLOCK_MONOTONIC) - start, 50 * MS));
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI};
    for (unsigned i = 0; i < 4; i++) {
        start = now(CLOCK_MONOTONIC);
        CHECK(nap(clocks[i], 0, 20 * MS, NULL) == 0 && about(now(CLOCK_MONOTONIC) - start, 20 * MS));
        start = now(CLOCK_MONOTONIC);
        CHECK(nap(clocks[i], TIMER_ABSTIME, now(clocks[i]) + 20 * MS, NULL) == 0);
        CHECK(about(now(CLOCK_MONOTONIC) - start, 20 * MS));
        CHECK(nap(clocks[i], TIMER_ABSTIME, now(clocks[i]) - MS, NULL) == 0);
        CHECK(nap(clocks[i], TIMER_ABSTIME, 0, NULL) == 0);
    }
    start = now(CLOCK_MONOTONIC);
    CHECK(nap(CLOCK_MONOTONIC, 0, 0, NULL) == 0 && now(CLOCK_MONOTONIC) - start < SECOND);
    CHECK(usleep(1) == 0);
}

static void errors(void)
{
    FAILS(EFAULT, syscall(SYS_nanosleep, KERNEL, NULL));
    FAILS(EFAULT, syscall(SYS_nanosleep, NULL, NULL));
    FAILS(EINVAL, syscall(SYS_nanosleep, &(struct timespec){0, SECOND}, NULL));
    FAILS(EINVAL, syscall(SYS_nanosleep, &(struct timespec){0, -1}, NULL));
    FAILS(EINVAL, syscall(SYS_nanosleep, &(struct timespec){-1, 0}, NULL));
    FAILS(EINVAL, nap(99, 0, 0, NULL));
    FAILS(EINVAL, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &(struct timespec){0, SECOND}, NULL));
    FAILS(EFAULT, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, KERNEL, NULL));
    FAILS(EOPNOTSUPP, nap(CLOCK_MONOTONIC_RAW, 0, 0, NULL));
    FAILS(EOPNOTSUPP, nap(CLOCK_MONOTONIC_COARSE, 0, 0, NULL));
    FAILS(EOPNOTSUPP, nap(CLOCK_REALTIME_COARSE, 0, 0, NULL));
    FAILS(EOPNOTSUPP, nap(CLOCK_THREAD_CPUTIME_ID, 0, 0, NULL));
}

static volatile int caught;

static void handler(int signal)
{
    caught++;
}

/* SIGNAL to this process, AFTER so long, from a child. */
static pid_t send_later(int signal, int64_t after)
{
    pid_t self = getpid(), child = fork();
    if (child == 0) {
        nap(CLOCK_MONOTONIC, 0, after, NULL);
        kill(self, signal);
        _exit(0);
    }
    return child;
}

static void interrupted(void)
{
    struct timespec rest;
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGUSR1, &action, NULL);
    pid_t child = send_later(SIGUSR1, 50 * MS);
    FAILS(EINTR, nap(CLOCK_MONOTONIC, 0, 10 * SECOND, &rest));
    CHECK(caught == 1 && ns_of(rest) > 5 * SECOND && ns_of(rest) < 10 * SECOND);
    waitpid(child, NULL, 0);

    action.sa_flags = SA_RESTART; /* does not count for sleeps */
    sigaction(SIGUSR1, &action, NULL);
    child = send_later(SIGUSR1, 50 * MS);
    struct timespec t = spec(10 * SECOND);
    FAILS(EINTR, syscall(SYS_nanosleep, &t, &t));
    CHECK(caught == 2 && ns_of(t) > 5 * SECOND && ns_of(t) < 10 * SECOND);
    waitpid(child, NULL, 0);

    child = send_later(SIGUSR1, 50 * MS);
    rest = spec(77);
    FAILS(EINTR, nap(CLOCK_MONOTONIC, TIMER_ABSTIME, now(CLOCK_MONOTONIC) + 10 * SECOND, &rest));
    CHECK(ns_of(rest) == 77);
    waitpid(child, NULL, 0);
    child = send_later(SIGUSR1, 50 * MS);
    FAILS(EINTR, nap(CLOCK_REALTIME, TIMER_ABSTIME, now(CLOCK_REALTIME) + 10 * SECOND, NULL));
    waitpid(child, NULL, 0);
    child = send_later(SIGUSR1, 50 * MS);
    FAILS(EFAULT, nap(CLOCK_MONOTONIC, 0, 10 * SECOND, KERNEL));
    waitpid(child, NULL, 0);

    /* What is ignored interrupts nothing. */
    signal(SIGUSR2, SIG_IGN);
    child = send_later(SIGUSR2, 20 * MS);
    int64_t start = now(CLOCK_MONOTONIC);
    CHECK(nap(CLOCK_MONOTONIC, 0, 100 * MS, NULL) == 0 && about(now(CLOCK_MONOTONIC) - start, 100 * MS));
    waitpid(child, NULL, 0);
}

/* A sleeper that is stopped and goes on sleeps on, and not longer than it would have. */
static void stopped(void)
{
    static const int flags[] = {0, TIMER_ABSTIME};
    for (unsigned i = 0; i < 2; i++) {
        int64_t start = now(CLOCK_MONOTONIC);
        pid_t child = fork();
        if (child == 0)
            _exit(nap(CLOCK_MONOTONIC, flags[i], flags[i] ? start + 300 * MS : 300 * MS, NULL) == 0 ? 42 : 1);
        int status;
        nap(CLOCK_MONOTONIC, 0, 50 * MS, NULL);
        kill(child, SIGSTOP);
        CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
        nap(CLOCK_MONOTONIC, 0, 50 * MS, NULL);
        kill(child, SIGCONT);
        CHECK(waitpid(child, &status, 0) == child && status == 42 << 8);
        CHECK(about(now(CLOCK_MONOTONIC) - start, 300 * MS));
    }
}

/* Who sleeps until a moment of the day wakes when the clock is set to it. */
static void follows_the_clock(void)
{
    struct timespec t;
    int64_t start = now(CLOCK_MONOTONIC), day = now(CLOCK_REALTIME);
    pid_t until = fork();
    if (until == 0)
        _exit(nap(CLOCK_REALTIME, TIMER_ABSTIME, day + 100 * SECOND, NULL) == 0 ? 42 : 1);
    pid_t length = fork();
    if (length == 0)
        _exit(nap(CLOCK_REALTIME, 0, 300 * MS, NULL) == 0 ? 42 : 1);
    nap(CLOCK_MONOTONIC, 0, 50 * MS, NULL);
    t = spec(day + 200 * SECOND);
    CHECK(clock_settime(CLOCK_REALTIME, &t) == 0);
    int status;
    CHECK(waitpid(until, &status, 0) == until && status == 42 << 8);
    CHECK(now(CLOCK_MONOTONIC) - start < 50 * SECOND);
    CHECK(waitpid(length, &status, 0) == length && status == 42 << 8);
    CHECK(about(now(CLOCK_MONOTONIC) - start, 300 * MS));
    t = spec(day + now(CLOCK_MONOTONIC) - start);
    CHECK(clock_settime(CLOCK_REALTIME, &t) == 0);
}

static void by_processor_time(void)
{
    struct timespec t = spec(0);
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0);
    CHECK(nap(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, 1, NULL) == 0);
    pid_t child = send_later(SIGUSR1, 50 * MS);
    FAILS(EINTR, nap(CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, 1000 * SECOND, NULL)); /* nobody runs meanwhile */
    waitpid(child, NULL, 0);
}

int main(void)
{
    lengths();
    errors();
    interrupted();
    stopped();
    follows_the_clock();
    by_processor_time();
    return done();
}
