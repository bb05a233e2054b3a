/*
 * Clocks: reading, setting and asking about them by system calls, and every way to do that wrong.
 *
 * guest: root
 */
#include "tests/guest/guest.h"

#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define SECOND 1000000000ll

static int64_t now(clockid_t clock)
{
    struct timespec t = {0};
    return syscall(SYS_clock_gettime, clock, &t) == 0 ? t.tv_sec * SECOND + t.tv_nsec : -1;
}

static void reading(void)
{
    struct timespec t;
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
        CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME,
        CLOCK_TAI};
    for (unsigned i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
        int64_t first = now(clocks[i]);
        CHECK(first >= 0 && now(clocks[i]) >= first);
        FAILS(EFAULT, syscall(SYS_clock_gettime, clocks[i], KERNEL));
    }
    static const clockid_t wrong[] = {10, 12, 15, 16, 1000, 0x7fffffff, -1, -5};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        FAILS(EINVAL, syscall(SYS_clock_gettime, wrong[i], &t));
        FAILS(EINVAL, syscall(SYS_clock_getres, wrong[i], &t));
        FAILS(EINVAL, syscall(SYS_clock_settime, wrong[i], &t));
    }
    CHECK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, &t) == 0 && t.tv_sec == 0 && t.tv_nsec == 1);
    CHECK(syscall(SYS_clock_getres, CLOCK_MONOTONIC_COARSE, &t) == 0 && t.tv_sec == 0 && t.tv_nsec > 1);
    CHECK(syscall(SYS_clock_getres, CLOCK_PROCESS_CPUTIME_ID, &t) == 0 && t.tv_sec == 0 && t.tv_nsec == 1);
    CHECK(syscall(SYS_clock_getres, CLOCK_REALTIME, NULL) == 0);
    FAILS(EFAULT, syscall(SYS_clock_getres, CLOCK_REALTIME, KERNEL));

    int64_t day = now(CLOCK_REALTIME);
    struct timeval tv;
    CHECK(syscall(SYS_gettimeofday, &tv, NULL) == 0 && tv.tv_usec >= 0 && tv.tv_usec < 1000000);
    CHECK(tv.tv_sec * SECOND + tv.tv_usec * 1000 >= day - 1000);
    CHECK(syscall(SYS_time, NULL) >= day / SECOND);
    FAILS(EFAULT, syscall(SYS_gettimeofday, KERNEL, NULL));
    FAILS(EFAULT, syscall(SYS_gettimeofday, NULL, KERNEL));
    FAILS(EFAULT, syscall(SYS_time, KERNEL));
}

/* Uses the processor for so long, by the clock of the process. */
static void work(int64_t ns)
{
    for (int64_t start = now(CLOCK_PROCESS_CPUTIME_ID); now(CLOCK_PROCESS_CPUTIME_ID) < start + ns;)
        ;
}

static void processor_time(void)
{
    int64_t process = now(CLOCK_PROCESS_CPUTIME_ID), thread = now(CLOCK_THREAD_CPUTIME_ID);
    work(SECOND / 20);
    CHECK(now(CLOCK_PROCESS_CPUTIME_ID) - process >= SECOND / 20);
    CHECK(now(CLOCK_THREAD_CPUTIME_ID) - thread >= SECOND / 20 - SECOND / 1000);
    thread = now(CLOCK_THREAD_CPUTIME_ID);
    usleep(200000);
    CHECK(now(CLOCK_THREAD_CPUTIME_ID) - thread < SECOND / 10);
    clockid_t clock;
    CHECK(clock_getcpuclockid(0, &clock) == 0 && now(clock) >= process);
    CHECK(clock_getcpuclockid(getpid(), &clock) == 0 && now(clock) >= process);
    CHECK(now((~getpid() << 3) | 2 | 4) >= thread); /* of the thread */
    CHECK(now((~getpid() << 3) | 0) >= 0 && now((~getpid() << 3) | 1) >= 0);

    int ready[2], go[2];
    char byte = 0;
    CHECK(pipe(ready) == 0 && pipe(go) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(now(CLOCK_PROCESS_CPUTIME_ID) < SECOND / 20);
        work(SECOND / 20);
        _exit(write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1);
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    int64_t used = now((~child << 3) | 2);
    CHECK(used >= SECOND / 20 && used < SECOND);
    CHECK(now((~child << 3) | 2 | 4) == -1 && errno == EINVAL); /* a thread of another process */
    CHECK(write(go[1], &byte, 1) == 1 && waitpid(child, NULL, 0) == child);
    CHECK(now((~child << 3) | 2) == -1 && errno == EINVAL);
}

static void setting(void)
{
    struct timespec t;
    struct timeval tv;
    struct timezone zone = {0, 0};
    int64_t day = now(CLOCK_REALTIME), steady = now(CLOCK_MONOTONIC);
    t = (struct timespec){day / SECOND + 1000, day % SECOND};
    CHECK(syscall(SYS_clock_settime, CLOCK_REALTIME, &t) == 0);
    CHECK(time(NULL) >= t.tv_sec && time(NULL) < t.tv_sec + 100);
    struct timespec seen;
    CHECK(clock_gettime(CLOCK_REALTIME, &seen) == 0 && seen.tv_sec >= t.tv_sec && seen.tv_sec < t.tv_sec + 100);
    tv = (struct timeval){day / SECOND + 2000, 0};
    CHECK(settimeofday(&tv, NULL) == 0);
    CHECK(gettimeofday(&tv, NULL) == 0 && tv.tv_sec >= day / SECOND + 2000 && tv.tv_sec < day / SECOND + 2100);
    int64_t passed = now(CLOCK_MONOTONIC) - steady;
    CHECK(passed >= 0 && passed < 100 * SECOND);
    day += passed;
    t = (struct timespec){day / SECOND, day % SECOND};
    CHECK(clock_settime(CLOCK_REALTIME, &t) == 0);
    CHECK(syscall(SYS_settimeofday, NULL, &zone) == 0 && syscall(SYS_settimeofday, NULL, NULL) == 0);

    FAILS(EINVAL, syscall(SYS_clock_settime, CLOCK_MONOTONIC, &t));
    FAILS(EINVAL, syscall(SYS_clock_settime, CLOCK_BOOTTIME, &t));
    FAILS(EINVAL, syscall(SYS_clock_settime, CLOCK_REALTIME_COARSE, &t));
    FAILS(EINVAL, syscall(SYS_clock_settime, CLOCK_PROCESS_CPUTIME_ID, &t));
    FAILS(EPERM, syscall(SYS_clock_settime, (~getpid() << 3) | 2, &t));
    FAILS(EFAULT, syscall(SYS_clock_settime, CLOCK_REALTIME, KERNEL));
    FAILS(EINVAL, syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){-1, 0}));
    FAILS(EINVAL, syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){day / SECOND, SECOND}));
    FAILS(EINVAL, syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){day / SECOND, -1}));
    FAILS(EINVAL, syscall(SYS_settimeofday, &(struct timeval){day / SECOND, 1000000}, NULL));
    FAILS(EINVAL, syscall(SYS_settimeofday, &(struct timeval){-1, 0}, NULL));
    FAILS(EFAULT, syscall(SYS_settimeofday, KERNEL, NULL));
    FAILS(EFAULT, syscall(SYS_settimeofday, NULL, KERNEL));
    FAILS(EINVAL, syscall(SYS_settimeofday, NULL, &(struct timezone){16 * 60, 0}));
}

static void discipline(void)
{
    struct timex timex = {.modes = 0};
    CHECK(syscall(SYS_adjtimex, &timex) >= 0 && timex.tick == 10000 && timex.time.tv_sec > 0);
    FAILS(EFAULT, syscall(SYS_adjtimex, KERNEL));
    timex.modes = 0;
    CHECK(syscall(SYS_clock_adjtime, CLOCK_REALTIME, &timex) >= 0);
    FAILS(EOPNOTSUPP, syscall(SYS_clock_adjtime, CLOCK_MONOTONIC, &timex));
    FAILS(EINVAL, syscall(SYS_clock_adjtime, 99, &timex));
}

static void processors(void)
{
    unsigned cpu = 1000, node = 1000;
    CHECK(syscall(SYS_getcpu, &cpu, &node, NULL) == 0 && cpu < 1000 && node < 1000);
    CHECK(syscall(SYS_getcpu, NULL, NULL, KERNEL) == 0);
    FAILS(EFAULT, syscall(SYS_getcpu, KERNEL, NULL, NULL));
    FAILS(EFAULT, syscall(SYS_getcpu, NULL, KERNEL, NULL));
    CHECK(sched_getcpu() >= 0);
}

int main(void)
{
    reading();
    processor_time();
    setting();
    discipline();
    processors();
    return done();
}
