/*
 * eventfd: adding, taking, semaphores, limits, waiting for each, poll and epoll, errors.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 0xfffffffffffffffeull

static bool add(int fd, uint64_t value)
{
    return write(fd, &value, sizeof value) == sizeof value;
}

/* What a read takes; 0 when it fails. */
static uint64_t take(int fd)
{
    uint64_t value;
    return read(fd, &value, sizeof value) == sizeof value ? value : 0;
}

static int events_of(int fd)
{
    struct pollfd one = {.fd = fd, .events = -1 & ~POLLNVAL};
    return poll(&one, 1, 0) < 0 ? -errno : one.revents;
}

static void counting(void)
{
    uint64_t value = 0;
    struct stat st;
    int fd = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    CHECK(fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK(take(fd) == 3);
    FAILS(EAGAIN, read(fd, &value, 8));
    CHECK(add(fd, 5) && add(fd, 7) && take(fd) == 12);
    CHECK(add(fd, 0));
    FAILS(EAGAIN, read(fd, &value, 8));
    CHECK(events_of(fd) == POLLOUT);
    CHECK(add(fd, MOST) && events_of(fd) == POLLIN);
    value = 1;
    FAILS(EAGAIN, write(fd, &value, 8));
    CHECK(add(fd, 0) && take(fd) == MOST);
    value = UINT64_MAX;
    FAILS(EINVAL, write(fd, &value, 8));
    CHECK(add(fd, 1) && events_of(fd) == (POLLIN | POLLOUT));
    uint64_t more[4] = {9, 9, 9, 9};
    CHECK(read(fd, more, sizeof more) == 8 && more[0] == 1 && more[1] == 9);
    close(fd);
}

static void semaphore(void)
{
    uint64_t value;
    int fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    CHECK(take(fd) == 1 && add(fd, 2) && take(fd) == 1 && take(fd) == 1 && take(fd) == 1);
    FAILS(EAGAIN, read(fd, &value, 8));
    close(fd);
}

static void errors(void)
{
    uint64_t value = 1;
    int fd = eventfd(0, 0);
    FAILS(EINVAL, read(fd, &value, 7));
    FAILS(EINVAL, write(fd, &value, 7));
    FAILS(EFAULT, write(fd, (void *)16, 8));
    CHECK(lseek(fd, 5, SEEK_SET) == 0);
    FAILS(EINVAL, lseek(fd, 0, 99));
    FAILS(EINVAL, eventfd(0, 2));
    FAILS(EINVAL, eventfd(0, -1));
    close(fd);
    fd = (int)syscall(SYS_eventfd, 4);
    CHECK(fd >= 0 && fcntl(fd, F_GETFL) == O_RDWR && take(fd) == 4);
    close(fd);
}

static void waiting(void)
{
    int fd = eventfd(0, 0), status;
    pid_t child = fork();
    if (child == 0) {
        poll(NULL, 0, 50);
        if (!add(fd, MOST))
            _exit(1);
        _exit(!add(fd, 1)); /* waits until the other has taken it */
    }
    CHECK(take(fd) == MOST && take(fd) == 1);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    /* Edges: each write is one. */
    int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0 && epoll_wait(set, &event, 1, 0) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(add(fd, 1) && epoll_wait(set, &event, 1, 0) == 1 && event.events == EPOLLIN);
        CHECK(epoll_wait(set, &event, 1, 0) == 0);
    }
    close(set);
    close(fd);
}

/* Many processes add, many take, through one semaphore. */
static void crowd(void)
{
    enum { HALF = 3, ROUNDS = 300 };
    int fd = eventfd(0, EFD_SEMAPHORE), status, failed = 0;
    pid_t children[2 * HALF];
    for (int i = 0; i < 2 * HALF; i++)
        if ((children[i] = fork()) == 0) {
            for (int n = 0; n < ROUNDS; n++)
                if (i % 2 ? !add(fd, 1) : take(fd) != 1)
                    _exit(1);
            _exit(0);
        }
    for (int i = 0; i < 2 * HALF; i++)
        failed += waitpid(children[i], &status, 0) != children[i] || status != 0;
    CHECK(failed == 0 && events_of(fd) == POLLOUT);
    close(fd);
}

int main(void)
{
    counting();
    semaphore();
    errors();
    waiting();
    crowd();
    return done();
}
