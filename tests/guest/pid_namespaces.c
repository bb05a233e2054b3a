/*
 * Namespaces of processes' numbers: who has which number where, in calls, in signals, in messages and in /proc; process
 * 1 of a namespace, its orphans, its end; unshare, clone, setns and their errors.
 *
 * guest: root
 */
#include "guest.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char stacks[3][65536] __attribute__((aligned(16))); /* one for each level: they are copied, as all else is */
static unsigned level;
#define STACK (stacks[level] + sizeof stacks[level])

/* 0, or the number of the step that went wrong. */
static int ended(pid_t pid)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    if (status)
        printf("# status %#x\n", (unsigned)status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static int in_child(int (*child)(void))
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child());
    return ended(pid);
}

static int body(void *argument)
{
    int (*child)(void) = *(int (**)(void))argument;
    level++;
    return child();
}

/* As process 1 of a new namespace. */
static pid_t start(int (*child)(void), unsigned long flags)
{
    fflush(stdout);
    return clone(body, STACK, (int)(CLONE_NEWPID | flags | SIGCHLD), &child);
}

static int in_namespace(int (*child)(void), unsigned long flags)
{
    return ended(start(child, flags));
}

/* The C library's syncs first, or not. */
static long reboot_with(unsigned command)
{
    return syscall(SYS_reboot, 0xfee1dead, 672274793, command, NULL);
}

static ino_t number(const char *name)
{
    struct stat stat_of;
    return stat(name, &stat_of) == 0 ? stat_of.st_ino : 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Numbers
 */

static int numbers_child(void)
{
    if (getpid() != 1 || syscall(SYS_gettid) != 1 || getppid() != 0)
        return 1;
    if (getpgid(0) != 0 || getsid(0) != 0) /* they are outside */
        return 2;
    pid_t pid = fork();
    if (pid == 0)
        _exit(getpid() == 2 && getppid() == 1 && syscall(SYS_gettid) == 2 ? 7 : 1);
    int status;
    if (pid != 2 || waitpid(2, &status, 0) != 2 || WEXITSTATUS(status) != 7)
        return 3;
    if (setsid() != 1 || getpgrp() != 1 || getsid(1) != 1)
        return 4;
    pid = fork();
    if (pid == 0) {
        if (setpgid(0, 0) < 0 || getpgrp() != 3)
            _exit(1);
        pause();
    }
    while (getpgid(3) != 3)
        sched_yield();
    siginfo_t info = {0};
    if (kill(-3, SIGTERM) < 0 || waitid(P_PGID, 3, &info, WEXITED) < 0 || info.si_pid != 3 || info.si_status != SIGTERM)
        return 5;
    if (kill(3, 0) != -1 || errno != ESRCH || kill(-3, 0) != -1 || errno != ESRCH || kill(30000, 0) != -1)
        return 6;
    if (syscall(SYS_sched_getscheduler, 1) < 0 || getpriority(PRIO_PROCESS, 1) == -1 || getpgid(2) != -1 ||
        errno != ESRCH)
        return 7;
    return 0;
}

static int hold[2];

static int waiting_child(void)
{
    char byte;
    close(hold[1]);
    return read(hold[0], &byte, 1) == 0 ? 0 : 1;
}

/* Two levels down: each sees what is below itself. */
static int nested_child(void)
{
    if (getpid() != 1)
        return 1;
    if (pipe(hold) < 0)
        return 2;
    pid_t pid = start(waiting_child, 0);
    if (pid != 2 || kill(2, 0) < 0)
        return 3;
    close(hold[1]);
    return ended(2);
}

static int unshared_child(void)
{
    pid_t self = getpid();
    ino_t before = number("/proc/self/ns/pid");
    if (unshare(CLONE_NEWPID) < 0 || getpid() != self || number("/proc/self/ns/pid") != before)
        return 1;
    if (unshare(CLONE_NEWPID) != -1 || errno != EINVAL)
        return 2;
    if (syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0) != -1 || errno != EINVAL)
        return 3;
    if (syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, STACK, 0, 0, 0) != -1 || errno != EINVAL)
        return 4;
    pid_t first = fork();
    if (first == 0)
        _exit(getpid() == 1 ? 5 : 0);
    int status;
    if (first <= 1 || waitpid(first, &status, 0) != first || WEXITSTATUS(status) != 5)
        return 5;
    if (fork() != -1 || errno != ENOMEM) /* process 1 has ended */
        return 6;
    return 0;
}

/* A child that could not be made takes no number with it: if there is one later, it is process 1. */
static int failed_child(void)
{
    if (unshare(CLONE_NEWPID) < 0)
        return 1;
    if (syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, 8, 0, 0) != -1 || errno != EFAULT)
        return 2;
    pid_t pid = fork();
    if (pid == 0)
        _exit(getpid() == 1 ? 0 : 1);
    return pid < 0 ? errno == ENOMEM ? 0 : 3 : ended(pid);
}

/* How many there are below, which is no more than 32 below the first. */
static int deep(void)
{
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
    if (pid < 0)
        return errno == ENOSPC ? 0 : 100;
    if (pid == 0)
        _exit(deep());
    return ended(pid) + 1;
}

static void numbers(void)
{
    int depth = in_child(deep);
    CHECK(depth > 2 && depth <= 32);
    CHECK(in_child(failed_child) == 0);
    CHECK(in_namespace(numbers_child, 0) == 0);
    CHECK(in_namespace(nested_child, 0) == 0);
    CHECK(in_child(unshared_child) == 0);
    FAILS(EINVAL, syscall(SYS_clone, CLONE_NEWPID | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, STACK, 0, 0, 0));
    FAILS(EINVAL, syscall(SYS_clone, CLONE_NEWPID | CLONE_PARENT | CLONE_THREAD | SIGCHLD, 0, 0, 0, 0));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Signals
 */

static volatile pid_t sender = -1;

static void note(int signal, siginfo_t *info, void *context)
{
    sender = info->si_pid;
}

static int signals_child(void)
{
    kill(1, SIGTERM); /* it has no handler: nothing happens */
    kill(1, SIGKILL);
    kill(1, SIGSTOP);
    raise(SIGHUP);
    const struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(kill(1, SIGUSR1) == 0 && kill(1, SIGKILL) == 0 && kill(1, SIGTERM) == 0 ? 0 : 1);
    if (ended(pid) != 0 || sender != pid)
        return 1;
    sender = -1;
    sigaction(SIGCHLD, &action, NULL);
    pid = fork();
    if (pid == 0)
        _exit(0);
    if (ended(pid) != 0 || sender != pid)
        return 2;
    signal(SIGCHLD, SIG_DFL);
    /* -1: all but oneself and process 1 */
    for (int i = 0; i < 3; i++)
        if (fork() == 0)
            for (;;)
                pause();
    pid = fork();
    if (pid == 0)
        _exit(kill(-1, SIGKILL) == 0 ? 0 : 1);
    for (int i = 0, status; i < 4; i++) {
        pid_t gone = wait(&status);
        if (gone <= 0 || (gone == pid ? status != 0 : !WIFSIGNALED(status)))
            return 3;
    }
    return wait(NULL) == -1 && errno == ECHILD ? 0 : 4;
}

static int ready[2];

static int handling_child(void)
{
    const struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigaction(SIGUSR1, &action, NULL);
    if (write(ready[1], "x", 1) != 1)
        return 1;
    sigdelset(&set, SIGUSR1);
    while (sender == -1)
        sigsuspend(&set);
    return sender == 0 ? 0 : 2; /* it is nobody that one can know */
}

static int sleeping_child(void)
{
    if (write(ready[1], "x", 1) != 1)
        return 1;
    for (;;)
        pause();
}

static void signals(void)
{
    char byte;
    int status;
    CHECK(in_namespace(signals_child, 0) == 0);
    CHECK(pipe(ready) == 0);
    pid_t pid = start(handling_child, 0);
    CHECK(read(ready[0], &byte, 1) == 1 && kill(pid, SIGUSR1) == 0 && ended(pid) == 0);
    pid = start(sleeping_child, 0);
    CHECK(read(ready[0], &byte, 1) == 1 && kill(pid, SIGTERM) == 0 && waitpid(pid, &status, WNOHANG) == 0);
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
          WTERMSIG(status) == SIGKILL);
    pid = start(sleeping_child, 0);
    CHECK(read(ready[0], &byte, 1) == 1 && syscall(SYS_tgkill, pid, pid, SIGKILL) == 0 && ended(pid) == 256 + SIGKILL);
    close(ready[0]);
    close(ready[1]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Process 1
 */

static int orphans_child(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (fork() == 0) {
            while (getppid() != 1)
                sched_yield();
            _exit(9);
        }
        _exit(0);
    }
    if (ended(pid) != 0)
        return 1;
    int status;
    return wait(&status) == 3 && WEXITSTATUS(status) == 9 && wait(&status) == -1 && errno == ECHILD ? 0 : 2;
}

/* The others end with it: the pipe that all have is closed when it has been waited for. */
static int ending_child(void)
{
    for (int i = 0; i < 5; i++)
        if (fork() == 0) {
            signal(SIGTERM, SIG_IGN);
            if (fork() == 0 && i == 3) {
                kill(getpid(), SIGSTOP);
            }
            for (;;)
                pause();
        }
    if (fork() == 0)
        _exit(0);                               /* and one that nobody waits for */
    if (syscall(SYS_clone, 0, 0, 0, 0, 0) == 0) /* nor is told of */
        for (;;)
            pause();
    return 3;
}

static int deep_child(void)
{
    if (start(sleeping_child, 0) < 0)
        return 1;
    char byte;
    return read(ready[0], &byte, 1) == 1 ? 4 : 2;
}

static void first(void)
{
    char byte;
    CHECK(in_namespace(orphans_child, 0) == 0);
    CHECK(pipe(hold) == 0 && pipe(ready) == 0);
    CHECK(in_namespace(ending_child, 0) == 3);
    close(hold[1]);
    CHECK(read(hold[0], &byte, 1) == 0);
    close(hold[0]);
    CHECK(in_namespace(deep_child, 0) == 4);
    close(ready[1]);
    while (read(ready[0], &byte, 1) > 0)
        ;
    CHECK(read(ready[0], &byte, 1) == 0);
    close(ready[0]);
}

static unsigned command;

static int restarting_child(void)
{
    if (getpid() != 1 || reboot_with(0) != -1 || errno != EINVAL)
        return 1;
    if (command == RB_POWER_OFF)
        reboot_with(command);
    else if (fork() == 0)
        _exit(getppid() == 1 ? (int)reboot_with(command) : 1);
    for (;;)
        pause();
}

/* What ends is process 1, by a signal that tells whoever waits for it what was wished for. */
static void restarts(void)
{
    static const struct {
        unsigned command;
        int signal;
    } all[] = {{RB_AUTOBOOT, SIGHUP}, {RB_HALT_SYSTEM, SIGINT}, {RB_POWER_OFF, SIGINT}};
    for (unsigned i = 0; i < 3; i++) {
        command = all[i].command;
        CHECK(in_namespace(restarting_child, 0) == 256 + all[i].signal);
    }
}

#define SOMEBODY 54321

static int user_child(void)
{
    return getpriority(PRIO_USER, SOMEBODY) == -1 && errno == ESRCH && setpriority(PRIO_USER, SOMEBODY, 5) == -1 &&
                   errno == ESRCH
               ? 0
               : 1;
}

/* Somebody else's processes have their nice values, though they are not seen from inside. */
static void users(void)
{
    char byte;
    CHECK(pipe(hold) == 0 && pipe(ready) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(setresuid(SOMEBODY, SOMEBODY, SOMEBODY) == 0 && write(ready[1], "x", 1) == 1 ? waiting_child() : 1);
    CHECK(read(ready[0], &byte, 1) == 1 && getpriority(PRIO_USER, SOMEBODY) == 0);
    CHECK(in_namespace(user_child, 0) == 0);
    CHECK(getpriority(PRIO_USER, SOMEBODY) == 0);
    close(hold[1]);
    CHECK(ended(pid) == 0);
    close(hold[0]);
    close(ready[0]);
    close(ready[1]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * /proc, messages, setns
 */

static bool has_line(const char *name, const char *line)
{
    char text[256];
    bool found = false;
    FILE *file = fopen(name, "r");
    while (file && fgets(text, sizeof text, file))
        found |= strncmp(text, line, strlen(line)) == 0;
    if (file)
        fclose(file);
    return found;
}

static int proc_child(void)
{
    char text[64];
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mkdir("p", 0755) < 0)
        return 1;
    if (mount("proc", "p", "proc", 0, NULL) < 0)
        return 2;
    ssize_t length = readlink("p/self", text, sizeof text);
    if (length != 1 || text[0] != '1')
        return 3;
    pid_t pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    if (access("p/1/status", F_OK) < 0 || access("p/2/stat", F_OK) < 0 || access("p/3", F_OK) == 0)
        return 4;
    if (!has_line("p/2/status", "Pid:\t2\n") || !has_line("p/2/status", "PPid:\t1\n") ||
        !has_line("p/2/status", "NSpid:\t2\n"))
        return 5;
    if (!has_line("p/2/stat", "2 (") || !has_line("p/1/status", "PPid:\t0\n"))
        return 6;
    if (access("p/2/task/2/comm", F_OK) < 0 || access("p/1/task/2", F_OK) == 0)
        return 7;
    kill(pid, SIGKILL);
    return ended(pid) == 256 + SIGKILL && access("p/2", F_OK) != 0 ? 0 : 8;
}

/* Seen from outside: both numbers. */
static void outside(void)
{
    char name[64], line[64];
    CHECK(pipe(hold) == 0);
    pid_t pid = start(waiting_child, 0);
    snprintf(name, sizeof name, "/proc/%d/status", pid);
    snprintf(line, sizeof line, "\t%d\t1\n", pid);
    char text[256];
    bool found = false;
    FILE *file = fopen(name, "r");
    while (file && fgets(text, sizeof text, file))
        found |= strncmp(text, "NSpid:", 6) == 0 && strlen(text) > strlen(line) - 1 &&
                 strcmp(text + strlen(text) - strlen(line), line) == 0;
    if (file)
        fclose(file);
    CHECK(found);
    snprintf(name, sizeof name, "/proc/%d/ns/pid", pid);
    CHECK(number(name) != number("/proc/self/ns/pid"));
    int inner = open(name, O_RDONLY | O_CLOEXEC), own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    int parent = ioctl(inner, 0xb702);
    struct stat one, two;
    CHECK(parent >= 0 && fstat(parent, &one) == 0 && fstat(own, &two) == 0 && one.st_ino == two.st_ino);
    close(parent);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) { /* whoever goes there stays what he is; his children are there */
        if (setns(inner, CLONE_NEWPID) < 0)
            _exit(1);
        pid_t there = fork();
        if (there == 0)
            _exit(getpid() == 2 && getppid() == 0 && setns(own, CLONE_NEWPID) == -1 && errno == EINVAL ? 0 : 1);
        _exit(ended(there) == 0 && setns(own, 0) == 0 ? 0 : 2);
    }
    CHECK(ended(child) == 0);
    close(inner);
    close(own);
    close(hold[1]);
    CHECK(ended(pid) == 0);
    close(hold[0]);
}

static int pair[2];

static int sending_child(void)
{
    struct ucred user = {.pid = 1};
    char control[CMSG_SPACE(sizeof user)] = {0}, byte = 'x';
    struct iovec range = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &range, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_CREDENTIALS;
    header->cmsg_len = CMSG_LEN(sizeof user);
    memcpy(CMSG_DATA(header), &user, sizeof user);
    return sendmsg(pair[1], &message, 0) == 1 ? waiting_child() : 1;
}

static void messages(void)
{
    struct ucred user = {0};
    int on = 1;
    char control[CMSG_SPACE(sizeof user)], byte;
    struct iovec range = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &range, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    CHECK(pipe(hold) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    CHECK(setsockopt(pair[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
    pid_t pid = start(sending_child, 0);
    CHECK(recvmsg(pair[0], &message, 0) == 1);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header)
        memcpy(&user, CMSG_DATA(header), sizeof user);
    CHECK(header && header->cmsg_type == SCM_CREDENTIALS && user.pid == pid);
    close(hold[1]);
    CHECK(ended(pid) == 0);
    close(hold[0]);
}

/* Many at once: they come and go. */
static int short_child(void)
{
    for (int i = 0; i < 3; i++)
        if (fork() == 0) {
            if (i == 1)
                return 0;
            for (;;)
                pause();
        }
    return 0;
}

static int many_child(void)
{
    for (int i = 0; i < 20; i++)
        if (in_namespace(short_child, 0) != 0)
            return 1;
    return 0;
}

int main(void)
{
    numbers();
    signals();
    first();
    restarts();
    users();
    CHECK(in_namespace(proc_child, CLONE_NEWNS) == 0);
    outside();
    messages();
    pid_t children[3];
    fflush(stdout);
    for (int i = 0; i < 3; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(many_child());
    }
    CHECK((ended(children[0]) | ended(children[1]) | ended(children[2])) == 0);
    return done();
}
