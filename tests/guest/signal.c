/*
 * Signals: actions, masks, delivery, defaults, who may be sent what; each with its errors.
 */
#include "tests/guest/guest.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define SET_SIZE 8

struct action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

static volatile sig_atomic_t count, order[16], ordered;
static siginfo_t last;

static void note(int signal)
{
    count++;
    if (ordered < 16)
        order[ordered++] = signal;
}

static void note_info(int signal, siginfo_t *info, void *context)
{
    (void)context;
    last = *info;
    note(signal);
}

static int handle(int signal, int flags)
{
    struct sigaction action = {.sa_flags = flags};
    if (flags & SA_SIGINFO)
        action.sa_sigaction = note_info;
    else
        action.sa_handler = note;
    sigemptyset(&action.sa_mask);
    return sigaction(signal, &action, NULL);
}

static void block(int how, int signal)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(how, &set, NULL);
}

static bool is_blocked(int signal)
{
    sigset_t set;
    sigprocmask(SIG_BLOCK, NULL, &set);
    return sigismember(&set, signal);
}

static bool is_pending(int signal)
{
    sigset_t set;
    sigpending(&set);
    return sigismember(&set, signal);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void handlers(void)
{
    CHECK(handle(SIGUSR1, 0) == 0);
    count = 0;
    CHECK(raise(SIGUSR1) == 0 && count == 1);
    CHECK(kill(getpid(), SIGUSR1) == 0 && count == 2);
    CHECK(handle(SIGUSR1, SA_SIGINFO) == 0);
    kill(getpid(), SIGUSR1);
    CHECK(last.si_signo == SIGUSR1 && last.si_code == SI_USER && last.si_pid == getpid() && last.si_uid == getuid());
    syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1);
    CHECK(last.si_code == SI_TKILL && last.si_pid == getpid());
    syscall(SYS_tkill, getpid(), SIGUSR1);
    CHECK(last.si_code == SI_TKILL && count == 5);
    union sigval value = {.sival_ptr = (void *)0x123456789abcdef};
    CHECK(sigqueue(getpid(), SIGUSR1, value) == 0 && last.si_code == SI_QUEUE);
    CHECK(last.si_value.sival_ptr == value.sival_ptr && last.si_pid == getpid());
    handle(SIGUSR1, SA_RESETHAND);
    raise(SIGUSR1);
    struct sigaction action;
    CHECK(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    CHECK(signal(SIGUSR1, SIG_IGN) == SIG_DFL && raise(SIGUSR1) == 0);
    CHECK(signal(SIGUSR1, note) == SIG_IGN);
}

static void errors(void)
{
    struct action action = {.handler = note};
    unsigned long set = 0;
    siginfo_t info;
    memset(&info, 0, sizeof info);
    FAILS(EINVAL, syscall(SYS_rt_sigaction, 0, NULL, &action, SET_SIZE));
    FAILS(EINVAL, syscall(SYS_rt_sigaction, 65, NULL, &action, SET_SIZE));
    FAILS(EINVAL, syscall(SYS_rt_sigaction, -1, &action, NULL, SET_SIZE));
    FAILS(EINVAL, syscall(SYS_rt_sigaction, SIGKILL, &action, NULL, SET_SIZE));
    FAILS(EINVAL, syscall(SYS_rt_sigaction, SIGSTOP, &action, NULL, SET_SIZE));
    CHECK(syscall(SYS_rt_sigaction, SIGKILL, NULL, &action, SET_SIZE) == 0 && action.handler == SIG_DFL);
    FAILS(EINVAL, syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
    FAILS(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, KERNEL, NULL, SET_SIZE));
    FAILS(EFAULT, syscall(SYS_rt_sigaction, 99, KERNEL, NULL, SET_SIZE));
    FAILS(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, NULL, KERNEL, SET_SIZE));
    FAILS(EINVAL, syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, NULL, 16));
    FAILS(EINVAL, syscall(SYS_rt_sigprocmask, 3, &set, NULL, SET_SIZE));
    CHECK(syscall(SYS_rt_sigprocmask, 3, NULL, &set, SET_SIZE) == 0);
    FAILS(EFAULT, syscall(SYS_rt_sigprocmask, SIG_BLOCK, KERNEL, NULL, SET_SIZE));
    FAILS(EFAULT, syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, KERNEL, SET_SIZE));
    FAILS(EINVAL, syscall(SYS_rt_sigpending, &set, 9));
    FAILS(EFAULT, syscall(SYS_rt_sigpending, KERNEL, SET_SIZE));
    CHECK(syscall(SYS_rt_sigpending, KERNEL, 0) == 0);
    FAILS(EINVAL, syscall(SYS_rt_sigsuspend, &set, 4));
    FAILS(EFAULT, syscall(SYS_rt_sigsuspend, KERNEL, SET_SIZE));
    FAILS(EINVAL, kill(getpid(), 65));
    FAILS(EINVAL, kill(getpid(), -1));
    FAILS(ESRCH, kill(0x3fffffff, SIGTERM));
    FAILS(ESRCH, kill(0x3fffffff, 99));
    FAILS(ESRCH, kill(-0x3fffffff, 0));
    FAILS(ESRCH, kill(-0x7fffffff - 1, 0));
    CHECK(kill(getpid(), 0) == 0 && kill(0, 0) == 0);
    FAILS(EINVAL, syscall(SYS_tkill, 0, SIGTERM));
    FAILS(EINVAL, syscall(SYS_tkill, -1, SIGTERM));
    FAILS(EINVAL, syscall(SYS_tkill, getpid(), 70));
    FAILS(ESRCH, syscall(SYS_tkill, 0x3fffffff, 0));
    FAILS(EINVAL, syscall(SYS_tgkill, 0, getpid(), 0));
    FAILS(EINVAL, syscall(SYS_tgkill, getpid(), 0, 0));
    FAILS(ESRCH, syscall(SYS_tgkill, 0x3fffffff, getpid(), 0));
    CHECK(syscall(SYS_tgkill, getpid(), getpid(), 0) == 0);
    FAILS(EFAULT, syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, KERNEL));
    info.si_code = SI_QUEUE;
    FAILS(ESRCH, syscall(SYS_rt_sigqueueinfo, 0x3fffffff, SIGUSR1, &info));
    FAILS(EINVAL, syscall(SYS_rt_sigqueueinfo, getpid(), 65, &info));
    FAILS(EINVAL, syscall(SYS_rt_tgsigqueueinfo, 0, getpid(), SIGUSR1, &info));
    FAILS(ESRCH, syscall(SYS_rt_tgsigqueueinfo, 0x3fffffff, getpid(), SIGUSR1, &info));
}

/* What a program may say of itself but not of others: a code that is the kernel's. */
static void impostors(void)
{
    siginfo_t info;
    memset(&info, 0, sizeof info);
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    info.si_code = SI_USER;
    FAILS(EPERM, syscall(SYS_rt_sigqueueinfo, child, SIGUSR1, &info));
    info.si_code = SI_TKILL;
    FAILS(EPERM, syscall(SYS_rt_tgsigqueueinfo, child, child, SIGUSR1, &info));
    info.si_code = SI_KERNEL;
    handle(SIGUSR1, SA_SIGINFO);
    CHECK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info) == 0 && last.si_code == SI_KERNEL);
    int status = 0;
    kill(child, SIGTERM);
    CHECK(waitpid(child, &status, 0) == child && status == SIGTERM);
}

static void masks(void)
{
    handle(SIGUSR1, 0);
    handle(SIGUSR2, 0);
    count = ordered = 0;
    block(SIG_BLOCK, SIGUSR1);
    CHECK(is_blocked(SIGUSR1) && !is_pending(SIGUSR1));
    raise(SIGUSR1);
    raise(SIGUSR1);
    CHECK(count == 0 && is_pending(SIGUSR1));
    block(SIG_UNBLOCK, SIGUSR1);
    CHECK(count == 1 && !is_pending(SIGUSR1) && !is_blocked(SIGUSR1));
    block(SIG_BLOCK, SIGKILL);
    block(SIG_BLOCK, SIGSTOP);
    CHECK(!is_blocked(SIGKILL) && !is_blocked(SIGSTOP));
    /* Ignoring it takes away what is pending. */
    block(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    CHECK(!is_pending(SIGUSR1));
    raise(SIGUSR1);
    CHECK(is_pending(SIGUSR1));
    handle(SIGUSR1, 0);
    block(SIG_UNBLOCK, SIGUSR1);
    CHECK(count == 2);
    /* The lowest number first: so its handler's frame lies below, and runs last. */
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    ordered = 0;
    raise(SIGUSR2);
    raise(SIGUSR1);
    sigprocmask(SIG_SETMASK, &old, NULL);
    CHECK(ordered == 2 && order[0] == SIGUSR2 && order[1] == SIGUSR1);
}

static volatile bool blocked_inside[2];

static void look(int signal)
{
    (void)signal;
    blocked_inside[0] = is_blocked(SIGUSR1);
    blocked_inside[1] = is_blocked(SIGUSR2);
}

static void raise_again(int signal)
{
    if (++count < 3)
        raise(signal);
    count += 10;
}

static void masks_inside(void)
{
    struct sigaction action = {.sa_handler = look};
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    CHECK(blocked_inside[0] && blocked_inside[1] && !is_blocked(SIGUSR1) && !is_blocked(SIGUSR2));
    action.sa_flags = SA_NODEFER;
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    CHECK(!blocked_inside[0] && blocked_inside[1]);
    /* Once after another, or one inside another. */
    action = (struct sigaction){.sa_handler = raise_again};
    sigaction(SIGUSR1, &action, NULL);
    count = 0;
    raise(SIGUSR1);
    CHECK(count == 22);
    action.sa_flags = SA_NODEFER;
    sigaction(SIGUSR1, &action, NULL);
    count = 0;
    raise(SIGUSR1);
    CHECK(count == 33);
}

static void change_saved_mask(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    sigaddset(&((ucontext_t *)context)->uc_sigmask, SIGUSR2);
}

/* The mask after the handler is what its frame says. */
static void saved_mask(void)
{
    struct sigaction action = {.sa_sigaction = change_saved_mask, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    CHECK(is_blocked(SIGUSR2));
    block(SIG_UNBLOCK, SIGUSR2);
}

static void suspending(void)
{
    sigset_t none, old;
    sigemptyset(&none);
    handle(SIGUSR1, 0);
    handle(SIGALRM, 0);
    count = 0;
    block(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    FAILS(EINTR, sigsuspend(&none));
    CHECK(count == 1 && is_blocked(SIGUSR1));
    block(SIG_UNBLOCK, SIGUSR1);
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        do
            usleep(20000);
        while (kill(parent, SIGUSR1) == 0);
    FAILS(EINTR, pause());
    FAILS(EINTR, sigsuspend(&none));
    CHECK(count >= 3);
    kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) != child)
        ;
    sigprocmask(SIG_BLOCK, NULL, &old);
    CHECK(!sigismember(&old, SIGUSR1));
}

/* ------------------------------------------------------------------------------------------------------------------ */

static int child_gets(int signal)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        for (int i = 1; i < 65; i++)
            (void)syscall(SYS_rt_sigaction, i, &(struct action){0}, NULL, SET_SIZE);
        raise(signal);
        _exit(77);
    }
    return waitpid(child, &status, 0) == child ? status & ~0x80 : -1;
}

static void defaults(void)
{
    int wrong = 0;
    for (int i = 1; i < 65; i++) {
        bool stops = i == SIGSTOP || i == SIGTSTP || i == SIGTTIN || i == SIGTTOU;
        bool nothing = i == SIGCHLD || i == SIGCONT || i == SIGURG || i == SIGWINCH;
        if (!stops && i != 32 && i != 33)
            wrong += child_gets(i) != (nothing ? 77 << 8 : i);
    }
    CHECK(wrong == 0);
}

static void children(void)
{
    int status;
    handle(SIGCHLD, SA_SIGINFO);
    count = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(5);
    while (waitpid(child, &status, 0) != child)
        ;
    CHECK(count == 1 && last.si_signo == SIGCHLD && last.si_code == CLD_EXITED && last.si_status == 5);
    CHECK(last.si_pid == child && last.si_uid == getuid());
    child = fork();
    if (child == 0)
        for (;;)
            pause();
    kill(child, SIGKILL);
    while (waitpid(child, &status, 0) != child)
        ;
    CHECK(status == SIGKILL && last.si_code == CLD_KILLED && last.si_status == SIGKILL && last.si_pid == child);
    /* Those whose parent does not want to know leave nothing. */
    signal(SIGCHLD, SIG_IGN);
    child = fork();
    if (child == 0)
        _exit(0);
    FAILS(ECHILD, waitpid(child, &status, 0));
    handle(SIGCHLD, SA_NOCLDWAIT);
    count = 0;
    child = fork();
    if (child == 0)
        _exit(0);
    FAILS(ECHILD, waitpid(child, &status, 0));
    CHECK(count == 1);
    signal(SIGCHLD, SIG_DFL);
}

/* Ignored and blocked ones stay so in a new program, handlers do not. */
static void executing(const char *self)
{
    int status;
    handle(SIGUSR1, 0);
    signal(SIGUSR2, SIG_IGN);
    block(SIG_BLOCK, SIGHUP);
    pid_t child = fork();
    if (child == 0) {
        raise(SIGHUP);
        execl(self, self, "executed", (char *)NULL);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 17 << 8);
    block(SIG_UNBLOCK, SIGHUP);
    /* A child has no pending ones. */
    block(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    child = fork();
    if (child == 0)
        _exit(is_pending(SIGUSR1) || !is_blocked(SIGUSR1));
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    signal(SIGUSR1, SIG_IGN);
    block(SIG_UNBLOCK, SIGUSR1);
    signal(SIGUSR2, SIG_DFL);
}

static int executed(void)
{
    struct sigaction one, two;
    sigaction(SIGUSR1, NULL, &one);
    sigaction(SIGUSR2, NULL, &two);
    return one.sa_handler == SIG_DFL && two.sa_handler == SIG_IGN && is_blocked(SIGHUP) && is_pending(SIGHUP) ? 17 : 1;
}

static void flags(void)
{
    struct action action = {.handler = note, .flags = 0xffffffff80000000ul | 0x400 | 0x04000000, .restorer = NULL}, old;
    CHECK(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, SET_SIZE) == 0);
    CHECK(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &old, SET_SIZE) == 0 && old.flags == 0x84000000);
    action.mask = ~0ul;
    syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, SET_SIZE);
    syscall(SYS_rt_sigaction, SIGUSR1, NULL, &old, SET_SIZE);
    CHECK(old.mask == ~(1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1)));
    signal(SIGUSR1, SIG_DFL);
    /* A handler without a place to return to. */
    int status;
    pid_t child = fork();
    if (child == 0) {
        action = (struct action){.handler = note};
        syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, SET_SIZE);
        raise(SIGUSR1);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return executed();
    setvbuf(stdout, NULL, _IONBF, 0);
    handlers();
    errors();
    impostors();
    masks();
    masks_inside();
    saved_mask();
    suspending();
    defaults();
    children();
    executing(argv[0]);
    flags();
    return done();
}
