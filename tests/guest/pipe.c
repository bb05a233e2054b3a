/*
 * Pipes: bytes, ends, errors, blocking, atomic writes, sizes, packets; and the flags that fcntl and ioctl set.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAD ((void *)16)
#define KERNEL ((void *)0xffff800000000000ul)
#define DEFAULT_SIZE 65536

static char big[1 << 20];

static void close_both(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static void making(void)
{
    int fds[2];
    CHECK(pipe(fds) == 0 && fds[0] >= 0 && fds[1] > fds[0]);
    CHECK(fcntl(fds[0], F_GETFD) == 0 && fcntl(fds[1], F_GETFD) == 0);
    CHECK(fcntl(fds[0], F_GETFL) == O_RDONLY && fcntl(fds[1], F_GETFL) == O_WRONLY);
    struct stat one, other;
    CHECK(fstat(fds[0], &one) == 0 && S_ISFIFO(one.st_mode) && (one.st_mode & 0777) == 0600 && one.st_nlink == 1);
    CHECK(fstat(fds[1], &other) == 0 && one.st_ino == other.st_ino && one.st_dev == other.st_dev);
    CHECK(one.st_uid == geteuid() && one.st_gid == getegid() && one.st_size == 0 && one.st_blksize == 4096);
    FAILS(ESPIPE, lseek(fds[0], 0, SEEK_CUR));
    close_both(fds);
    CHECK(pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0);
    CHECK(fcntl(fds[0], F_GETFD) == FD_CLOEXEC && fcntl(fds[1], F_GETFD) == FD_CLOEXEC);
    CHECK(fcntl(fds[0], F_GETFL) == (O_RDONLY | O_NONBLOCK) && fcntl(fds[1], F_GETFL) == (O_WRONLY | O_NONBLOCK));
    close_both(fds);
    FAILS(EINVAL, pipe2(fds, O_APPEND));
    FAILS(EINVAL, pipe2(fds, 1));
    FAILS(EFAULT, syscall(SYS_pipe2, BAD, 0));
    FAILS(EFAULT, syscall(SYS_pipe, KERNEL));
    int next = dup(0);
    CHECK(next == fds[0]); /* what failed has left nothing open */
    close(next);
    struct rlimit limit, old;
    getrlimit(RLIMIT_NOFILE, &old);
    limit = (struct rlimit){.rlim_cur = (rlim_t)next + 1, .rlim_max = old.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) {
        FAILS(EMFILE, pipe(fds));
        CHECK(dup(0) == next);
        FAILS(EMFILE, pipe(fds));
        close(next);
        setrlimit(RLIMIT_NOFILE, &old);
    }
}

static void bytes(void)
{
    int fds[2], left;
    char buffer[64] = "";
    CHECK(pipe2(fds, O_NONBLOCK) == 0);
    FAILS(EAGAIN, read(fds[0], buffer, 1));
    CHECK(read(fds[0], buffer, 0) == 0 && write(fds[1], buffer, 0) == 0);
    CHECK(write(fds[1], "hello ", 6) == 6 && write(fds[1], "world", 5) == 5);
    CHECK(ioctl(fds[0], FIONREAD, &left) == 0 && left == 11);
    CHECK(ioctl(fds[1], FIONREAD, &left) == 0 && left == 11);
    CHECK(read(fds[0], buffer, 3) == 3 && memcmp(buffer, "hel", 3) == 0);
    CHECK(read(fds[0], buffer, sizeof buffer) == 8 && memcmp(buffer, "lo world", 8) == 0);
    FAILS(EBADF, read(fds[1], buffer, 1));
    FAILS(EBADF, write(fds[0], buffer, 1));
    FAILS(EFAULT, write(fds[1], BAD, 5));
    FAILS(EFAULT, write(fds[1], KERNEL, 5));
    CHECK(ioctl(fds[0], FIONREAD, &left) == 0 && left == 0);
    FAILS(EFAULT, ioctl(fds[0], FIONREAD, KERNEL));
    CHECK(write(fds[1], "kept", 4) == 4);
    FAILS(EFAULT, read(fds[0], BAD, 4));
    CHECK(read(fds[0], buffer, sizeof buffer) == 4 && memcmp(buffer, "kept", 4) == 0);
    FAILS(ENOTTY, ioctl(fds[0], TIOCGWINSZ, buffer));
    struct iovec out[3] = {{"ab", 2}, {NULL, 0}, {"cde", 3}}, in[2] = {{buffer, 1}, {buffer + 10, 9}};
    CHECK(writev(fds[1], out, 3) == 5 && readv(fds[0], in, 2) == 5 && memcmp(buffer + 10, "bcde", 4) == 0);
    close(fds[1]);
    CHECK(read(fds[0], buffer, 1) == 0);
    close(fds[0]);
}

/* A page is lost for others until all of it has been read: one slot is one page. */
static void full(void)
{
    int fds[2];
    CHECK(pipe2(fds, O_NONBLOCK) == 0);
    CHECK(write(fds[1], big, sizeof big) == DEFAULT_SIZE);
    FAILS(EAGAIN, write(fds[1], big, 1));
    CHECK(read(fds[0], big, 1) == 1);
    FAILS(EAGAIN, write(fds[1], big, 1));
    CHECK(read(fds[0], big, 4095) == 4095);
    CHECK(write(fds[1], big, 100) == 100 && write(fds[1], big, 3996) == 3996);
    FAILS(EAGAIN, write(fds[1], big, 1));
    CHECK(read(fds[0], big, 4096) == 4096);
    CHECK(write(fds[1], big, 4096) == 4096);
    CHECK(read(fds[0], big, sizeof big) == DEFAULT_SIZE);
    for (int i = 0; i < DEFAULT_SIZE; i++)
        if (write(fds[1], &i, 1) != 1)
            break;
    FAILS(EAGAIN, write(fds[1], big, 1));
    CHECK(read(fds[0], big, sizeof big) == DEFAULT_SIZE && big[0] == 0 && big[258] == 2 && big[65535] == (char)255);
    for (int i = 0; i < 16; i++) /* two of 2100 bytes do not fit in one page */
        if (write(fds[1], big, 2100) != 2100)
            break;
    FAILS(EAGAIN, write(fds[1], big, 2100));
    CHECK(write(fds[1], big, 1996) == 1996);
    FAILS(EAGAIN, write(fds[1], big, 1));
    close_both(fds);
}

static int events_of(int fd)
{
    struct pollfd one = {.fd = fd, .events = -1 & ~POLLNVAL};
    int count = poll(&one, 1, 0);
    return count < 0 ? -errno : one.revents;
}

static void polled(void)
{
    int fds[2];
    CHECK(pipe2(fds, O_NONBLOCK) == 0);
    CHECK(events_of(fds[0]) == 0 && events_of(fds[1]) == (POLLOUT | POLLWRNORM));
    CHECK(write(fds[1], big, 1) == 1 && events_of(fds[0]) == (POLLIN | POLLRDNORM));
    CHECK(write(fds[1], big, sizeof big) == DEFAULT_SIZE - 4096 && events_of(fds[1]) == 0);
    CHECK(read(fds[0], big, 1) == 1 && events_of(fds[1]) == (POLLOUT | POLLWRNORM));
    close(fds[1]);
    CHECK(events_of(fds[0]) == (POLLIN | POLLRDNORM | POLLHUP));
    CHECK(read(fds[0], big, sizeof big) > 0 && events_of(fds[0]) == POLLHUP);
    close(fds[0]);
    CHECK(pipe2(fds, O_NONBLOCK) == 0);
    close(fds[0]);
    CHECK(events_of(fds[1]) == (POLLOUT | POLLWRNORM | POLLERR));
    close(fds[1]);
}

/* The other side comes later, from another process. */
static void blocking(void)
{
    int there[2], back[2], status;
    char byte;
    CHECK(pipe(there) == 0 && pipe(back) == 0);
    pid_t child = fork();
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        while (read(there[0], &byte, 1) == 1)
            if (byte++, write(back[1], &byte, 1) != 1)
                _exit(1);
        _exit(0);
    }
    close(there[0]);
    close(back[1]);
    bool same = true;
    for (int i = 0; i < 1000 && same; i++) {
        char sent = (char)i;
        same = write(there[1], &sent, 1) == 1 && read(back[0], &byte, 1) == 1 && byte == (char)(i + 1);
    }
    CHECK(same);
    close(there[1]);
    CHECK(read(back[0], &byte, 1) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(back[0]);
}

/* More than fits, in one write: the reader takes it in odd pieces. */
static void large(void)
{
    int fds[2], status;
    CHECK(pipe(fds) == 0);
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)(i * 7 + i / 4096);
    pid_t child = fork();
    if (child == 0) {
        static char got[1 << 20];
        size_t have = 0;
        close(fds[1]);
        for (ssize_t n; (n = read(fds[0], got + have, 1 + have % 5001)) > 0; have += (size_t)n)
            ;
        _exit(have == sizeof big && memcmp(got, big, sizeof big) == 0 ? 0 : 1);
    }
    close(fds[0]);
    CHECK(write(fds[1], big, sizeof big) == sizeof big);
    close(fds[1]);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* Several writers and readers at once: each write of PIPE_BUF bytes comes out whole. */
static void crowd(void)
{
    enum { WRITERS = 4, READERS = 3, RECORDS = 300, SIZE = 512 };
    int fds[2], results[2];
    CHECK(pipe(fds) == 0 && pipe(results) == 0);
    pid_t children[WRITERS + READERS];
    for (int i = 0; i < WRITERS + READERS; i++) {
        children[i] = fork();
        if (children[i] != 0)
            continue;
        char record[SIZE];
        if (i < WRITERS) {
            memset(record, 'a' + i, sizeof record);
            for (int n = 0; n < RECORDS; n++)
                if (write(fds[1], record, sizeof record) != sizeof record)
                    _exit(1);
            _exit(0);
        }
        close(fds[1]);
        int whole = 0;
        for (ssize_t n; (n = read(fds[0], record, sizeof record)) > 0; whole++)
            for (ssize_t k = 0; k < n; k++)
                if (n != sizeof record || record[k] != record[0])
                    _exit(1);
        _exit(write(results[1], &whole, sizeof whole) != sizeof whole);
    }
    close_both(fds);
    close(results[1]);
    int records = 0, failed = 0, whole;
    for (int i = 0; i < WRITERS + READERS; i++) {
        int status;
        failed += waitpid(children[i], &status, 0) != children[i] || status != 0;
    }
    CHECK(failed == 0);
    while (read(results[0], &whole, sizeof whole) == sizeof whole)
        records += whole;
    CHECK(records == WRITERS * RECORDS);
    close(results[0]);
}

static void sizes(void)
{
    int fds[2];
    CHECK(pipe2(fds, O_NONBLOCK) == 0);
    CHECK(fcntl(fds[0], F_GETPIPE_SZ) == DEFAULT_SIZE);
    CHECK(fcntl(fds[1], F_SETPIPE_SZ, 100000) == 131072 && fcntl(fds[0], F_GETPIPE_SZ) == 131072);
    CHECK(write(fds[1], big, sizeof big) == 131072);
    FAILS(EBUSY, fcntl(fds[1], F_SETPIPE_SZ, 65536));
    CHECK(read(fds[0], big, 131072 - 5000) == 131072 - 5000);
    CHECK(fcntl(fds[1], F_SETPIPE_SZ, 5000) == 8192);
    FAILS(EAGAIN, write(fds[1], big, 1));
    FAILS(EBUSY, fcntl(fds[1], F_SETPIPE_SZ, 0));
    CHECK(read(fds[0], big, sizeof big) == 5000);
    CHECK(fcntl(fds[1], F_SETPIPE_SZ, 0) == 4096);
    FAILS(EINVAL, fcntl(fds[1], F_SETPIPE_SZ, 0x80000001u));
    CHECK(write(fds[1], big, sizeof big) == 4096);
    close_both(fds);
    int file = open("/", O_RDONLY);
    FAILS(EBADF, fcntl(file, F_GETPIPE_SZ));
    FAILS(EBADF, fcntl(file, F_SETPIPE_SZ, 4096));
    close(file);
}

static void packets(void)
{
    int fds[2];
    char buffer[16];
    CHECK(pipe2(fds, O_NONBLOCK | O_DIRECT) == 0);
    CHECK(write(fds[1], "abc", 3) == 3 && write(fds[1], "defg", 4) == 4);
    CHECK(read(fds[0], buffer, sizeof buffer) == 3);
    CHECK(read(fds[0], buffer, 2) == 2 && memcmp(buffer, "de", 2) == 0);
    FAILS(EAGAIN, read(fds[0], buffer, sizeof buffer));
    close_both(fds);
}

static void flags(void)
{
    int fds[2], zero = 0, one = 1;
    char byte;
    CHECK(pipe(fds) == 0);
    CHECK(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(fds[0], F_GETFL) == (O_RDONLY | O_NONBLOCK));
    FAILS(EAGAIN, read(fds[0], &byte, 1));
    int copy = dup(fds[0]);
    CHECK(fcntl(copy, F_GETFL) == (O_RDONLY | O_NONBLOCK));
    CHECK(fcntl(copy, F_SETFL, O_WRONLY | O_CREAT) == 0 && fcntl(fds[0], F_GETFL) == O_RDONLY);
    CHECK(ioctl(fds[0], FIONBIO, &one) == 0 && fcntl(fds[0], F_GETFL) == (O_RDONLY | O_NONBLOCK));
    CHECK(ioctl(fds[0], FIONBIO, &zero) == 0 && fcntl(fds[0], F_GETFL) == O_RDONLY);
    FAILS(EFAULT, ioctl(fds[0], FIONBIO, KERNEL));
    CHECK(ioctl(fds[0], FIOCLEX) == 0 && fcntl(fds[0], F_GETFD) == FD_CLOEXEC && fcntl(copy, F_GETFD) == 0);
    CHECK(ioctl(fds[0], FIONCLEX) == 0 && fcntl(fds[0], F_GETFD) == 0);
    close(copy);
    CHECK(
        fcntl(fds[0], F_GETOWN) == 0 && fcntl(fds[0], F_SETOWN, getpid()) == 0 && fcntl(fds[0], F_GETOWN) == getpid());
    FAILS(EINVAL, fcntl(fds[0], F_SETOWN, INT_MIN));
    struct f_owner_ex owner = {.type = F_OWNER_PID};
    CHECK(fcntl(fds[0], F_GETOWN_EX, &owner) == 0 && owner.type == F_OWNER_PID && owner.pid == getpid());
    owner.type = 3;
    FAILS(EINVAL, fcntl(fds[0], F_SETOWN_EX, &owner));
    CHECK(fcntl(fds[0], F_SETSIG, SIGUSR1) == 0 && fcntl(fds[0], F_GETSIG) == SIGUSR1);
    FAILS(EINVAL, fcntl(fds[0], F_SETSIG, 65));
    FAILS(EINVAL, fcntl(fds[0], F_DUPFD, -1));
    FAILS(EINVAL, fcntl(fds[0], 9999));
    FAILS(EBADF, fcntl(99, F_SETFL, 0));
    CHECK(dup3(fds[0], 50, O_CLOEXEC) == 50 && fcntl(50, F_GETFD) == FD_CLOEXEC);
    CHECK(dup2(fds[0], 50) == 50 && fcntl(50, F_GETFD) == 0 && dup2(50, 50) == 50);
    FAILS(EINVAL, dup3(50, 50, 0));
    FAILS(EINVAL, syscall(SYS_dup3, 50, 51, O_NONBLOCK));
    FAILS(EBADF, dup3(99, 51, 0));
    FAILS(EBADF, dup2(99, 99));
    FAILS(EBADF, dup2(50, -1));
    close(50);
    close_both(fds);
}

int main(void)
{
    making();
    bytes();
    full();
    polled();
    blocking();
    large();
    crowd();
    sizes();
    packets();
    flags();
    return done();
}
