/*
 * Stopping and going on: by which signals, what is pending meanwhile, what the parent learns, and what becomes of
 * process groups that nobody could continue.
 */
#include "tests/guest/guest.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t told;
static siginfo_t last;

static void note(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    last = *info;
    told++;
}

static void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(signal, &action, NULL);
}

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){0, 30000000}, NULL);
}

/* A child, in a group of its own, that waits for signals. */
static pid_t waiter(void (*prepare)(void))
{
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        if (prepare)
            prepare();
        for (;;)
            pause();
    }
    setpgid(child, child);
    wait_a_little();
    return child;
}

static int wait_for(pid_t child, int options)
{
    int status = -1;
    pid_t result;
    do
        result = waitpid(child, &status, options);
    while (result == -1 && errno == EINTR);
    return result == child ? status : -1;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    wait_for(child, 0);
}

static int status_now(pid_t child)
{
    int status = 0;
    return waitpid(child, &status, WUNTRACED | WCONTINUED | WNOHANG) == child ? status : 0;
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void stops(void)
{
    handle(SIGCHLD, note, 0);
    int signals[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
    for (int i = 0; i < 4; i++) {
        pid_t child = waiter(NULL);
        told = 0;
        kill(child, signals[i]);
        int status = wait_for(child, WUNTRACED);
        CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == signals[i]);
        CHECK(told == 1 && last.si_code == CLD_STOPPED && last.si_status == signals[i] && last.si_pid == child);
        CHECK(status_now(child) == 0); /* once is enough */
        kill(child, SIGCONT);
        status = wait_for(child, WCONTINUED);
        CHECK(WIFCONTINUED(status));
        for (int tries = 0; tries < 50 && told < 2; tries++) /* the signal may come after the wait's end */
            wait_a_little();
        CHECK(told == 2 && last.si_code == CLD_CONTINUED && last.si_status == SIGCONT && last.si_pid == child);
        CHECK(status_now(child) == 0);
        end(child);
    }
    signal(SIGCHLD, SIG_DFL);
}

static void unwanted(void)
{
    handle(SIGCHLD, note, SA_NOCLDSTOP);
    told = 0;
    pid_t child = waiter(NULL);
    kill(child, SIGSTOP);
    CHECK(WIFSTOPPED(wait_for(child, WUNTRACED)));
    kill(child, SIGCONT);
    CHECK(WIFCONTINUED(wait_for(child, WCONTINUED)) && told == 0);
    /* Without WUNTRACED nobody waits for it. */
    kill(child, SIGSTOP);
    wait_a_little();
    int status = 0;
    CHECK(waitpid(child, &status, WNOHANG) == 0);
    kill(child, SIGCONT);
    wait_a_little();
    CHECK(waitpid(child, &status, WNOHANG | WUNTRACED) == 0);
    CHECK(WIFCONTINUED(status_now(child)));
    end(child);
    CHECK(told == 1);
    signal(SIGCHLD, SIG_DFL);
}

static void leave(int signal)
{
    _exit(signal);
}

static void leave_by_usr1(void)
{
    signal(SIGUSR1, leave);
}

static void ignore_tstp(void)
{
    signal(SIGTSTP, SIG_IGN);
}

static void block_tstp(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTSTP);
    sigaddset(&set, SIGCONT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGCONT, leave);
}

static void leave_by_cont(void)
{
    signal(SIGCONT, leave);
}

static void pending(void)
{
    /* What comes while it is stopped waits, but SIGKILL. */
    pid_t child = waiter(leave_by_usr1);
    kill(child, SIGSTOP);
    wait_for(child, WUNTRACED);
    kill(child, SIGUSR1);
    wait_a_little();
    CHECK(status_now(child) == 0);
    kill(child, SIGCONT);
    CHECK(wait_for(child, 0) == SIGUSR1 << 8);
    child = waiter(NULL);
    kill(child, SIGSTOP);
    wait_for(child, WUNTRACED);
    kill(child, SIGTERM);
    wait_a_little();
    CHECK(status_now(child) == 0);
    kill(child, SIGKILL);
    CHECK(wait_for(child, 0) == SIGKILL);
    /* SIGCONT also has a handler, and goes on even when it is blocked or ignored. */
    child = waiter(leave_by_cont);
    kill(child, SIGSTOP);
    wait_for(child, WUNTRACED);
    kill(child, SIGCONT);
    CHECK(wait_for(child, 0) == SIGCONT << 8);
    child = waiter(ignore_tstp);
    kill(child, SIGTSTP);
    wait_a_little();
    CHECK(status_now(child) == 0);
    kill(child, SIGSTOP);
    CHECK(WIFSTOPPED(wait_for(child, WUNTRACED)));
    end(child);
    /* Each of the two kinds takes the other away. */
    sigset_t set;
    pid_t parent = getpid();
    child = fork();
    if (child == 0) {
        block_tstp();
        kill(getpid(), SIGCONT);
        sigpending(&set);
        bool before = sigismember(&set, SIGCONT);
        kill(getpid(), SIGTSTP);
        sigpending(&set);
        bool stop = sigismember(&set, SIGTSTP) && !sigismember(&set, SIGCONT);
        kill(getpid(), SIGCONT);
        sigpending(&set);
        _exit(before && stop && sigismember(&set, SIGCONT) && !sigismember(&set, SIGTSTP) && parent ? 0 : 1);
    }
    CHECK(wait_for(child, 0) == 0);
}

/* A sleep does not notice, but for the time. */
static void sleeping(void)
{
    struct timespec start, end_time;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t child = fork();
    if (child == 0)
        _exit(nanosleep(&(struct timespec){0, 150000000}, NULL) != 0);
    wait_a_little();
    kill(child, SIGSTOP);
    CHECK(WIFSTOPPED(wait_for(child, WUNTRACED)));
    kill(child, SIGCONT);
    CHECK(wait_for(child, 0) == 0);
    clock_gettime(CLOCK_MONOTONIC, &end_time);
    double seconds = (double)(end_time.tv_sec - start.tv_sec) + (double)(end_time.tv_nsec - start.tv_nsec) / 1e9;
    CHECK(seconds >= 0.15 && seconds < 5);
    child = fork();
    if (child == 0)
        _exit(poll(NULL, 0, 150) != 0);
    wait_a_little();
    kill(child, SIGSTOP);
    wait_for(child, WUNTRACED);
    kill(child, SIGCONT);
    CHECK(wait_for(child, 0) == 0);
}

static void groups(void)
{
    int status;
    pid_t leader = waiter(NULL), member = fork();
    if (member == 0)
        for (;;)
            pause();
    setpgid(member, leader);
    CHECK(kill(-leader, SIGSTOP) == 0);
    CHECK(WIFSTOPPED(wait_for(leader, WUNTRACED)) && WIFSTOPPED(wait_for(member, WUNTRACED)));
    CHECK(killpg(leader, SIGCONT) == 0);
    CHECK(WIFCONTINUED(wait_for(leader, WCONTINUED)) && WIFCONTINUED(wait_for(member, WCONTINUED)));
    CHECK(waitpid(-leader, &status, WNOHANG) == 0);
    CHECK(kill(-leader, SIGTERM) == 0);
    CHECK(wait_for(leader, 0) == SIGTERM && wait_for(member, 0) == SIGTERM);
    FAILS(ESRCH, kill(-leader, 0));
}

/* A group without anybody to continue it is not stopped by the terminal's signals. */
static void orphans(void)
{
    int ends[2];
    char what = 0;
    if (pipe(ends) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        setsid(); /* whose leader's parent is in another session */
        close(ends[0]);
        raise(SIGTSTP);
        raise(SIGTTIN);
        _exit(write(ends[1], "x", 1) != 1);
    }
    close(ends[1]);
    struct pollfd waits = {.fd = ends[0], .events = POLLIN};
    CHECK(poll(&waits, 1, 2000) == 1 && read(ends[0], &what, 1) == 1 && what == 'x');
    kill(child, SIGCONT);
    CHECK(wait_for(child, 0) == 0);
    close(ends[0]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Threads that end while their process stops: the last of them to go makes the stop complete
 */

#define ENDING 3
static volatile int go, ready;

static int end_soon(void *argument)
{
    __atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
    while (!go)
        sched_yield();
    syscall(SYS_exit, 0);
    return 0;
}

static void stop_with_threads(void)
{
    static char stacks[ENDING][4096] __attribute__((aligned(16)));
    for (unsigned i = 0; i < ENDING; i++)
        clone(end_soon, stacks[i] + sizeof stacks[i],
            CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, NULL);
    while (ready < ENDING)
        sched_yield();
    go = 1;
    kill(getpid(), SIGSTOP);
    _exit(0);
}

static void not_me(int signal)
{
    (void)signal;
}

static void threads_that_end(void)
{
    bool all = true;
    const struct sigaction interrupts = {.sa_handler = not_me};
    sigaction(SIGALRM, &interrupts, NULL);
    for (unsigned i = 0; i < 60 && all; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0)
            stop_with_threads();
        alarm(10);
        all = waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status);
        alarm(0);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
    }
    CHECK(all);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    stops();
    unwanted();
    pending();
    sleeping();
    groups();
    orphans();
    threads_that_end();
    return done();
}
