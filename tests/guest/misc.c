/*
 * The rest: identity, limits, clocks, random bytes, signal actions and masks as far as they are only remembered.
 */
#include "tests/guest/guest.h"

#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)

static void identity(void)
{
    struct utsname names;
    CHECK(getpid() > 0 && syscall(SYS_gettid) == getpid());
    CHECK(uname(&names) == 0 && strcmp(names.sysname, "Linux") == 0 && strcmp(names.machine, "x86_64") == 0);
    FAILS(EFAULT, syscall(SYS_uname, KERNEL));
    FAILS(ENOSYS, syscall(5000));
    FAILS(ENOSYS, syscall(-1));
    FAILS(EINVAL, syscall(SYS_arch_prctl, 1, 0));
    FAILS(EPERM, syscall(SYS_arch_prctl, 0x1001, KERNEL));
    unsigned long base = 0;
    CHECK(syscall(SYS_arch_prctl, 0x1001, 0x12345678) == 0);
    CHECK(syscall(SYS_arch_prctl, 0x1004, &base) == 0 && base == 0x12345678);
}

static void limits(void)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur >= 1 << 20);
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= 64);
    FAILS(EINVAL, syscall(SYS_prlimit64, 0, 99, NULL, &limit));
    FAILS(EFAULT, syscall(SYS_prlimit64, 0, RLIMIT_STACK, NULL, KERNEL));
    struct rlimit crossed = {2, 1};
    FAILS(EINVAL, setrlimit(RLIMIT_CORE, &crossed));
}

static void clocks(void)
{
    struct timespec before, after, pause = {0, 20000000}, bad = {0, 1000000000};
    CHECK(clock_gettime(CLOCK_REALTIME, &before) == 0 && before.tv_sec > 0);
    FAILS(EINVAL, syscall(SYS_clock_gettime, 99, &before));
    FAILS(EFAULT, syscall(SYS_clock_gettime, CLOCK_MONOTONIC, KERNEL));
    clock_gettime(CLOCK_MONOTONIC, &before);
    CHECK(syscall(SYS_nanosleep, &pause, NULL) == 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    CHECK((after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec >= 20000000);
    FAILS(EINVAL, syscall(SYS_nanosleep, &bad, NULL));
    FAILS(EFAULT, syscall(SYS_nanosleep, KERNEL, NULL));
}

static void randomness(void)
{
    unsigned char one[300] = {0}, two[300] = {0};
    CHECK(getrandom(one, sizeof one, 0) == sizeof one && getrandom(two, sizeof two, GRND_NONBLOCK) == sizeof two);
    CHECK(memcmp(one, two, sizeof one) != 0);
    FAILS(EINVAL, getrandom(one, 1, 0x1000));
    FAILS(EINVAL, getrandom(one, 1, GRND_RANDOM | 4 /* GRND_INSECURE */));
    FAILS(EFAULT, getrandom(KERNEL, 1, 0));
}

static void handler(int signal) {}

static void signals(void)
{
    struct sigaction new = {.sa_handler = handler}, old;
    CHECK(sigaction(SIGUSR1, &new, NULL) == 0 && sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == handler);
    FAILS(EINVAL, sigaction(SIGKILL, &new, NULL));
    FAILS(EINVAL, syscall(SYS_rt_sigaction, 65, NULL, NULL, 8));
    FAILS(EINVAL, syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
    unsigned long set = 1ul << (SIGUSR2 - 1) | 1ul << (SIGKILL - 1), got = 0;
    CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8) == 0);
    CHECK(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &got, 8) == 0 && got == 1ul << (SIGUSR2 - 1));
    CHECK(syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, &got, 8) == 0 && got == 1ul << (SIGUSR2 - 1));
    FAILS(EINVAL, syscall(SYS_rt_sigprocmask, 7, &set, NULL, 8));
    FAILS(EFAULT, syscall(SYS_rt_sigprocmask, SIG_BLOCK, KERNEL, NULL, 8));
}

int main(void)
{
    identity();
    limits();
    clocks();
    randomness();
    signals();
    return done();
}
