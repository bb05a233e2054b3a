/*
 * Tables of descriptors: that they grow, what fork and execve make of them, close_range and unshare.
 *
 * guest: root
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 3000

static const char *self;

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static int status_of(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

static int close_range_(unsigned first, unsigned last, unsigned flags)
{
    return (int)syscall(SYS_close_range, first, last, flags);
}

static int count(int from, int to)
{
    int open = 0;
    for (int fd = from; fd < to; fd++)
        open += is_open(fd);
    return open;
}

static void growing(void)
{
    const struct rlimit limit = {4096, 4096};
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    int last = -1, fd;
    while ((fd = dup(1)) >= 0 && fd < MANY)
        last = fd;
    CHECK(last == MANY - 1 && fd == MANY);
    CHECK(close(100) == 0 && close(70) == 0 && close(2000) == 0);
    CHECK(dup(1) == 70 && dup(1) == 100 && dup(1) == 2000 && dup(1) == MANY + 1);
    CHECK(fcntl(1, F_DUPFD, 65) == MANY + 2);
    CHECK(close(65) == 0 && fcntl(1, F_DUPFD, 65) == 65);
    CHECK(fcntl(2999, F_SETFD, FD_CLOEXEC) == 0 && fcntl(3, F_SETFD, FD_CLOEXEC) == 0);

    pid_t child = fork();
    if (child == 0)
        _exit(count(0, 4096) == MANY + 3 && fcntl(2999, F_GETFD) == FD_CLOEXEC && fcntl(2998, F_GETFD) == 0 ? 7 : 1);
    CHECK(status_of(child) == 7 << 8);
    child = fork();
    if (child == 0) {
        execl(self, self, "count", (char *)NULL);
        _exit(99);
    }
    CHECK(status_of(child) == 8 << 8);
}

/* What the program that growing() executes has open. */
static int counting(void)
{
    return count(0, 4096) == MANY + 1 && !is_open(3) && !is_open(2999) && is_open(2998) ? 8 : 2;
}

static void ranges(void)
{
    FAILS(EINVAL, close_range_(5, 4, 0));
    FAILS(EINVAL, close_range_(5, 6, 1));
    FAILS(EINVAL, close_range_(5, 6, 8));
    CHECK(close_range_(2000, 2010, 0) == 0 && !is_open(2000) && !is_open(2010) && is_open(1999) && is_open(2011));
    CHECK(close_range_(2000, 2010, 0) == 0);
    CHECK(close_range_(100, 109, 4) == 0 && fcntl(100, F_GETFD) == 1 && fcntl(109, F_GETFD) == 1);
    CHECK(fcntl(99, F_GETFD) == 0 && fcntl(110, F_GETFD) == 0);
    CHECK(close_range_(1000, 0xffffffff, 0) == 0 && count(1000, 4096) == 0 && is_open(999));
    CHECK(close_range_(20, 0x7fffffff, 2) == 0 && count(0, 4096) == 20);
    CHECK(close_range_(10, 10, 0) == 0 && dup(1) == 10);
    CHECK(close_range_(5000, 6000, 0) == 0 && close_range_(5000, 6000, 4) == 0);
}

static void unsharing(void)
{
    FAILS(EINVAL, unshare(1));
    FAILS(EINVAL, unshare(CLONE_SETTLS));
    CHECK(unshare(0) == 0);
    CHECK(unshare(CLONE_FILES | CLONE_FS) == 0);
    CHECK(unshare(CLONE_SYSVSEM) == 0);
    CHECK(unshare(CLONE_VM | CLONE_SIGHAND | CLONE_THREAD) == 0);
    pid_t child = fork();
    if (child == 0) {
        if (setuid(1000) < 0)
            _exit(1);
        _exit(unshare(CLONE_NEWUTS) == -1 && errno == EPERM && unshare(CLONE_NEWNS) == -1 && errno == EPERM ? 0 : 1);
    }
    CHECK(status_of(child) == 0);
}

int main(int argc, char **argv)
{
    self = argv[0];
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc > 1)
        return counting();
    for (int fd = 3; fd < 1000; fd++)
        close(fd);
    growing();
    ranges();
    unsharing();
    return done();
}
