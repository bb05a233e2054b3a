/*
 * Signals that are waited for, queued in order, and what they do to system calls that wait.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define FIRST (SIGRTMIN + 1)

static volatile sig_atomic_t count, values[64];

static void note(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    if (count < 64)
        values[count] = info->si_value.sival_int;
    count++;
}

static void handle(int signal, int flags)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &action, NULL);
}

static sigset_t set_of(int a, int b)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, a);
    if (b)
        sigaddset(&set, b);
    return set;
}

static int queue(int signal, int value)
{
    return sigqueue(getpid(), signal, (union sigval){.sival_int = value});
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* SIGNAL comes to this process again and again, until the sender is stopped. */
static pid_t keep_sending(int signal)
{
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        do
            usleep(20000);
        while (kill(parent, signal) == 0);
    return child;
}

static void reap(pid_t child)
{
    while (waitpid(child, NULL, 0) != child && errno == EINTR)
        ;
}

static void stop_sending(pid_t child)
{
    kill(child, SIGKILL);
    reap(child);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void queues(void)
{
    sigset_t set = set_of(FIRST, FIRST + 1), old;
    handle(FIRST, 0);
    handle(FIRST + 1, 0);
    sigprocmask(SIG_BLOCK, &set, &old);
    CHECK(queue(FIRST + 1, 4) == 0 && queue(FIRST, 1) == 0 && queue(FIRST, 2) == 0 && queue(FIRST, 3) == 0);
    count = 0;
    siginfo_t info;
    CHECK(sigwaitinfo(&set, &info) == FIRST && info.si_value.sival_int == 1 && info.si_code == SI_QUEUE);
    CHECK(info.si_signo == FIRST && info.si_pid == getpid() && info.si_uid == getuid() && info.si_errno == 0);
    CHECK(sigwaitinfo(&set, &info) == FIRST && info.si_value.sival_int == 2);
    sigset_t pending;
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, FIRST) && sigismember(&pending, FIRST + 1));
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK(count == 2 && values[0] == 4 && values[1] == 3);
    /* In one go, and all of them: the handler of each blocks its own number. */
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < 20; i++)
        queue(FIRST, i);
    count = 0;
    sigprocmask(SIG_SETMASK, &old, NULL);
    int wrong = 0;
    for (int i = 0; i < 20; i++)
        wrong += values[i] != i;
    CHECK(count == 20 && wrong == 0);
}

static void limits(void)
{
    struct rlimit limit = {3, 3};
    sigset_t set = set_of(FIRST, SIGUSR1);
    int status;
    pid_t child = fork();
    if (child == 0) {
        if (getuid() == 0 && setuid(54321) != 0) /* so that what others of root's have queued does not count */
            errno = 0;
        if (setrlimit(RLIMIT_SIGPENDING, &limit) != 0)
            _exit(2);
        sigprocmask(SIG_BLOCK, &set, NULL);
        int queued = 0;
        while (queued < 10 && queue(FIRST, queued) == 0)
            queued++;
        if (queued != 3 || errno != EAGAIN)
            _exit(10 + queued);
        if (queue(SIGUSR1, 0) != 0) /* one of the old kind comes without saying why */
            _exit(3);
        siginfo_t info;
        if (sigwaitinfo(&set, &info) != SIGUSR1 || info.si_code != SI_USER || info.si_pid != 0)
            _exit(4);
        if (kill(getpid(), FIRST) != 0) /* and so does what kill sends */
            _exit(5);
        if (sigwaitinfo(&set, &info) != FIRST || queue(FIRST, 9) != 0)
            _exit(6);
        pid_t other = fork(); /* what waits for one process counts for all of the same user */
        if (other == 0)
            _exit(queue(FIRST, 1) == -1 && errno == EAGAIN ? 0 : 1);
        if (waitpid(other, &status, 0) != other || status != 0)
            _exit(7);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void waiting(void)
{
    sigset_t set = set_of(SIGUSR1, SIGCHLD), old;
    siginfo_t info;
    struct timespec none = {0, 0}, some = {0, 50000000}, bad = {0, 1000000000}, negative = {-1, 0};
    signal(SIGUSR1, SIG_DFL);
    sigprocmask(SIG_BLOCK, &set, &old);
    FAILS(EAGAIN, sigtimedwait(&set, &info, &none));
    FAILS(EINVAL, sigtimedwait(&set, &info, &bad));
    FAILS(EINVAL, sigtimedwait(&set, &info, &negative));
    FAILS(EINVAL, syscall(SYS_rt_sigtimedwait, &set, &info, &none, 4));
    FAILS(EFAULT, syscall(SYS_rt_sigtimedwait, KERNEL, &info, &none, 8));
    FAILS(EFAULT, syscall(SYS_rt_sigtimedwait, &set, &info, KERNEL, 8));
    double start = now();
    FAILS(EAGAIN, sigtimedwait(&set, NULL, &some));
    CHECK(now() - start >= 0.05);
    raise(SIGUSR1);
    FAILS(EFAULT, syscall(SYS_rt_sigtimedwait, &set, KERNEL, &none, 8));
    FAILS(EAGAIN, sigtimedwait(&set, &info, &none));
    /* Blocked, ignored by default: it is awaited all the same. */
    pid_t child = fork();
    if (child == 0) {
        usleep(30000);
        _exit(3);
    }
    CHECK(sigwaitinfo(&set, &info) == SIGCHLD && info.si_pid == child && info.si_status == 3);
    CHECK(info.si_code == CLD_EXITED);
    reap(child);
    child = keep_sending(SIGUSR1);
    CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_pid == child && info.si_code == SI_USER);
    stop_sending(child);
    while (sigtimedwait(&set, NULL, &none) > 0) /* its end, or one more */
        ;
    /* Another one ends the wait. */
    handle(SIGUSR2, SA_RESTART);
    count = 0;
    child = keep_sending(SIGUSR2);
    FAILS(EINTR, syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8)); /* the C library may call it again */
    CHECK(count >= 1);
    stop_sending(child);
    sigtimedwait(&set, NULL, &none);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------ */

/* A read from a pipe that signals interrupt, and into which a byte comes after some time. */
static void restarts(void)
{
    int fds[2];
    char byte;
    if (pipe(fds) != 0)
        return;
    handle(SIGUSR1, 0);
    pid_t sender = keep_sending(SIGUSR1);
    FAILS(EINTR, read(fds[0], &byte, 1));
    handle(SIGUSR1, SA_RESTART);
    count = 0;
    pid_t writer = fork();
    if (writer == 0) {
        usleep(150000);
        _exit(write(fds[1], "x", 1) != 1);
    }
    CHECK(read(fds[0], &byte, 1) == 1 && count >= 1);
    reap(writer);
    stop_sending(sender);
    /* One that is ignored interrupts nothing, neither does one that is blocked. */
    signal(SIGUSR1, SIG_IGN);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        usleep(20000);
        kill(parent, SIGUSR1);
        kill(parent, SIGWINCH);
        usleep(20000);
        _exit(write(fds[1], "x", 1) != 1);
    }
    CHECK(read(fds[0], &byte, 1) == 1);
    reap(child);
    close(fds[0]);
    close(fds[1]);
}

/* A call that a handler ends, whatever its action says. */
#define ENDS(call)                                                                                                     \
    do {                                                                                                               \
        pid_t sender = keep_sending(SIGUSR1);                                                                          \
        FAILS(EINTR, call);                                                                                            \
        stop_sending(sender);                                                                                          \
    } while (0)

static void calls(void)
{
    struct timespec time = {5, 0}, left = {0, 0};
    sigset_t none;
    sigemptyset(&none);
    handle(SIGUSR1, SA_RESTART);
    ENDS(poll(NULL, 0, 2000));
    ENDS(select(0, NULL, NULL, NULL, &(struct timeval){2, 0}));
    ENDS(pause());
    ENDS(sigsuspend(&none));
    ENDS(nanosleep(&time, &left));
    CHECK(left.tv_sec == 4);
    /* wait4 begins anew. */
    int status = 0;
    count = 0;
    pid_t sender = keep_sending(SIGUSR1), child = fork();
    if (child == 0) {
        usleep(150000);
        _exit(7);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 7 << 8 && count >= 1);
    handle(SIGUSR1, 0);
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    FAILS(EINTR, waitpid(child, &status, 0));
    stop_sending(child);
    stop_sending(sender);
}

/* Under the mask of a call: it holds while that waits, and the old one is back when it returns. */
static void masks(void)
{
    sigset_t set = set_of(SIGUSR1, 0), none, now_set;
    sigemptyset(&none);
    sigprocmask(SIG_BLOCK, &set, NULL);
    handle(SIGUSR1, 0);
    count = 0;
    raise(SIGUSR1);
    struct timespec time = {2, 0};
    FAILS(EINTR, ppoll(NULL, 0, &time, &none));
    sigprocmask(SIG_BLOCK, NULL, &now_set);
    CHECK(count == 1 && sigismember(&now_set, SIGUSR1));
    raise(SIGUSR1);
    FAILS(EINTR, pselect(0, NULL, NULL, NULL, &time, &none));
    CHECK(count == 2);
    /* What the wait was for is there already: the signal has to wait. */
    int fds[2];
    if (pipe(fds) != 0 || write(fds[1], "x", 1) != 1)
        return;
    raise(SIGUSR1);
    struct pollfd poll = {.fd = fds[0], .events = POLLIN};
    CHECK(ppoll(&poll, 1, &time, &none) == 1 && count == 2);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK(count == 3);
    close(fds[0]);
    close(fds[1]);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void broken_pipes(void)
{
    int fds[2], status;
    siginfo_t info;
    sigset_t set = set_of(SIGPIPE, 0);
    if (pipe(fds) != 0)
        return;
    close(fds[0]);
    signal(SIGPIPE, SIG_IGN);
    FAILS(EPIPE, write(fds[1], "x", 1));
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_BLOCK, &set, NULL);
    FAILS(EPIPE, write(fds[1], "x", 1));
    struct timespec none = {0, 0};
    CHECK(sigtimedwait(&set, &info, &none) == SIGPIPE && info.si_code == SI_USER && info.si_pid == getpid());
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(write(fds[1], "x", 1) == -1 ? 1 : 0);
    CHECK(waitpid(child, &status, 0) == child && status == SIGPIPE);
    close(fds[1]);
}

/* Many signals at many processes that run and wait, and nothing gets lost. */
static void storm(void)
{
    enum { PROCESSES = 4, SIGNALS = 500 };
    sigset_t set = set_of(FIRST, 0);
    int wrong = 0, status;
    pid_t children[PROCESSES];
    handle(FIRST, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            sigset_t none;
            sigemptyset(&none);
            count = 0;
            if (i % 2)
                sigprocmask(SIG_UNBLOCK, &set, NULL);
            while (count < SIGNALS)
                if (i % 2 == 0)
                    sigsuspend(&none);
            _exit(0);
        }
    }
    for (int n = 0; n < SIGNALS; n++)
        for (int i = 0; i < PROCESSES; i++)
            while (sigqueue(children[i], FIRST, (union sigval){.sival_int = n}) != 0)
                usleep(1000);
    for (int i = 0; i < PROCESSES; i++)
        wrong += waitpid(children[i], &status, 0) != children[i] || status != 0;
    CHECK(wrong == 0);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    queues();
    limits();
    waiting();
    restarts();
    calls();
    masks();
    broken_pipes();
    storm();
    return done();
}
