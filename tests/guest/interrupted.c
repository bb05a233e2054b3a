/*
 * Signals and calls that wait: which end with EINTR, which are made again, what they have done by then; masks for the
 * length of a wait; SIGPIPE.
 *
 * guest: seconds=120
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SIZE 65536

static char big[1 << 20];
static volatile sig_atomic_t signals;

static void count_signal(int signal)
{
    signals++;
}

static void handle(int signal, int flags)
{
    struct sigaction action = {.sa_handler = count_signal, .sa_flags = flags};
    sigaction(signal, &action, NULL);
}

static long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Another process that sends us SIGNAL in a moment, and after another one does what `then` says. */
static pid_t disturb(int signal, void (*then)(int fd), int fd)
{
    pid_t parent = getpid(), child = fork();
    if (child != 0)
        return child;
    poll(NULL, 0, 100);
    kill(parent, signal);
    if (then) {
        poll(NULL, 0, 100);
        then(fd);
    }
    _exit(0);
}

static bool gone(pid_t child)
{
    int status;
    return waitpid(child, &status, 0) == child && status == 0;
}

static void write_byte(int fd)
{
    (void)!write(fd, "x", 1);
}

static void broken(void)
{
    int fds[2], status;
    CHECK(pipe(fds) == 0);
    close(fds[0]);
    handle(SIGPIPE, 0);
    signals = 0;
    FAILS(EPIPE, write(fds[1], "x", 1));
    struct iovec out = {"x", 1};
    FAILS(EPIPE, writev(fds[1], &out, 1));
    CHECK(signals == 2);
    CHECK(write(fds[1], "", 0) == 0 && signals == 2);
    signal(SIGPIPE, SIG_IGN);
    FAILS(EPIPE, write(fds[1], "x", 1));
    close(fds[1]);
    signal(SIGPIPE, SIG_DFL);
    pid_t child = fork();
    if (child == 0) {
        if (pipe(fds) < 0)
            _exit(2);
        close(fds[0]);
        _exit(write(fds[1], "x", 1) == 77);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

static void pipes(void)
{
    int fds[2];
    char byte;
    CHECK(pipe(fds) == 0);
    handle(SIGUSR1, 0);
    pid_t child = disturb(SIGUSR1, NULL, 0);
    FAILS(EINTR, read(fds[0], &byte, 1));
    CHECK(gone(child));
    child = disturb(SIGUSR1, NULL, 0);
    CHECK(write(fds[1], big, sizeof big) == DEFAULT_SIZE);
    CHECK(gone(child));
    child = disturb(SIGUSR1, NULL, 0);
    FAILS(EINTR, write(fds[1], big, 1));
    CHECK(gone(child));
    CHECK(read(fds[0], big, sizeof big) == DEFAULT_SIZE);
    handle(SIGUSR1, SA_RESTART);
    child = disturb(SIGUSR1, write_byte, fds[1]);
    CHECK(read(fds[0], &byte, 1) == 1 && byte == 'x');
    CHECK(gone(child));
    signal(SIGUSR1, SIG_IGN);
    child = disturb(SIGUSR1, write_byte, fds[1]);
    CHECK(read(fds[0], &byte, 1) == 1 && byte == 'x');
    CHECK(gone(child));
    close(fds[0]);
    close(fds[1]);
}

static void polls(void)
{
    int fds[2];
    CHECK(pipe(fds) == 0);
    struct pollfd one = {.fd = fds[0], .events = POLLIN};
    handle(SIGUSR1, SA_RESTART); /* which makes no difference */
    pid_t child = disturb(SIGUSR1, NULL, 0);
    FAILS(EINTR, poll(&one, 1, -1));
    CHECK(gone(child));
    child = disturb(SIGUSR1, NULL, 0);
    struct timespec time = {10, 0};
    FAILS(EINTR, syscall(SYS_ppoll, &one, 1, &time, NULL, 8));
    CHECK(time.tv_sec == 9 && gone(child));
    fd_set in;
    FD_ZERO(&in);
    FD_SET(fds[0], &in);
    child = disturb(SIGUSR1, NULL, 0);
    struct timeval value = {10, 0};
    FAILS(EINTR, syscall(SYS_select, fds[0] + 1, &in, NULL, NULL, &value));
    CHECK(value.tv_sec == 9 && FD_ISSET(fds[0], &in) && gone(child));
    child = disturb(SIGUSR1, NULL, 0);
    FAILS(EINTR, pselect(fds[0] + 1, &in, NULL, NULL, NULL, NULL));
    CHECK(gone(child));
    int set = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN};
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event) == 0);
    child = disturb(SIGUSR1, NULL, 0);
    FAILS(EINTR, epoll_wait(set, &event, 1, -1));
    CHECK(gone(child));
    /* Where no handler runs, they go on: until a byte comes, or the time is over. */
    signal(SIGUSR1, SIG_IGN);
    char byte;
    child = disturb(SIGUSR1, write_byte, fds[1]);
    CHECK(poll(&one, 1, -1) == 1 && read(fds[0], &byte, 1) == 1 && gone(child));
    child = disturb(SIGUSR1, write_byte, fds[1]);
    CHECK(epoll_wait(set, &event, 1, -1) == 1 && read(fds[0], &byte, 1) == 1 && gone(child));
    child = disturb(SIGUSR1, write_byte, fds[1]);
    CHECK(select(fds[0] + 1, &in, NULL, NULL, NULL) == 1 && read(fds[0], &byte, 1) == 1 && gone(child));
    child = disturb(SIGUSR1, NULL, 0);
    long begin = milliseconds();
    CHECK(poll(&one, 1, 300) == 0 && milliseconds() - begin >= 300 && gone(child));
    close(set);
    close(fds[0]);
    close(fds[1]);
}

/* A process that waits is stopped and goes on: poll has not forgotten when it was to end. */
static void stopped(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        long begin = milliseconds();
        struct pollfd none = {.fd = -1};
        _exit(poll(&none, 1, 600) != 0 || milliseconds() - begin < 600 || milliseconds() - begin > 5000);
    }
    poll(NULL, 0, 200);
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    poll(NULL, 0, 100);
    CHECK(kill(child, SIGCONT) == 0 && gone(child));
    child = fork();
    if (child == 0)
        _exit(epoll_wait(epoll_create1(0), &(struct epoll_event){0}, 1, 20000) != -1 || errno != EINTR);
    poll(NULL, 0, 200);
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(kill(child, SIGCONT) == 0 && gone(child)); /* epoll_wait has */
}

/* A signal that is blocked but for the length of a wait. */
static void masks(void)
{
    sigset_t blocked, none, now;
    sigemptyset(&none);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    handle(SIGUSR1, 0);
    signals = 0;
    kill(getpid(), SIGUSR1);
    CHECK(poll(NULL, 0, 20) == 0 && signals == 0);
    FAILS(EINTR, ppoll(NULL, 0, NULL, &none));
    CHECK(signals == 1);
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR1));
    kill(getpid(), SIGUSR1);
    CHECK(signals == 1);
    FAILS(EINTR, pselect(0, NULL, NULL, NULL, NULL, &none));
    CHECK(signals == 2);
    int set = epoll_create1(0);
    kill(getpid(), SIGUSR1);
    FAILS(EINTR, epoll_pwait(set, &(struct epoll_event){0}, 1, -1, &none));
    CHECK(signals == 3);
    struct timespec soon = {0, 50000000};
    kill(getpid(), SIGUSR1);
    CHECK(ppoll(NULL, 0, &soon, &blocked) == 0 && signals == 3);
    pid_t child = disturb(SIGUSR1, NULL, 0);
    FAILS(EINTR, ppoll(NULL, 0, NULL, &none));
    CHECK(gone(child) && signals >= 4);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close(set);
}

static void fifos(void)
{
    CHECK(mkfifo("interrupted", 0600) == 0);
    handle(SIGUSR1, 0);
    pid_t child = disturb(SIGUSR1, NULL, 0);
    FAILS(EINTR, open("interrupted", O_RDONLY));
    CHECK(gone(child));
    child = disturb(SIGUSR1, NULL, 0);
    FAILS(EINTR, open("interrupted", O_WRONLY));
    CHECK(gone(child));
    FAILS(ENXIO, open("interrupted", O_WRONLY | O_NONBLOCK)); /* nobody has stayed */
    CHECK(unlink("interrupted") == 0);
}

int main(void)
{
    broken();
    pipes();
    polls();
    stopped();
    masks();
    fifos();
    return done();
}
