/*
 * Signals as a file: signalfd, read, poll and epoll.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define FIRST (SIGRTMIN + 1)

static sigset_t set;
static struct signalfd_siginfo info, several[4];

static bool is_ready(int fd, int milliseconds)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, milliseconds) == 1 && poll_fd.revents == POLLIN;
}

static bool get(int fd)
{
    memset(&info, 0xff, sizeof info);
    return read(fd, &info, sizeof info) == sizeof info;
}

static void errors(void)
{
    unsigned long mask = 1;
    int ends[2];
    FAILS(EINVAL, syscall(SYS_signalfd4, -1, &mask, 4, 0));
    FAILS(EFAULT, syscall(SYS_signalfd4, -1, KERNEL, 8, 0));
    FAILS(EINVAL, syscall(SYS_signalfd4, -1, &mask, 8, 1));
    FAILS(EBADF, syscall(SYS_signalfd4, 999, &mask, 8, 0));
    CHECK(pipe(ends) == 0);
    FAILS(EINVAL, syscall(SYS_signalfd4, ends[0], &mask, 8, 0));
    close(ends[0]);
    close(ends[1]);
    int fd = (int)syscall(SYS_signalfd, -1, &mask, 8);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == 0 && fcntl(fd, F_GETFL) == O_RDWR);
    close(fd);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_GETFL) == (O_RDWR | O_NONBLOCK));
    FAILS(EINVAL, read(fd, &info, 127));
    FAILS(EAGAIN, read(fd, &info, sizeof info));
    FAILS(EINVAL, write(fd, &info, sizeof info));
    FAILS(ESPIPE, pread(fd, &info, sizeof info, 0));
    raise(SIGUSR1);
    FAILS(EFAULT, read(fd, KERNEL, sizeof info));
    FAILS(EFAULT, read(fd, (void *)64, sizeof info)); /* it is lost then */
    FAILS(EAGAIN, read(fd, &info, sizeof info));
    close(fd);
}

static void reading(void)
{
    int fd = signalfd(-1, &set, SFD_NONBLOCK), status;
    CHECK(!is_ready(fd, 0));
    raise(SIGUSR1);
    CHECK(is_ready(fd, 0) && get(fd) && info.ssi_signo == SIGUSR1 && info.ssi_code == SI_TKILL);
    CHECK((pid_t)info.ssi_pid == getpid() && info.ssi_uid == getuid() && info.ssi_errno == 0 && info.ssi_addr == 0);
    CHECK(!is_ready(fd, 0));
    kill(getpid(), SIGUSR1);
    CHECK(get(fd) && info.ssi_code == SI_USER && (pid_t)info.ssi_pid == getpid());
    sigqueue(getpid(), FIRST, (union sigval){.sival_ptr = (void *)0x123456789a});
    sigqueue(getpid(), FIRST, (union sigval){.sival_int = 2});
    raise(SIGUSR2);
    CHECK(read(fd, several, sizeof several) == 3 * sizeof info && several[0].ssi_signo == SIGUSR2);
    CHECK(several[1].ssi_signo == (unsigned)FIRST && several[1].ssi_code == SI_QUEUE &&
          several[1].ssi_ptr == 0x123456789a && several[1].ssi_int == 0x3456789a);
    CHECK(several[2].ssi_int == 2 && (pid_t)several[2].ssi_pid == getpid());
    raise(SIGUSR1);
    raise(SIGUSR2);
    CHECK(read(fd, several, sizeof info + 100) == sizeof info && is_ready(fd, 0) && get(fd) && !is_ready(fd, 0));
    pid_t child = fork();
    if (child == 0)
        _exit(9);
    CHECK(is_ready(fd, 2000) && get(fd) && info.ssi_signo == SIGCHLD && info.ssi_code == CLD_EXITED);
    CHECK((pid_t)info.ssi_pid == child && info.ssi_status == 9 && info.ssi_uid == getuid());
    CHECK(waitpid(child, &status, 0) == child);
    /* Another set, for the same file. */
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR2);
    CHECK(signalfd(fd, &one, 0) == fd);
    raise(SIGUSR1);
    CHECK(!is_ready(fd, 0));
    CHECK(signalfd(fd, &set, 0) == fd && is_ready(fd, 0) && get(fd) && info.ssi_signo == SIGUSR1);
    close(fd);
}

static pid_t send_later(int signal)
{
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        usleep(30000);
        kill(parent, signal);
        usleep(30000);
        _exit(0);
    }
    return child;
}

/* Who waits is woken; a signal that has a handler interrupts. */
static void waiting(void)
{
    int fd = signalfd(-1, &set, 0), sets = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    pid_t child = send_later(SIGUSR1);
    CHECK(get(fd) && info.ssi_signo == SIGUSR1 && (pid_t)info.ssi_pid == child);
    CHECK(get(fd) && info.ssi_signo == SIGCHLD && waitpid(child, NULL, 0) == child);
    child = send_later(SIGUSR2);
    CHECK(is_ready(fd, 5000) && get(fd) && info.ssi_signo == SIGUSR2);
    CHECK(get(fd) && info.ssi_signo == SIGCHLD && waitpid(child, NULL, 0) == child);
    CHECK(epoll_ctl(sets, EPOLL_CTL_ADD, fd, &event) == 0 && epoll_wait(sets, &event, 1, 0) == 0);
    child = send_later(SIGUSR2);
    CHECK(epoll_wait(sets, &event, 1, 5000) == 1 && event.events == EPOLLIN && get(fd));
    CHECK(get(fd) && info.ssi_signo == SIGCHLD && waitpid(child, NULL, 0) == child);
    close(sets);
    close(fd);
}

/* Whose signals a file tells of: the reader's, whoever has made it. It may be the last thing that is left of one. */
static void sharing(void)
{
    int fd = signalfd(-1, &set, SFD_NONBLOCK), status = -1;
    CHECK(!is_ready(fd, 0));
    pid_t child = fork();
    if (child == 0) {
        raise(SIGUSR2);
        _exit(is_ready(fd, 0) && get(fd) && (pid_t)info.ssi_pid == getpid() && !is_ready(fd, 0) ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(get(fd) && info.ssi_signo == SIGCHLD);
    raise(SIGUSR1);
    child = fork();
    if (child == 0)
        _exit(is_ready(fd, 0) || read(fd, &info, sizeof info) != -1 || errno != EAGAIN);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(get(fd) && info.ssi_signo == SIGUSR1 && get(fd) && info.ssi_signo == SIGCHLD);
    close(fd);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    int signals[] = {SIGUSR1, SIGUSR2, SIGCHLD, FIRST};
    sigemptyset(&set);
    for (int i = 0; i < 4; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, NULL);
    errors();
    reading();
    waiting();
    sharing();
    return done();
}
