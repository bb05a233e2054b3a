/*
 * Locks on files: ranges of a process (fcntl), ranges and the whole of an open file (F_OFD_*, flock): who stands in
 * whose way, cutting and joining, waiting, circles, what goes when; errors.
 *
 * guest: seconds=120
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define NAME "locked"

static int lock(int fd, int command, int type, long start, long length)
{
    struct flock range = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, command, &range);
}

static int set(int fd, int type, long start, long length)
{
    return lock(fd, F_SETLK, type, start, length);
}

static bool gone(pid_t child)
{
    int status;
    return waitpid(child, &status, 0) == child && status == 0;
}

/* What another process is told that stands in the way of a lock of TYPE: "W 10 5", or "" for nothing. */
static const char *seen(int type, long start, long length)
{
    static char text[100];
    int fds[2];
    if (pipe(fds) < 0)
        return "?";
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        int fd = open(NAME, O_RDWR);
        struct flock range = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
        if (fcntl(fd, F_GETLK, &range) < 0)
            _exit(1);
        if (range.l_type != F_UNLCK)
            dprintf(fds[1], "%c %ld %ld%s", range.l_type == F_RDLCK ? 'R' : 'W', (long)range.l_start, (long)range.l_len,
                range.l_pid == parent && range.l_whence == SEEK_SET ? "" : " by somebody");
        _exit(0);
    }
    close(fds[1]);
    ssize_t got = read(fds[0], text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    close(fds[0]);
    return gone(child) ? text : "?";
}

#define SEEN(text, type, start, length) CHECK(strcmp(seen(type, start, length), text) == 0)

static void ranges(void)
{
    int fd = open(NAME, O_RDWR);
    CHECK(set(fd, F_WRLCK, 10, 10) == 0);
    SEEN("W 10 10", F_RDLCK, 0, 0);
    SEEN("", F_WRLCK, 0, 10);
    SEEN("", F_WRLCK, 20, 0);
    SEEN("W 10 10", F_WRLCK, 19, 1);
    CHECK(set(fd, F_RDLCK, 13, 2) == 0); /* cuts it in three */
    SEEN("W 10 3", F_RDLCK, 10, 3);
    SEEN("", F_RDLCK, 13, 2);
    SEEN("R 13 2", F_WRLCK, 13, 2);
    SEEN("W 15 5", F_RDLCK, 14, 3);
    CHECK(set(fd, F_WRLCK, 13, 2) == 0); /* and back to one */
    SEEN("W 10 10", F_RDLCK, 14, 1);
    CHECK(set(fd, F_UNLCK, 12, 3) == 0);
    SEEN("W 10 2", F_RDLCK, 0, 13);
    SEEN("W 15 5", F_RDLCK, 12, 0);
    CHECK(set(fd, F_WRLCK, 5, 5) == 0 && set(fd, F_WRLCK, 20, 0) == 0); /* neighbours join */
    SEEN("W 5 7", F_RDLCK, 0, 6);
    SEEN("W 15 0", F_RDLCK, 1000000, 1);
    CHECK(set(fd, F_WRLCK, 12, 3) == 0);
    SEEN("W 5 0", F_RDLCK, 13, 1);
    CHECK(set(fd, F_RDLCK, 0, 0) == 0);
    SEEN("R 0 0", F_WRLCK, 7, 1);
    SEEN("", F_RDLCK, 0, 0);
    CHECK(set(fd, F_UNLCK, 0, 0) == 0);
    SEEN("", F_WRLCK, 0, 0);
    CHECK(set(fd, F_UNLCK, 5, 5) == 0);
    /* From the position, from the end, backwards. */
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = 5, .l_len = -3};
    CHECK(lseek(fd, 100, SEEK_SET) == 100 && fcntl(fd, F_SETLK, &range) == 0);
    SEEN("W 102 3", F_RDLCK, 0, 0);
    range.l_whence = SEEK_END;
    CHECK(set(fd, F_UNLCK, 0, 0) == 0 && ftruncate(fd, 1000) == 0 && fcntl(fd, F_SETLK, &range) == 0);
    SEEN("W 1002 3", F_RDLCK, 0, 0);
    CHECK(set(fd, F_WRLCK, INT64_MAX, 1) == 0);
    SEEN("W 9223372036854775807 0", F_RDLCK, INT64_MAX, 1);
    CHECK(set(fd, F_UNLCK, 0, 0) == 0);
    range = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_pid = 77, .l_start = 3};
    CHECK(fcntl(fd, F_GETLK, &range) == 0 && range.l_type == F_UNLCK && range.l_pid == 77 && range.l_start == 3);
    close(fd);
}

static void errors(void)
{
    int fd = open(NAME, O_RDWR), in = open(NAME, O_RDONLY), out = open(NAME, O_WRONLY);
    struct flock range = {.l_type = F_WRLCK, .l_whence = 3};
    FAILS(EINVAL, fcntl(fd, F_SETLK, &range));
    range = (struct flock){.l_type = 7};
    FAILS(EINVAL, fcntl(fd, F_SETLK, &range));
    range = (struct flock){.l_type = F_UNLCK};
    FAILS(EINVAL, fcntl(fd, F_GETLK, &range));
    FAILS(EINVAL, set(fd, F_WRLCK, -1, 5));
    FAILS(EINVAL, set(fd, F_WRLCK, 5, -6));
    FAILS(EINVAL, set(fd, F_WRLCK, 5, INT64_MIN));
    FAILS(EOVERFLOW, set(fd, F_WRLCK, INT64_MAX, 2));
    FAILS(EBADF, set(in, F_WRLCK, 0, 1));
    FAILS(EBADF, set(out, F_RDLCK, 0, 1));
    CHECK(set(in, F_RDLCK, 0, 1) == 0 && set(out, F_WRLCK, 0, 1) == 0 && set(in, F_UNLCK, 0, 0) == 0);
    FAILS(EFAULT, fcntl(fd, F_SETLK, KERNEL));
    FAILS(EFAULT, fcntl(fd, F_GETLK, (void *)16));
    FAILS(EBADF, set(99, F_WRLCK, 0, 1));
    range = (struct flock){.l_type = F_WRLCK, .l_pid = 1};
    FAILS(EINVAL, fcntl(fd, F_OFD_SETLK, &range));
    FAILS(EINVAL, flock(fd, 0));
    FAILS(EINVAL, flock(fd, LOCK_SH | LOCK_EX));
    FAILS(EINVAL, flock(fd, LOCK_NB));
    FAILS(EBADF, flock(99, LOCK_SH));
    close(fd);
    close(in);
    close(out);
}

/* Locks of a process go when it closes any descriptor of the file, and with it; its children do not have them. */
static void leaving(void)
{
    int fd = open(NAME, O_RDWR), other = open(NAME, O_RDONLY);
    CHECK(set(fd, F_WRLCK, 0, 5) == 0);
    SEEN("W 0 5", F_RDLCK, 0, 0);
    close(other);
    SEEN("", F_RDLCK, 0, 0);
    CHECK(set(fd, F_WRLCK, 0, 5) == 0);
    close(dup(fd));
    SEEN("", F_RDLCK, 0, 0);
    CHECK(set(fd, F_WRLCK, 0, 5) == 0);
    dup2(0, fd);
    SEEN("", F_RDLCK, 0, 0);
    close(fd);
    fd = open(NAME, O_RDWR);
    pid_t child = fork();
    if (child == 0)
        _exit(set(fd, F_WRLCK, 0, 5) != 0);
    CHECK(gone(child) && set(fd, F_WRLCK, 0, 5) == 0);
    child = fork();
    if (child == 0) {
        bool refused = set(fd, F_RDLCK, 4, 1) == -1 && errno == EAGAIN && set(fd, F_RDLCK, 5, 1) == 0;
        close(fd); /* which is not ours to lose */
        _exit(!refused);
    }
    CHECK(gone(child));
    SEEN("W 0 5", F_RDLCK, 0, 0);
    CHECK(fcntl(fd, F_SETFD, 0) == 0);
    close(fd);
}

static void open_files(void)
{
    int one = open(NAME, O_RDWR), other = open(NAME, O_RDWR), copy = dup(one);
    CHECK(lock(one, F_OFD_SETLK, F_WRLCK, 0, 10) == 0);
    FAILS(EAGAIN, lock(other, F_OFD_SETLK, F_RDLCK, 9, 1));
    CHECK(lock(copy, F_OFD_SETLK, F_RDLCK, 5, 5) == 0 && lock(other, F_OFD_SETLK, F_RDLCK, 9, 1) == 0);
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 2, .l_len = 1};
    CHECK(fcntl(other, F_OFD_GETLK, &range) == 0 && range.l_type == F_WRLCK && range.l_start == 0);
    CHECK(range.l_len == 5 && range.l_pid == -1);
    FAILS(EAGAIN, set(one, F_WRLCK, 0, 1)); /* the process is another owner than its file */
    close(copy);
    FAILS(EAGAIN, lock(other, F_OFD_SETLK, F_WRLCK, 0, 1));
    pid_t child = fork();
    if (child == 0)
        _exit(lock(one, F_OFD_SETLK, F_UNLCK, 0, 1) != 0); /* the file is the same */
    CHECK(gone(child) && lock(other, F_OFD_SETLK, F_WRLCK, 0, 1) == 0);
    close(one);
    CHECK(lock(other, F_OFD_SETLK, F_WRLCK, 0, 0) == 0);
    close(other);
    SEEN("", F_WRLCK, 0, 0);
}

static void whole(void)
{
    int one = open(NAME, O_RDONLY), other = open(NAME, O_RDWR), copy = dup(one);
    CHECK(flock(one, LOCK_EX) == 0 && flock(one, LOCK_EX | LOCK_NB) == 0);
    FAILS(EWOULDBLOCK, flock(other, LOCK_SH | LOCK_NB));
    CHECK(set(other, F_WRLCK, 0, 0) == 0); /* the other kind takes no notice */
    CHECK(flock(copy, LOCK_SH) == 0 && flock(other, LOCK_SH | LOCK_NB) == 0);
    FAILS(EWOULDBLOCK, flock(one, LOCK_EX | LOCK_NB));
    CHECK(flock(other, LOCK_EX | LOCK_NB) == 0); /* what one had went with the attempt */
    FAILS(EWOULDBLOCK, flock(one, LOCK_SH | LOCK_NB));
    CHECK(flock(other, LOCK_UN) == 0 && flock(other, LOCK_UN | LOCK_NB) == 0 && flock(one, LOCK_EX) == 0);
    close(one);
    FAILS(EWOULDBLOCK, flock(other, LOCK_EX | LOCK_NB));
    pid_t child = fork();
    if (child == 0)
        _exit(flock(copy, LOCK_SH) != 0);
    CHECK(gone(child) && flock(other, LOCK_SH | LOCK_NB) == 0);
    close(copy);
    CHECK(flock(other, LOCK_EX | LOCK_NB) == 0);
    close(other);
}

/* Takes a lock, tells so, and leaves after a while. */
static pid_t holder(int kind)
{
    int fds[2];
    char byte;
    CHECK(pipe(fds) == 0);
    pid_t child = fork();
    if (child == 0) {
        int fd = open(NAME, O_RDWR);
        bool mine = kind == 0 ? set(fd, F_WRLCK, 10, 10) == 0
                              : (kind == 1 ? lock(fd, F_OFD_SETLK, F_WRLCK, 10, 10) : flock(fd, LOCK_EX)) == 0;
        (void)!write(fds[1], "x", 1);
        poll(NULL, 0, 100);
        _exit(!mine);
    }
    close(fds[1]);
    CHECK(read(fds[0], &byte, 1) == 1);
    close(fds[0]);
    return child;
}

static void nothing(int signal) {}

static void waiting(void)
{
    int fd = open(NAME, O_RDWR);
    for (int kind = 0; kind < 3; kind++) {
        pid_t child = holder(kind);
        if (kind < 2)
            CHECK(lock(fd, kind == 0 ? F_SETLKW : F_OFD_SETLKW, F_RDLCK, 0, 11) == 0);
        else
            CHECK(flock(fd, LOCK_SH) == 0);
        CHECK(gone(child));
        CHECK(lock(fd, kind == 0 ? F_SETLK : F_OFD_SETLK, F_UNLCK, 0, 0) == 0 && flock(fd, LOCK_UN) == 0);
    }
    /* Waits end by a signal. */
    struct sigaction action = {.sa_handler = nothing};
    sigaction(SIGUSR1, &action, NULL);
    int other = open(NAME, O_RDWR);
    CHECK(flock(other, LOCK_EX) == 0 && lock(other, F_OFD_SETLK, F_WRLCK, 0, 0) == 0);
    for (int kind = 0; kind < 3; kind++) {
        pid_t parent = getpid(), child = fork();
        if (child == 0) {
            poll(NULL, 0, 100);
            _exit(kill(parent, SIGUSR1) != 0);
        }
        if (kind < 2)
            FAILS(EINTR, lock(fd, kind == 0 ? F_SETLKW : F_OFD_SETLKW, F_RDLCK, 0, 11));
        else
            FAILS(EINTR, flock(fd, LOCK_SH));
        CHECK(gone(child));
    }
    close(other);
    close(fd);
}

/* Three processes, each of which wants what the next one has: one of them is told. */
static void circle(void)
{
    enum { COUNT = 3 };
    int ready[2], go[2], told = 0, failed = 0;
    char byte;
    pid_t children[COUNT];
    CHECK(pipe(ready) == 0 && pipe(go) == 0);
    for (int i = 0; i < COUNT; i++)
        if ((children[i] = fork()) == 0) {
            int fd = open(NAME, O_RDWR);
            if (set(fd, F_WRLCK, i, 1) < 0 || write(ready[1], "x", 1) != 1 || read(go[0], &byte, 1) != 1)
                _exit(9);
            int result = lock(fd, F_SETLKW, F_WRLCK, (i + 1) % COUNT, 1);
            _exit(result == 0 ? 0 : errno == EDEADLK ? 1 : 9);
        }
    for (int i = 0; i < COUNT; i++)
        failed += read(ready[0], &byte, 1) != 1;
    CHECK(write(go[1], "xxx", COUNT) == COUNT);
    for (int i = 0; i < COUNT; i++) {
        int status;
        failed += waitpid(children[i], &status, 0) != children[i] || !WIFEXITED(status) || WEXITSTATUS(status) > 1;
        told += WEXITSTATUS(status) == 1;
    }
    CHECK(failed == 0 && told == 1);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(go[i]);
    }
}

/* Many processes add to a number in the file, under a lock of each kind. */
static void crowd(int kind)
{
    enum { COUNT = 5, ROUNDS = 60 };
    int failed = 0;
    long number = 0;
    pid_t children[COUNT];
    int out = open(NAME, O_RDWR | O_TRUNC);
    CHECK(write(out, &number, sizeof number) == sizeof number);
    for (int i = 0; i < COUNT; i++)
        if ((children[i] = fork()) == 0) {
            int fd = open(NAME, O_RDWR), command = kind == 0 ? F_SETLKW : F_OFD_SETLKW;
            for (int n = 0; n < ROUNDS; n++) {
                failed += (kind < 2 ? lock(fd, command, F_WRLCK, 0, 8) : flock(fd, LOCK_EX)) != 0;
                failed += pread(fd, &number, sizeof number, 0) != sizeof number;
                if (n % 8 == 0)
                    sched_yield();
                number++;
                failed += pwrite(fd, &number, sizeof number, 0) != sizeof number;
                failed += (kind < 2 ? lock(fd, command, F_UNLCK, 0, 8) : flock(fd, LOCK_UN)) != 0;
            }
            _exit(failed > 0);
        }
    for (int i = 0; i < COUNT; i++)
        failed += !gone(children[i]);
    CHECK(failed == 0 && pread(out, &number, sizeof number, 0) == sizeof number && number == COUNT * ROUNDS);
    close(out);
}

/* Random locks of two owners, and what each byte must be by then. */
static void random_ranges(void)
{
    enum { BYTES = 24, ROUNDS = 600 };
    int fds[2] = {open(NAME, O_RDWR), open(NAME, O_RDWR)}, failed = 0;
    char has[2][BYTES];
    memset(has, F_UNLCK, sizeof has);
    srand(1);
    for (int round = 0; round < ROUNDS; round++) {
        int who = rand() % 2, type = rand() % 3, start = rand() % BYTES, length = 1 + rand() % (BYTES - start);
        bool free = true;
        for (int i = start; i < start + length && type != F_UNLCK; i++)
            free &= has[!who][i] == F_UNLCK || (type == F_RDLCK && has[!who][i] == F_RDLCK);
        int result = lock(fds[who], F_OFD_SETLK, type, start, length);
        failed += free ? result != 0 : result != -1 || errno != EAGAIN;
        if (result == 0)
            memset(has[who] + start, type, (size_t)length);
        for (int i = 0; i < BYTES; i++) {
            struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = i, .l_len = 1};
            failed += fcntl(fds[!who], F_OFD_GETLK, &range) != 0 || range.l_type != has[who][i];
            int first = i, last = i;
            while (first > 0 && has[who][first - 1] == has[who][i])
                first--;
            while (last + 1 < BYTES && has[who][last + 1] == has[who][i])
                last++;
            failed += range.l_type != F_UNLCK && (range.l_start != first || range.l_len != last - first + 1);
        }
    }
    CHECK(failed == 0);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    close(open(NAME, O_RDWR | O_CREAT, 0600));
    ranges();
    errors();
    leaving();
    open_files();
    whole();
    waiting();
    circle();
    for (int kind = 0; kind < 3; kind++)
        crowd(kind);
    random_ranges();
    unlink(NAME);
    return done();
}
