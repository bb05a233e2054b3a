/*
 * Waiting for children: wait4 and waitid, what they choose among children, what they tell, and their errors.
 */
#include "tests/guest/guest.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define NOBODY 32760

static pid_t ends_with(int code)
{
    pid_t child = fork();
    if (child == 0)
        _exit(code);
    return child;
}

static pid_t sleeps(unsigned ms)
{
    pid_t child = fork();
    if (child == 0) {
        usleep(ms * 1000);
        _exit(0);
    }
    return child;
}

static void errors(void)
{
    siginfo_t info;
    int status;
    FAILS(ECHILD, waitpid(-1, &status, 0));
    FAILS(ECHILD, waitpid(-1, &status, WNOHANG));
    FAILS(ECHILD, waitpid(0, &status, 0));
    FAILS(ECHILD, waitpid(-NOBODY, &status, 0));
    FAILS(ECHILD, waitpid(1, &status, 0));
    FAILS(ECHILD, waitpid(getpid(), &status, 0));
    FAILS(ESRCH, syscall(SYS_wait4, -2147483647 - 1, &status, 0, NULL));
    FAILS(EINVAL, waitpid(-1, &status, 4));
    FAILS(EINVAL, waitpid(-1, &status, WNOWAIT));
    FAILS(EINVAL, waitpid(-1, &status, 0x100));
    FAILS(ECHILD, waitpid(-1, &status, (int)(__WALL | __WCLONE | 0x20000000)));
    FAILS(EINVAL, waitid(P_ALL, 0, &info, 0));
    FAILS(EINVAL, waitid(P_ALL, 0, &info, WNOHANG));
    FAILS(EINVAL, waitid(P_ALL, 0, &info, WEXITED | 0x100));
    FAILS(EINVAL, waitid((idtype_t)7, 0, &info, WEXITED));
    FAILS(EINVAL, waitid(P_PID, 0, &info, WEXITED));
    FAILS(EINVAL, waitid(P_PID, (id_t)-3, &info, WEXITED));
    FAILS(EINVAL, waitid(P_PGID, (id_t)-3, &info, WEXITED));
    FAILS(ECHILD, waitid(P_PGID, 0, &info, WEXITED));
    FAILS(ECHILD, waitid(P_ALL, 0, &info, WEXITED));
    FAILS(ECHILD, waitid(P_PID, NOBODY, &info, WEXITED | WNOHANG));
}

/* An end that nobody asks for is nothing to wait for. */
static void other_news(void)
{
    siginfo_t info;
    pid_t ended = ends_with(1);
    CHECK(waitid(P_PID, (id_t)ended, &info, WEXITED | WNOWAIT) == 0);
    FAILS(ECHILD, waitid(P_PID, (id_t)ended, &info, WSTOPPED));
    FAILS(ECHILD, waitid(P_PID, (id_t)ended, &info, WCONTINUED | WNOHANG));
    FAILS(ECHILD, waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED));
    pid_t alive = fork();
    if (alive == 0)
        for (;;)
            pause();
    CHECK(waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG) == 0);
    CHECK(kill(alive, SIGKILL) == 0 && waitpid(alive, NULL, 0) == alive && waitpid(ended, NULL, 0) == ended);
}

static void choices(void)
{
    int status;
    pid_t first = ends_with(1), second = ends_with(2), third = fork();
    if (third == 0) {
        setpgid(0, 0);
        _exit(3);
    }
    CHECK(waitpid(second, &status, 0) == second && WIFEXITED(status) && WEXITSTATUS(status) == 2);
    FAILS(ECHILD, waitpid(second, &status, 0));
    usleep(50000); /* the third has its own group now */
    CHECK(waitpid(-third, &status, 0) == third && status == 3 << 8);
    CHECK(waitpid(0, &status, 0) == first && status == 1 << 8);
    FAILS(ECHILD, waitpid(0, &status, 0));

    first = sleeps(200);
    status = 77;
    CHECK(waitpid(first, &status, WNOHANG) == 0 && status == 77);
    FAILS(ECHILD, waitpid(first + 1000, &status, WNOHANG));
    FAILS(ECHILD, waitpid(-first, &status, WNOHANG));
    FAILS(ECHILD, waitpid(first, &status, (int)__WCLONE));
    CHECK(waitpid(first, NULL, (int)__WALL) == first);
    second = ends_with(5);
    FAILS(EFAULT, syscall(SYS_wait4, second, KERNEL, 0, NULL));
    FAILS(ECHILD, syscall(SYS_wait4, second, NULL, 0, NULL)); /* it is gone nevertheless */
    second = ends_with(5);
    FAILS(EFAULT, syscall(SYS_wait4, second, NULL, 0, KERNEL));
    CHECK(wait(NULL) == -1 && errno == ECHILD);
}

static void information(void)
{
    siginfo_t info;
    pid_t child = ends_with(300);
    memset(&info, 0x55, sizeof info);
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == child);
    CHECK(info.si_signo == SIGCHLD && info.si_errno == 0 && info.si_code == CLD_EXITED);
    CHECK(info.si_status == 44 && info.si_uid == getuid());
    memset(&info, 0, sizeof info);
    CHECK(waitid(P_ALL, 0, &info, WEXITED) == 0 && info.si_pid == child && info.si_status == 44);
    child = fork();
    if (child == 0) {
        raise(SIGKILL);
        _exit(0);
    }
    CHECK(waitid(P_PGID, (id_t)getpgrp(), &info, WEXITED) == 0 && info.si_pid == child);
    CHECK(info.si_code == CLD_KILLED && info.si_status == SIGKILL);
    child = sleeps(100);
    memset(&info, 0x55, sizeof info);
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG) == 0);
    CHECK(info.si_pid == 0 && info.si_signo == 0 && info.si_code == 0 && info.si_status == 0);
    FAILS(EFAULT, syscall(SYS_waitid, P_PID, child, KERNEL, WEXITED | WNOHANG, NULL));
    CHECK(waitid(P_PID, (id_t)child, NULL, WEXITED) == 0);
    FAILS(ECHILD, waitid(P_PID, (id_t)child, NULL, WEXITED));
}

static void stopping(void)
{
    int status;
    siginfo_t info;
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0); /* else its group may be orphaned, and SIGTSTP does nothing */
        raise(SIGSTOP);
        usleep(200000); /* while it runs, the parent can see that it does */
        raise(SIGTSTP);
        _exit(9);
    }
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    CHECK(waitpid(child, &status, WUNTRACED | WNOHANG) == 0);
    CHECK(waitpid(child, &status, WCONTINUED | WNOHANG) == 0);
    CHECK(kill(child, SIGCONT) == 0);
    CHECK(waitid(P_PID, (id_t)child, &info, WCONTINUED) == 0 && info.si_code == CLD_CONTINUED);
    CHECK(info.si_status == SIGCONT && info.si_pid == child);
    CHECK(waitid(P_PID, (id_t)child, &info, WSTOPPED | WNOWAIT) == 0 && info.si_code == CLD_STOPPED);
    CHECK(info.si_status == SIGTSTP && info.si_pid == child);
    CHECK(waitpid(child, &status, WUNTRACED) == child && status == (SIGTSTP << 8 | 0x7f));
    CHECK(kill(child, SIGCONT) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 9 << 8);

    child = fork();
    if (child == 0) {
        raise(SIGSTOP);
        usleep(300000);
        _exit(9);
    }
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(kill(child, SIGCONT) == 0);
    CHECK(waitpid(-1, &status, WCONTINUED) == child && WIFCONTINUED(status) && status == 0xffff);
    CHECK(waitpid(-1, &status, WCONTINUED | WNOHANG) == 0);
    CHECK(kill(child, SIGSTOP) == 0 && kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static volatile sig_atomic_t caught;
static siginfo_t last;

static void note(int signal, siginfo_t *info, void *context)
{
    caught++;
    last = *info;
}

static void signals(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    int status;
    sigaction(SIGCHLD, &action, NULL);
    pid_t child = ends_with(6);
    while (!caught)
        usleep(10000);
    CHECK(caught == 1 && last.si_pid == child && last.si_code == CLD_EXITED && last.si_status == 6);
    CHECK(last.si_uid == getuid() && last.si_signo == SIGCHLD);
    CHECK(waitpid(child, &status, 0) == child);

    /* A handler interrupts the wait, or restarts it. */
    sigaction(SIGUSR1, &action, NULL);
    pid_t parent = getpid();
    child = fork();
    if (child == 0) {
        usleep(100000);
        kill(parent, SIGUSR1);
        usleep(100000);
        _exit(0);
    }
    FAILS(EINTR, waitpid(child, &status, 0));
    action.sa_flags |= SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    child = fork();
    if (child == 0) {
        usleep(100000);
        kill(parent, SIGUSR1);
        usleep(100000);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);

    /* Nobody asks. */
    signal(SIGCHLD, SIG_IGN);
    child = ends_with(0);
    FAILS(ECHILD, waitpid(child, &status, 0));
    ends_with(0);
    ends_with(0);
    FAILS(ECHILD, wait(&status));
    caught = 0;
    action.sa_flags = SA_SIGINFO | SA_NOCLDWAIT;
    sigaction(SIGCHLD, &action, NULL);
    child = ends_with(0);
    while (waitpid(child, &status, 0) == -1 && errno == EINTR)
        ;
    CHECK(errno == ECHILD && caught == 1 && last.si_pid == child);
    signal(SIGCHLD, SIG_DFL);
}

static void usage(void)
{
    struct rusage child, sum, before;
    int status;
    CHECK(getrusage(RUSAGE_CHILDREN, &before) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        volatile char *memory = malloc(8 << 20);
        struct rusage self;
        for (int i = 0; i < 8 << 20; i += 4096)
            memory[i] = 1;
        do
            getrusage(RUSAGE_SELF, &self);
        while (self.ru_utime.tv_usec + self.ru_stime.tv_usec < 30000);
        _exit(0);
    }
    CHECK(wait4(pid, &status, 0, &child) == pid && status == 0);
    CHECK(child.ru_utime.tv_sec == 0 && child.ru_utime.tv_usec + child.ru_stime.tv_usec >= 30000);
    CHECK(child.ru_minflt >= 2048 && child.ru_maxrss >= 8192);
    CHECK(getrusage(RUSAGE_CHILDREN, &sum) == 0);
    CHECK(sum.ru_minflt == before.ru_minflt + child.ru_minflt && sum.ru_maxrss >= child.ru_maxrss);
    FAILS(EINVAL, getrusage((__typeof__(RUSAGE_SELF))2, &sum));
    FAILS(EFAULT, syscall(SYS_getrusage, RUSAGE_SELF, KERNEL));
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    errors();
    other_news();
    choices();
    information();
    stopping();
    signals();
    usage();
    return done();
}
