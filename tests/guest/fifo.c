/*
 * FIFOs: who waits for whom when they are opened, what poll says before and after, names and attributes.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAME "fifo"

static int events_of(int fd)
{
    struct pollfd one = {.fd = fd, .events = -1 & ~POLLNVAL};
    return poll(&one, 1, 0) < 0 ? -errno : one.revents;
}

static bool gone(pid_t child)
{
    int status;
    return waitpid(child, &status, 0) == child && status == 0;
}

static void without_waiting(void)
{
    char buffer[16];
    struct stat st;
    FAILS(ENXIO, open(NAME, O_WRONLY | O_NONBLOCK));
    int in = open(NAME, O_RDONLY | O_NONBLOCK);
    CHECK(in >= 0);
    CHECK(events_of(in) == 0); /* there has been nobody to hang up */
    CHECK(read(in, buffer, 1) == 0);
    int out = open(NAME, O_WRONLY | O_NONBLOCK);
    CHECK(out >= 0);
    FAILS(EAGAIN, read(in, buffer, 1));
    CHECK(write(out, "hello", 5) == 5 && read(in, buffer, sizeof buffer) == 5);
    FAILS(ESPIPE, lseek(in, 0, SEEK_SET));
    FAILS(EBADF, write(in, buffer, 1));
    FAILS(EBADF, read(out, buffer, 1));
    CHECK(fstat(in, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_size == 0);
    close(out);
    CHECK(events_of(in) == POLLHUP && read(in, buffer, 1) == 0);
    int again = open(NAME, O_RDONLY | O_NONBLOCK);
    CHECK(events_of(again) == 0 && events_of(in) == POLLHUP);
    out = open(NAME, O_WRONLY);
    CHECK(out >= 0 && events_of(in) == 0);
    close(again);
    close(in);
    CHECK(events_of(out) == (POLLOUT | POLLWRNORM | POLLERR));
    signal(SIGPIPE, SIG_IGN);
    FAILS(EPIPE, write(out, "x", 1));
    close(out);
}

static void both_ways(void)
{
    char buffer[16];
    int both = open(NAME, O_RDWR);
    CHECK(both >= 0 && events_of(both) == (POLLOUT | POLLWRNORM));
    CHECK(write(both, "abc", 3) == 3 && events_of(both) == (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM));
    int left, in = open(NAME, O_RDONLY), out = open(NAME, O_WRONLY | O_NONBLOCK);
    CHECK(in >= 0 && out >= 0);
    CHECK(ioctl(in, FIONREAD, &left) == 0 && left == 3);
    close(both);
    CHECK(read(in, buffer, sizeof buffer) == 3);
    close(in);
    close(out);
    in = open(NAME, O_RDONLY | O_NONBLOCK);
    CHECK(read(in, buffer, 1) == 0); /* what was left is gone with the last one */
    close(in);
}

static void waiting(void)
{
    char buffer[16] = "";
    pid_t child = fork();
    if (child == 0) {
        poll(NULL, 0, 50);
        int out = open(NAME, O_WRONLY);
        _exit(out < 0 || write(out, "late", 4) != 4);
    }
    int in = open(NAME, O_RDONLY);
    CHECK(in >= 0 && read(in, buffer, sizeof buffer) == 4 && memcmp(buffer, "late", 4) == 0);
    CHECK(read(in, buffer, sizeof buffer) == 0 && gone(child));
    close(in);
    child = fork();
    if (child == 0) {
        poll(NULL, 0, 50);
        int late = open(NAME, O_RDONLY);
        _exit(late < 0 || read(late, buffer, sizeof buffer) != 2);
    }
    int out = open(NAME, O_WRONLY);
    CHECK(out >= 0 && write(out, "ok", 2) == 2 && gone(child));
    close(out);
    /* A writer that comes and goes at once has been there all the same. */
    child = fork();
    if (child == 0) {
        poll(NULL, 0, 50);
        for (int i = 0; i < 100; i++) {
            int brief = open(NAME, O_WRONLY | O_NONBLOCK);
            if (brief >= 0)
                _exit(close(brief));
            poll(NULL, 0, 20);
        }
        _exit(1);
    }
    in = open(NAME, O_RDONLY);
    CHECK(in >= 0 && read(in, buffer, 1) == 0 && gone(child));
    close(in);
}

/* Shells do this: several processes, one line each. */
static void lines(void)
{
    enum { WRITERS = 4, LINES = 50 };
    pid_t children[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        if ((children[i] = fork()) == 0) {
            int out = open(NAME, O_WRONLY), failed = out < 0;
            for (int n = 0; n < LINES; n++)
                failed += dprintf(out, "%c line %02d\n", 'a' + i, n) != 10;
            _exit(failed);
        }
    int in = open(NAME, O_RDONLY), next[WRITERS] = {0}, failed = in < 0, total = 0;
    char line[11] = "";
    while (total < WRITERS * LINES) {
        ssize_t n = read(in, line, 10);
        if (n == 0) { /* all that have come are gone, others come */
            poll(NULL, 0, 1);
            continue;
        }
        int who = line[0] - 'a';
        failed += n != 10 || who < 0 || who >= WRITERS || atoi(line + 7) != next[who];
        if (failed)
            break;
        next[who]++;
        total++;
    }
    CHECK(failed == 0 && total == WRITERS * LINES);
    for (int i = 0; i < WRITERS; i++)
        CHECK(gone(children[i]));
    close(in);
}

int main(void)
{
    struct stat st;
    CHECK(mkfifo(NAME, 0620) == 0);
    FAILS(EEXIST, mkfifo(NAME, 0600));
    CHECK(stat(NAME, &st) == 0 && S_ISFIFO(st.st_mode) && (st.st_mode & 0777 & ~022) == 0600);
    without_waiting();
    both_ways();
    waiting();
    lines();
    CHECK(unlink(NAME) == 0);
    FAILS(ENOENT, open(NAME, O_RDONLY | O_NONBLOCK));
    return done();
}
