/*
 * Lack of memory (shortage.h) in calls about files, their names, and descriptors of other kinds.
 *
 * guest: root seconds=300
 */
#include "tests/guest/shortage.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>

#define PAGE 4096ul

static int directory, file, socket_ends[2], datagram_ends[2], pipe_ends[2], epoll, notifier;

/* ------------------------------------------------------------------------------------------------------------------
 * Files and their names
 */

static void undo_fd(long fd)
{
    if (fd >= 0)
        close((int)fd);
}

static long do_open(void)
{
    return open(
        "a-directory/an-entry-with-a-long-name-that-does-not-fit-into-the-entry-itself", O_RDWR | O_CREAT, 0600);
}

static void undo_open(long fd)
{
    undo_fd(fd);
    unlink("a-directory/an-entry-with-a-long-name-that-does-not-fit-into-the-entry-itself");
}

static long do_open_missing(void)
{
    return open("a-directory/missing", O_RDONLY) < 0 && errno == ENOENT ? 0 : -1;
}

static long do_open_link(void)
{
    return open("link-to-the-file", O_RDONLY);
}

static long do_mkdir(void)
{
    return mkdir("a-directory/inside", 0700);
}

static void undo_mkdir(long result)
{
    rmdir("a-directory/inside");
}

static long do_symlink(void)
{
    return symlink("a target that is longer than what fits elsewhere, in most implementations that there are", "new");
}

static long do_link(void)
{
    return link("file", "new");
}

static void undo_new(long result)
{
    unlink("new");
}

static long do_rename(void)
{
    return rename("file", "a-directory/file");
}

static void undo_rename(long result)
{
    (void)!rename("a-directory/file", "file");
}

static long do_write(void)
{
    static const char bytes[3 * PAGE];
    return pwrite(file, bytes, sizeof bytes, 1 << 20) < 0 ? -1 : 0;
}

static void undo_write(long result)
{
    (void)!ftruncate(file, 100);
}

static long do_unlink(void)
{
    return unlink("doomed");
}

static void undo_unlink(long result)
{
    close(open("doomed", O_RDWR | O_CREAT, 0600));
}

static long do_list(void)
{
    char buffer[1024];
    lseek(directory, 0, SEEK_SET);
    return syscall(SYS_getdents64, directory, buffer, sizeof buffer);
}

static long do_getcwd(void)
{
    char buffer[1024];
    return syscall(SYS_getcwd, buffer, sizeof buffer);
}

static long do_mount(void)
{
    return mount("nothing", "a-directory", "tmpfs", 0, "size=1m,mode=700");
}

static void undo_mount(long result)
{
    if (result == 0)
        umount("a-directory");
}

static long do_dup(void)
{
    return dup2(file, 700);
}

static long do_record_lock(void)
{
    const struct flock some = {.l_type = F_WRLCK, .l_start = 10, .l_len = 10};
    return fcntl(file, F_SETLK, &some);
}

static void undo_record_lock(long result)
{
    const struct flock all = {.l_type = F_UNLCK};
    fcntl(file, F_SETLK, &all);
}

static long do_record_split(void)
{
    const struct flock some = {.l_type = F_WRLCK, .l_len = 100}, none = {.l_type = F_UNLCK, .l_start = 50, .l_len = 1};
    return fcntl(file, F_SETLK, &some) == 0 ? fcntl(file, F_SETLK, &none) : -1;
}

static long do_flock(void)
{
    return flock(file, LOCK_EX);
}

static void undo_flock(long result)
{
    flock(file, LOCK_UN);
}

static long read_of(const char *name)
{
    char buffer[4096];
    int fd = open(name, O_RDONLY);
    if (fd < 0)
        return -1;
    long got = read(fd, buffer, sizeof buffer);
    int error = errno;
    close(fd);
    errno = error;
    return got < 0 ? -1 : 0;
}

static long do_proc_maps(void)
{
    return read_of("/proc/self/maps");
}

static long do_proc_status(void)
{
    return read_of("/proc/self/status");
}

static long do_proc_fd(void)
{
    char buffer[256];
    return readlink("/proc/self/fd/0", buffer, sizeof buffer) < 0 ? -1 : 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Descriptors of other kinds
 */

static int made[2] = {-1, -1};

static long do_pipe(void)
{
    return pipe(made);
}

static void undo_pair(long result)
{
    if (result < 0)
        return;
    close(made[0]);
    close(made[1]);
}

static long do_pipe_write(void)
{
    static const char bytes[5 * PAGE];
    return write(pipe_ends[1], bytes, sizeof bytes) < 0 ? -1 : 0;
}

static void undo_pipe_write(long result)
{
    static char bytes[16 * PAGE];
    while (read(pipe_ends[0], bytes, sizeof bytes) > 0)
        ;
}

static long do_pipe_size(void)
{
    return fcntl(pipe_ends[0], F_SETPIPE_SZ, 1 << 19);
}

static void undo_pipe_size(long result)
{
    fcntl(pipe_ends[0], F_SETPIPE_SZ, 65536);
}

static long do_splice(void)
{
    off_t offset = 0;
    return syscall(SYS_splice, file, &offset, pipe_ends[1], NULL, 50, 0);
}

static long do_tee(void)
{
    int ends[2], error;
    if (pipe(ends) < 0)
        return -1;
    long result = write(ends[1], "x", 1) == 1 ? syscall(SYS_tee, ends[0], pipe_ends[1], 1, 0) : -1;
    error = errno;
    close(ends[0]);
    close(ends[1]);
    errno = error;
    return result;
}

static long do_sendfile(void)
{
    off_t offset = 0;
    return sendfile(pipe_ends[1], file, &offset, 50);
}

static long do_socketpair(void)
{
    return socketpair(AF_UNIX, SOCK_STREAM, 0, made);
}

/* Descriptors of many kinds, the sending socket itself among them. */
static long do_send_rights(void)
{
    union {
        char bytes[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr aligned;
    } control;
    char byte = 1;
    struct iovec range = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &range, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(16)};
    memcpy(CMSG_DATA(header), (int[]){file, pipe_ends[0], socket_ends[0], epoll}, 16);
    return sendmsg(socket_ends[0], &message, MSG_DONTWAIT);
}

static void undo_send(long result)
{
    char bytes[4096];
    while (recv(socket_ends[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    while (recv(datagram_ends[1], bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

static long do_receive_rights(void)
{
    union {
        char bytes[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr aligned;
    } control;
    char byte;
    struct iovec range = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &range, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control.bytes};
    if (do_send_rights() < 0 || recvmsg(socket_ends[1], &message, MSG_DONTWAIT) < 0)
        return -1;
    int error = errno;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    for (unsigned i = 0; header && i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++)
        close(((int *)CMSG_DATA(header))[i]);
    errno = error;
    return 0;
}

static long do_send(void)
{
    static const char bytes[10000];
    return send(datagram_ends[0], bytes, sizeof bytes, MSG_DONTWAIT);
}

static struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "server"};

static long do_bind(void)
{
    int server = socket(AF_UNIX, SOCK_STREAM, 0), error;
    if (server < 0)
        return -1;
    long result = bind(server, (struct sockaddr *)&address, sizeof address);
    error = errno;
    close(server);
    unlink("server");
    errno = error;
    return result;
}

static long do_connect(void)
{
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0), at = -1, error = ENOMEM;
    if (server >= 0 && client >= 0 && bind(server, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(server, 4) == 0 && connect(client, (struct sockaddr *)&address, sizeof address) == 0)
        at = accept(server, NULL, NULL);
    error = errno;
    close(at);
    close(server);
    close(client);
    unlink("server");
    errno = error;
    return at < 0 ? -1 : 0;
}

static long do_epoll_create(void)
{
    return epoll_create1(0);
}

static long do_epoll_ctl(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_ends[0], &event);
}

static void undo_epoll_ctl(long result)
{
    epoll_ctl(epoll, EPOLL_CTL_DEL, pipe_ends[0], NULL);
}

static long do_epoll_nested(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    int inner = epoll_create1(0);
    if (inner < 0)
        return -1;
    long result = epoll_ctl(inner, EPOLL_CTL_ADD, pipe_ends[0], &event);
    if (result == 0)
        result = epoll_ctl(epoll, EPOLL_CTL_ADD, inner, &event);
    int error = errno;
    close(inner);
    errno = error;
    return result;
}

static long do_poll(void)
{
    struct pollfd fds[100];
    for (unsigned i = 0; i < 100; i++)
        fds[i] = (struct pollfd){.fd = pipe_ends[i % 2 ? 0 : 0], .events = POLLIN};
    return poll(fds, 100, 1);
}

static long do_select(void)
{
    fd_set set;
    struct timeval soon = {.tv_usec = 1000};
    FD_ZERO(&set);
    FD_SET(pipe_ends[0], &set);
    return select(1000, &set, NULL, NULL, &soon);
}

static long do_inotify(void)
{
    return inotify_init1(IN_NONBLOCK);
}

static long do_watch(void)
{
    return inotify_add_watch(notifier, "a-directory", IN_ALL_EVENTS);
}

static void undo_watch(long watch)
{
    char bytes[4096];
    if (watch >= 0)
        inotify_rm_watch(notifier, (int)watch);
    while (read(notifier, bytes, sizeof bytes) > 0)
        ;
}

/* An event that finds no memory is lost, and what causes it does not fail. */
static long do_event(void)
{
    int watch = inotify_add_watch(notifier, "a-directory", IN_ALL_EVENTS);
    if (watch < 0)
        return -1;
    long result = mkdir("a-directory/inside", 0700);
    int error = errno;
    rmdir("a-directory/inside");
    undo_watch(watch);
    errno = error;
    return result;
}

static timer_t timer;

static long do_timer(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    return timer_create(CLOCK_MONOTONIC, &event, &timer);
}

static void undo_timer(long result)
{
    if (result == 0)
        timer_delete(timer);
}

static long do_timerfd(void)
{
    return timerfd_create(CLOCK_MONOTONIC, 0);
}

static long do_eventfd(void)
{
    return eventfd(0, 0);
}

static long do_signalfd(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    return signalfd(-1, &set, 0);
}

static long do_memfd(void)
{
    return (long)syscall(SYS_memfd_create, "name", 0);
}

/* The signal is blocked. It is there even if what is told with it is not. */
static long do_queue(void)
{
    return sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7});
}

static void undo_queue(long result)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    while (sigtimedwait(&set, NULL, &(struct timespec){0}) > 0)
        ;
}

static long do_pty(void)
{
    int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY), slave = -1, off = 0;
    if (master >= 0 && ioctl(master, TIOCSPTLCK, &off) == 0)
        slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    int error = errno;
    close(slave);
    close(master);
    errno = error;
    return slave < 0 ? -1 : 0;
}

static long do_sleep(void)
{
    return nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * All of them
 */

static const struct call calls[] = {
    {"open of what is new", do_open, undo_open, ENOSPC},
    {"open of what is not there", do_open_missing, NULL, 0},
    {"open of a link", do_open_link, undo_fd, 0},
    {"mkdir", do_mkdir, undo_mkdir, ENOSPC},
    {"symlink", do_symlink, undo_new, ENOSPC},
    {"link", do_link, undo_new, ENOSPC},
    {"rename", do_rename, undo_rename, ENOSPC},
    {"write", do_write, undo_write, ENOSPC},
    {"unlink", do_unlink, undo_unlink, 0},
    {"getdents64", do_list, NULL, 0},
    {"getcwd", do_getcwd, NULL, 0},
    {"mount", do_mount, undo_mount, 0},
    {"dup2", do_dup, undo_fd, 0},
    {"a record's lock", do_record_lock, undo_record_lock, ENOLCK},
    {"a lock that is split", do_record_split, undo_record_lock, ENOLCK},
    {"flock", do_flock, undo_flock, ENOLCK},
    {"reading /proc/self/maps", do_proc_maps, NULL, 0},
    {"reading /proc/self/status", do_proc_status, NULL, 0},
    {"reading a link of /proc/self/fd", do_proc_fd, NULL, 0},
    {"pipe", do_pipe, undo_pair, ENFILE},
    {"writing to a pipe", do_pipe_write, undo_pipe_write, 0},
    {"F_SETPIPE_SZ", do_pipe_size, undo_pipe_size, 0},
    {"splice", do_splice, undo_pipe_write, 0},
    {"tee", do_tee, undo_pipe_write, ENFILE},
    {"sendfile", do_sendfile, undo_pipe_write, 0},
    {"socketpair", do_socketpair, undo_pair, ENFILE},
    {"sending descriptors", do_send_rights, undo_send, ENOBUFS},
    {"receiving descriptors", do_receive_rights, undo_send, ENOBUFS},
    {"sending a datagram", do_send, undo_send, ENOBUFS},
    {"bind", do_bind, NULL, ENOBUFS},
    {"connect and accept", do_connect, NULL, ENOBUFS},
    {"epoll_create", do_epoll_create, undo_fd, 0},
    {"epoll_ctl", do_epoll_ctl, undo_epoll_ctl, 0},
    {"epoll_ctl of another", do_epoll_nested, NULL, 0},
    {"poll", do_poll, NULL, 0},
    {"select", do_select, NULL, 0},
    {"inotify_init", do_inotify, undo_fd, EMFILE},
    {"inotify_add_watch", do_watch, undo_watch, ENOSPC},
    {"a change that is watched", do_event, NULL, ENOSPC},
    {"timer_create", do_timer, undo_timer, EAGAIN},
    {"timerfd_create", do_timerfd, undo_fd, 0},
    {"eventfd", do_eventfd, undo_fd, 0},
    {"signalfd", do_signalfd, undo_fd, 0},
    {"memfd_create", do_memfd, undo_fd, 0},
    {"sigqueue", do_queue, undo_queue, EAGAIN},
    {"a terminal", do_pty, NULL, ENOSPC},
    {"nanosleep", do_sleep, NULL, 0},
};

static void every_call(void)
{
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
        shortage_call(&calls[i]);
}

static void prepare(void)
{
    sigset_t set;
    struct stat status;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    sigprocmask(SIG_BLOCK, &set, NULL);
    CHECK(mkdir("a-directory", 0700) == 0 && (directory = open("a-directory", O_RDONLY)) >= 0);
    CHECK((file = open("file", O_RDWR | O_CREAT, 0600)) >= 0 && ftruncate(file, 100) == 0 && fstat(file, &status) == 0);
    if (stat("/dev/pts/ptmx", &status) < 0) {
        (void)mkdir("/dev/pts", 0755);
        (void)!mount("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666");
    }
    CHECK(symlink("a-directory/../file", "link-to-the-file") == 0);
    CHECK(close(open("doomed", O_RDWR | O_CREAT, 0600)) == 0);
    CHECK(pipe2(pipe_ends, O_NONBLOCK) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, socket_ends) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagram_ends) == 0);
    CHECK((epoll = epoll_create1(0)) >= 0 && (notifier = inotify_init1(IN_NONBLOCK)) >= 0);
}

int main(void)
{
    shortage_begin();
    prepare();
    every_call();
    return done();
}
