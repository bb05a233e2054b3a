/*
 * Processes by descriptor: pidfd_open, CLONE_PIDFD, poll, waitid, pidfd_send_signal, pidfd_getfd.
 *
 * guest: root
 */
#include "tests/guest/as_user.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#define SYS_SEND 424
#define SYS_OPEN 434
#define SYS_GETFD 438
#define WAIT_PIDFD 3
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif

static int pidfd_of(pid_t pid, unsigned flags)
{
    return (int)syscall(SYS_OPEN, pid, flags);
}

static int send_signal(int fd, int signal, siginfo_t *info, unsigned flags)
{
    return (int)syscall(SYS_SEND, fd, signal, info, flags);
}

static int get_fd(int fd, int number, unsigned flags)
{
    return (int)syscall(SYS_GETFD, fd, number, flags);
}

static int wait_pidfd(int fd, siginfo_t *info, int options)
{
    return (int)syscall(SYS_waitid, WAIT_PIDFD, fd, info, options, NULL);
}

static pid_t sleeper(void)
{
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            pause();
    }
    return child;
}

static bool ready(int fd, int ms)
{
    struct pollfd poll_one = {.fd = fd, .events = POLLIN};
    return poll(&poll_one, 1, ms) == 1 && poll_one.revents & POLLIN;
}

static void check_opening(void)
{
    char byte;
    FAILS(EINVAL, pidfd_of(0, 0));
    FAILS(EINVAL, pidfd_of(-1, 0));
    FAILS(EINVAL, pidfd_of(getpid(), 1));
    FAILS(ESRCH, pidfd_of(0x3ffffff, 0));
    int self = pidfd_of(getpid(), 0);
    CHECK(self >= 0 && fcntl(self, F_GETFD) == FD_CLOEXEC && !ready(self, 0));
    FAILS(EINVAL, read(self, &byte, 1));
    CHECK(send_signal(self, 0, NULL, 0) == 0);
    FAILS(EINVAL, send_signal(self, 65, NULL, 0));
    FAILS(EINVAL, send_signal(self, 0, NULL, 0x100));
    FAILS(EBADF, send_signal(-1, 0, NULL, 0));
    FAILS(EBADF, send_signal(1, 0, NULL, 0));
    FAILS(EFAULT, send_signal(self, 0, (siginfo_t *)8, 0));
    FAILS(ECHILD, wait_pidfd(self, NULL, WEXITED));
    FAILS(EBADF, wait_pidfd(1, NULL, WEXITED));
    FAILS(EINVAL, wait_pidfd(-1, NULL, WEXITED));
    int nonblock = pidfd_of(getpid(), O_NONBLOCK);
    CHECK(nonblock >= 0 && fcntl(nonblock, F_GETFL) & O_NONBLOCK);
    close(nonblock);
    close(self);
}

static void check_end(void)
{
    siginfo_t info;
    struct epoll_event event = {.events = EPOLLIN};
    pid_t child = sleeper();
    int fd = pidfd_of(child, 0), nonblock = pidfd_of(child, O_NONBLOCK), set = epoll_create1(0);
    CHECK(fd >= 0 && nonblock >= 0 && epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) == 0);
    CHECK(!ready(fd, 0) && epoll_wait(set, &event, 1, 0) == 0);
    FAILS(EAGAIN, wait_pidfd(nonblock, &info, WEXITED));
    CHECK(wait_pidfd(fd, &info, WEXITED | WNOHANG) == 0);
    CHECK(send_signal(fd, SIGTERM, NULL, 0) == 0 && ready(fd, 5000) && epoll_wait(set, &event, 1, 5000) == 1);
    CHECK(send_signal(fd, 0, NULL, 0) == 0); /* nobody has waited for it */
    memset(&info, 0, sizeof info);
    CHECK(wait_pidfd(fd, &info, WEXITED | WNOWAIT) == 0 && info.si_pid == child && info.si_code == CLD_KILLED);
    CHECK(wait_pidfd(nonblock, &info, WEXITED) == 0 && info.si_status == SIGTERM);
    FAILS(ECHILD, wait_pidfd(fd, &info, WEXITED));
    FAILS(ESRCH, send_signal(fd, 0, NULL, 0));
    FAILS(ESRCH, get_fd(fd, 1, 0));
    CHECK(ready(fd, 0));
    close(fd);
    close(nonblock);
    close(set);
    child = fork();
    if (child == 0) {
        usleep(30000);
        _exit(9);
    }
    fd = pidfd_of(child, 0);
    pid_t other = sleeper();
    CHECK(wait_pidfd(fd, &info, WEXITED) == 0 && info.si_pid == child && info.si_status == 9);
    kill(other, SIGKILL);
    CHECK(waitpid(other, NULL, 0) == other);
    close(fd);
}

static pthread_barrier_t barrier;
static pid_t thread_number;
static void *thread(void *argument)
{
    thread_number = (pid_t)syscall(SYS_gettid);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void check_thread(void)
{
    pthread_t id;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&id, NULL, thread, NULL);
    pthread_barrier_wait(&barrier);
    errno = 0; /* ENOENT from Linux 6.9 on */
    CHECK(pidfd_of(thread_number, 0) == -1 && (errno == EINVAL || errno == ENOENT));
    pthread_barrier_wait(&barrier);
    pthread_join(id, NULL);
}

static siginfo_t got;
static void handler(int signal, siginfo_t *info, void *context)
{
    got = *info;
}

static void check_info(void)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    int self = pidfd_of(getpid(), 0);
    sigaction(SIGUSR1, &action, NULL);
    info.si_value.sival_int = 42;
    CHECK(send_signal(self, SIGUSR1, &info, 0) == 0 && got.si_code == SI_QUEUE && got.si_value.sival_int == 42);
    FAILS(EINVAL, send_signal(self, SIGUSR2, &info, 0));
    CHECK(send_signal(self, SIGUSR1, NULL, 0) == 0 && got.si_code == SI_USER && got.si_pid == getpid());
    pid_t child = sleeper();
    int fd = pidfd_of(child, 0);
    info.si_code = SI_USER;
    FAILS(EPERM, send_signal(fd, SIGUSR1, &info, 0));
    info.si_code = SI_QUEUE;
    CHECK(send_signal(fd, SIGUSR1, &info, 0) == 0);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(fd);
    close(self);
}

static void check_descriptors(void)
{
    char text[8] = "";
    int pipes[2], gate[2];
    CHECK(pipe(gate) == 0);
    pid_t child = fork();
    if (child == 0) {
        int mine[2];
        if (pipe(mine) != 0 || dup2(mine[1], 77) != 77 || dup2(mine[0], 78) != 78 || write(gate[1], "g", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    CHECK(read(gate[0], text, 1) == 1);
    int fd = pidfd_of(child, 0);
    pipes[1] = get_fd(fd, 77, 0);
    pipes[0] = get_fd(fd, 78, 0);
    CHECK(pipes[0] >= 0 && pipes[1] >= 0 && fcntl(pipes[0], F_GETFD) == FD_CLOEXEC);
    CHECK(write(pipes[1], "taken", 5) == 5 && read(pipes[0], text, 8) == 5 && memcmp(text, "taken", 5) == 0);
    FAILS(EBADF, get_fd(fd, 99, 0));
    FAILS(EINVAL, get_fd(fd, 77, 1));
    FAILS(EBADF, get_fd(1, 77, 0));
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 2; i++) {
        close(pipes[i]);
        close(gate[i]);
    }
    close(fd);
}

struct clone3_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

static long clone3_with(uint64_t flags, int *fd)
{
    struct clone3_arguments arguments = {.flags = flags, .pidfd = (uintptr_t)fd, .exit_signal = SIGCHLD};
    return syscall(435, &arguments, sizeof arguments);
}

static void check_clone(void)
{
    siginfo_t info;
    int fd = -1;
    pid_t child = (pid_t)clone3_with(CLONE_PIDFD, &fd);
    if (child == 0)
        _exit(fcntl(fd >= 0 ? fd : 100, F_GETFD) == -1 ? 3 : 4);
    CHECK(child > 0 && fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(wait_pidfd(fd, &info, WEXITED) == 0 && info.si_pid == child && info.si_status == 3);
    close(fd);
    FAILS(EFAULT, (int)clone3_with(CLONE_PIDFD, (int *)8));
    fd = -1;
    child = (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &fd, NULL, NULL);
    if (child == 0)
        _exit(5);
    CHECK(child > 0 && fd >= 0 && wait_pidfd(fd, &info, WEXITED) == 0 && info.si_status == 5);
    close(fd);
    FAILS(EINVAL, (int)syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, NULL, &fd, NULL, NULL));
    FAILS(ECHILD, waitpid(-1, NULL, 0));
}

static pid_t theirs;
static void check_as_user(void)
{
    int fd = pidfd_of(theirs, 0);
    CHECK(fd >= 0 && !ready(fd, 0));
    FAILS(EPERM, send_signal(fd, 0, NULL, 0));
    FAILS(EPERM, get_fd(fd, 1, 0));
    close(fd);
}

int main(void)
{
    check_opening();
    check_end();
    check_thread();
    check_info();
    check_descriptors();
    check_clone();
    theirs = sleeper();
    as_user(check_as_user);
    kill(theirs, SIGKILL);
    CHECK(waitpid(theirs, NULL, 0) == theirs);
    return done();
}
