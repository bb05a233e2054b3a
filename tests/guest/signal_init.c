/*
 * Signals to process 1, which gets only those that it handles. It makes itself one, if it is none: in a namespace of
 * its own, for which it must be root.
 *
 * guest: apart
 */
#include "tests/guest/guest.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t count;

static void note(int signal)
{
    (void)signal;
    count++;
}

/* What a child's call to kill returns: 0, or its error. */
static int child_sends(pid_t to, int signal)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(kill(to, signal) == 0 ? 0 : errno);
    while (waitpid(child, &status, 0) != child)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void unhandled(void)
{
    int wrong = 0;
    for (int signal = 1; signal < 65; signal++)
        if (signal != 32 && signal != 33)
            wrong += child_sends(1, signal) != 0 || kill(getpid(), signal) != 0;
    CHECK(wrong == 0);
    raise(SIGSEGV);
    raise(SIGABRT);
    CHECK(getpid() == 1);
}

static void handled(void)
{
    struct sigaction action = {.sa_handler = note};
    sigaction(SIGTERM, &action, NULL);
    CHECK(child_sends(1, SIGTERM) == 0 && count == 1);
    CHECK(raise(SIGTERM) == 0 && count == 2);
    /* One that is blocked is there, and goes when it could be delivered. */
    sigset_t set, pending;
    signal(SIGTERM, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGTERM);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGTERM));
    CHECK(sigtimedwait(&set, NULL, &(struct timespec){0, 0}) == SIGTERM);
    raise(SIGTERM);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK(sigpending(&pending) == 0 && !sigismember(&pending, SIGTERM));
}

/* Its children are like any other. */
static void children(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    CHECK(kill(child, SIGTERM) == 0 && waitpid(child, &status, 0) == child && status == SIGTERM);
    /* Who says all means all but process 1 and himself. */
    pid_t victim = fork();
    if (victim == 0)
        for (;;)
            pause();
    CHECK(child_sends(-1, SIGKILL) == 0);
    CHECK(waitpid(victim, &status, 0) == victim && status == SIGKILL);
    FAILS(ESRCH, kill(-1, SIGTERM));
    /* Whose parent has ended has this one. */
    child = fork();
    if (child == 0) {
        if (fork() == 0) {
            for (int i = 0; i < 500 && getppid() != 1; i++)
                usleep(10000);
            _exit(getppid() == 1 ? 7 : 8);
        }
        _exit(6);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 6 << 8);
    CHECK(waitpid(-1, &status, 0) > 0 && status == 7 << 8);
}

/* A child that is not process 1, of a process that is: its own faults end it. */
static void faults(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        __asm__ volatile("ud2");
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGILL);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    if (getpid() != 1) {
        int status = -1;
        if (unshare(CLONE_NEWPID) != 0) {
            printf("1..0 # SKIP no namespace\n");
            return 0;
        }
        pid_t child = fork();
        if (child != 0)
            return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    }
    unhandled();
    handled();
    children();
    faults();
    return done();
}
