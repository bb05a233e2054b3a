/*
 * AF_UNIX sockets: pairs, names in the file system and abstract ones, streams, datagrams and sequenced packets, files
 * and credentials that messages carry, options, and every error that a call can make of them.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static socklen_t make_name(struct sockaddr_un *address, const char *name, size_t length)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, name, length);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static short events_of(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN | POLLOUT | POLLRDHUP};
    return poll(&poll_fd, 1, 0) < 0 ? -1 : poll_fd.revents;
}

static void test_making(void)
{
    int pair[2];
    FAILS(EAFNOSUPPORT, socket(45, SOCK_STREAM, 0));
    FAILS(EAFNOSUPPORT, socket(-1, SOCK_STREAM, 0));
    FAILS(EINVAL, socket(AF_UNIX, 99, 0));
    FAILS(ESOCKTNOSUPPORT, socket(AF_UNIX, SOCK_RDM, 0));
    FAILS(EPROTONOSUPPORT, socket(AF_UNIX, SOCK_STREAM, 17));
    FAILS(EINVAL, socket(AF_UNIX, SOCK_STREAM | 0x100000, 0));
    FAILS(EFAULT, socketpair(AF_UNIX, SOCK_STREAM, 0, (int *)8));
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
    CHECK(fcntl(pair[0], F_GETFD) == FD_CLOEXEC);
    CHECK(fcntl(pair[1], F_GETFL) == (O_RDWR | O_NONBLOCK));
    struct stat stat;
    CHECK(fstat(pair[0], &stat) == 0 && S_ISSOCK(stat.st_mode) && (stat.st_mode & 0777) == 0777);
    FAILS(ESPIPE, lseek(pair[0], 0, SEEK_CUR));
    FAILS(ENOTSOCK, listen(0, 1));
    FAILS(EBADF, listen(99, 1));
    FAILS(EAGAIN, recv(pair[0], &stat, 1, 0));
    close(pair[0]);
    close(pair[1]);
}

static void test_stream(void)
{
    int pair[2], bytes;
    char buffer[64] = "";
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(events_of(pair[0]) == POLLOUT);
    CHECK(write(pair[0], "abc", 3) == 3 && send(pair[0], "defgh", 5, 0) == 5);
    CHECK(ioctl(pair[1], FIONREAD, &bytes) == 0 && bytes == 8);
    CHECK(events_of(pair[1]) == (POLLIN | POLLOUT));
    CHECK(recv(pair[1], buffer, 4, MSG_PEEK) == 4 && memcmp(buffer, "abcd", 4) == 0);
    CHECK(read(pair[1], buffer, sizeof buffer) == 8 && memcmp(buffer, "abcdefgh", 8) == 0);
    FAILS(EAGAIN, recv(pair[1], buffer, 1, MSG_DONTWAIT));
    FAILS(EISCONN, sendto(pair[0], "x", 1, 0, (struct sockaddr *)buffer, 2));
    CHECK(shutdown(pair[0], SHUT_WR) == 0);
    CHECK(events_of(pair[1]) == (POLLIN | POLLOUT | POLLRDHUP));
    CHECK(read(pair[1], buffer, 1) == 0);
    signal(SIGPIPE, SIG_IGN);
    FAILS(EPIPE, write(pair[0], "x", 1));
    CHECK(write(pair[1], "yz", 2) == 2);
    CHECK(read(pair[0], buffer, 2) == 2 && memcmp(buffer, "yz", 2) == 0);
    FAILS(EINVAL, shutdown(pair[0], 3));
    close(pair[0]);
    CHECK((events_of(pair[1]) & POLLHUP) != 0);
    FAILS(EPIPE, send(pair[1], "x", 1, MSG_NOSIGNAL));
    close(pair[1]);
}

static void test_broken(void)
{
    int pair[2];
    char byte;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    CHECK(write(pair[0], "unread", 6) == 6);
    close(pair[1]);
    FAILS(ECONNRESET, read(pair[0], &byte, 1));
    CHECK(read(pair[0], &byte, 1) == 0);
    close(pair[0]);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        close(pair[1]);
        _exit(write(pair[0], "x", 1) != 1);
    }
    close(pair[1]);
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    close(pair[0]);
}

static void test_flow(void)
{
    enum { SIZE = 1000000 };
    int pair[2], status;
    long total = 0, sum = 0;
    char buffer[4096];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    pid_t child = fork();
    if (child == 0) {
        char *block = malloc(SIZE);
        for (int i = 0; i < SIZE; i++)
            block[i] = (char)(i % 101);
        _exit(write(pair[1], block, SIZE) != SIZE);
    }
    close(pair[1]);
    for (ssize_t got; (got = read(pair[0], buffer, sizeof buffer)) > 0; total += got)
        for (ssize_t i = 0; i < got; i++)
            sum += buffer[i] == (total + i) % 101;
    CHECK(total == SIZE && sum == SIZE);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(pair[0]);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
    long filled = 0;
    for (ssize_t put; (put = write(pair[0], buffer, sizeof buffer)) > 0;)
        filled += put;
    CHECK(errno == EAGAIN && filled >= 65536);
    CHECK((events_of(pair[0]) & POLLOUT) == 0);
    while (read(pair[1], buffer, sizeof buffer) > 0)
        ;
    CHECK((events_of(pair[0]) & POLLOUT) != 0);
    close(pair[0]);
    close(pair[1]);
}

static void test_names(void)
{
    struct sockaddr_un name, other;
    socklen_t length = make_name(&name, "server", 7), size = sizeof other;
    struct stat stat;
    char buffer[8];
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    FAILS(ENOENT, connect(client, (struct sockaddr *)&name, length));
    FAILS(EINVAL, listen(server, 1));
    umask(027);
    CHECK(bind(server, (struct sockaddr *)&name, length) == 0);
    umask(022);
    CHECK(lstat("server", &stat) == 0 && stat.st_mode == (S_IFSOCK | 0750));
    FAILS(ENXIO, open("server", O_RDWR));
    FAILS(ECONNREFUSED, connect(client, (struct sockaddr *)&name, length));
    socklen_t other_length = make_name(&other, "another", 8);
    FAILS(EINVAL, bind(server, (struct sockaddr *)&other, other_length));
    (void)unlink("another");
    int twice = socket(AF_UNIX, SOCK_STREAM, 0);
    FAILS(EADDRINUSE, bind(twice, (struct sockaddr *)&name, length));
    CHECK(close(twice) == 0);
    FAILS(EINVAL, accept(server, NULL, NULL));
    CHECK(listen(server, 5) == 0);
    CHECK(events_of(server) == 0);
    CHECK(getsockname(server, (struct sockaddr *)&other, &size) == 0 && size == length);
    CHECK(strcmp(other.sun_path, "server") == 0);
    FAILS(ENOTCONN, getpeername(client, (struct sockaddr *)&other, &size));
    FAILS(EINVAL, read(client, buffer, 1));
    CHECK(connect(client, (struct sockaddr *)&name, length) == 0);
    FAILS(EISCONN, connect(client, (struct sockaddr *)&name, length));
    CHECK(events_of(server) == POLLIN);
    CHECK(write(client, "early", 5) == 5);
    size = sizeof other;
    int one = accept4(server, (struct sockaddr *)&other, &size, SOCK_CLOEXEC);
    CHECK(one >= 0 && size == 2 && fcntl(one, F_GETFD) == FD_CLOEXEC);
    CHECK(read(one, buffer, 8) == 5 && memcmp(buffer, "early", 5) == 0);
    size = sizeof other;
    CHECK(getpeername(client, (struct sockaddr *)&other, &size) == 0 && strcmp(other.sun_path, "server") == 0);
    CHECK(unlink("server") == 0);
    close(server);
    CHECK(write(one, "still", 5) == 5 && read(client, buffer, 8) == 5);
    close(one);
    CHECK(read(client, buffer, 8) == 0);
    close(client);
    length = make_name(&name, "nothing", 8);
    int file = open("nothing", O_CREAT | O_RDWR, 0644);
    client = socket(AF_UNIX, SOCK_STREAM, 0);
    FAILS(ECONNREFUSED, connect(client, (struct sockaddr *)&name, length));
    FAILS(EINVAL, connect(client, (struct sockaddr *)&name, 1));
    name.sun_family = AF_INET;
    FAILS(EINVAL, bind(client, (struct sockaddr *)&name, length));
    close(file);
    close(client);
    unlink("nothing");
}

static void test_abstract(void)
{
    struct sockaddr_un name, other;
    socklen_t length = make_name(&name, "\0name\0with NUL", 14), size = sizeof other;
    int server = socket(AF_UNIX, SOCK_SEQPACKET, 0), wrong = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(bind(server, (struct sockaddr *)&name, length) == 0 && listen(server, 0) == 0);
    FAILS(ECONNREFUSED, connect(wrong, (struct sockaddr *)&name, length));
    CHECK(bind(wrong, (struct sockaddr *)&name, length) == 0);
    FAILS(ECONNREFUSED, connect(wrong, (struct sockaddr *)&name, length - 1));
    int client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
    CHECK(connect(client, (struct sockaddr *)&name, length) == 0);
    int late = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
    FAILS(EAGAIN, connect(late, (struct sockaddr *)&name, length));
    int one = accept(server, NULL, NULL);
    CHECK(one >= 0 && connect(late, (struct sockaddr *)&name, length) == 0);
    CHECK(getsockname(one, (struct sockaddr *)&other, &size) == 0 && size == length);
    CHECK(memcmp(&other, &name, length) == 0);
    char buffer[16];
    CHECK(send(client, "first", 5, 0) == 5 && send(client, "second", 6, 0) == 6 && send(client, "", 0, 0) == 0);
    struct iovec range = {buffer, 3};
    struct msghdr message = {.msg_iov = &range, .msg_iovlen = 1};
    CHECK(recvmsg(one, &message, 0) == 3 && message.msg_flags == MSG_TRUNC);
    CHECK(recv(one, buffer, 3, MSG_TRUNC) == 6 && memcmp(buffer, "sec", 3) == 0);
    CHECK(recv(one, buffer, 3, 0) == 0);
    close(server);
    close(client);
    close(one);
    close(wrong);
    FAILS(ECONNRESET, recv(late, buffer, 1, 0));
    close(late);
    int any = socket(AF_UNIX, SOCK_DGRAM, 0);
    size = sizeof other;
    CHECK(bind(any, (struct sockaddr *)&name, sizeof(sa_family_t)) == 0);
    CHECK(getsockname(any, (struct sockaddr *)&other, &size) == 0 && size == 8 && other.sun_path[0] == '\0');
    close(any);
}

static void test_datagrams(void)
{
    struct sockaddr_un name, mine, from;
    socklen_t length = make_name(&name, "\0log", 4), my_length = make_name(&mine, "\0me", 3), size = sizeof from;
    int log = socket(AF_UNIX, SOCK_DGRAM, 0), me = socket(AF_UNIX, SOCK_DGRAM, 0), count = 0;
    char buffer[16];
    CHECK(bind(log, (struct sockaddr *)&name, length) == 0);
    FAILS(EOPNOTSUPP, listen(log, 1));
    FAILS(ENOTCONN, send(me, "x", 1, 0));
    CHECK(sendto(me, "anonymous", 9, 0, (struct sockaddr *)&name, length) == 9);
    CHECK(recvfrom(log, buffer, 16, 0, (struct sockaddr *)&from, &size) == 9 && size == 0);
    CHECK(bind(me, (struct sockaddr *)&mine, my_length) == 0);
    CHECK(connect(me, (struct sockaddr *)&name, length) == 0 && send(me, "named", 5, 0) == 5);
    size = sizeof from;
    CHECK(recvfrom(log, buffer, 16, 0, (struct sockaddr *)&from, &size) == 5 && size == my_length);
    CHECK(memcmp(&from, &mine, my_length) == 0);
    CHECK(sendto(log, "reply", 5, 0, (struct sockaddr *)&from, size) == 5 && recv(me, buffer, 16, 0) == 5);
    while (count < 1000 && send(me, "fill", 4, MSG_DONTWAIT) == 4)
        count++;
    CHECK(errno == EAGAIN && count >= 10 && count < 1000);
    FAILS(EMSGSIZE, send(me, calloc(1, 1 << 20), 1 << 20, 0));
    close(log);
    FAILS(ECONNREFUSED, send(me, "x", 1, 0));
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    CHECK(connect(me, &nobody, sizeof nobody) == 0);
    FAILS(ENOTCONN, send(me, "x", 1, 0));
    close(me);
}

/* One byte with a file. */
static ssize_t send_file(int to, int file)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec range = {"f", 1};
    struct msghdr message = {
        .msg_iov = &range, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    memcpy(CMSG_DATA(&control.header), &file, sizeof file);
    return sendmsg(to, &message, 0);
}

static int receive_file(int from, int flags, int *message_flags, size_t room)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control;
    char byte;
    struct iovec range = {&byte, 1};
    struct msghdr message = {.msg_iov = &range, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = room};
    int file = -1;
    if (recvmsg(from, &message, flags) != 1)
        return -2;
    *message_flags = message.msg_flags;
    if (message.msg_controllen >= CMSG_LEN(sizeof file) && control.header.cmsg_type == SCM_RIGHTS)
        memcpy(&file, CMSG_DATA(&control.header), sizeof file);
    return file;
}

static void test_files(void)
{
    int pair[2], pipe_fds[2], flags;
    char buffer[8];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pipe(pipe_fds) == 0);
    FAILS(EBADF, send_file(pair[0], 99));
    CHECK(send_file(pair[0], pipe_fds[1]) == 1);
    close(pipe_fds[1]);
    int got = receive_file(pair[1], MSG_CMSG_CLOEXEC, &flags, 24);
    CHECK(got >= 0 && fcntl(got, F_GETFD) == FD_CLOEXEC && flags == MSG_CMSG_CLOEXEC);
    CHECK(write(got, "through", 7) == 7 && read(pipe_fds[0], buffer, 8) == 7);
    CHECK(send_file(pair[0], got) == 1 && close(got) == 0);
    CHECK(receive_file(pair[1], 0, &flags, 0) == -1 && flags == MSG_CTRUNC);
    CHECK(read(pipe_fds[0], buffer, 8) == 0);
    CHECK(write(pair[0], "ab", 2) == 2 && send_file(pair[0], pipe_fds[0]) == 1 && write(pair[0], "cd", 2) == 2);
    CHECK(read(pair[1], buffer, 8) == 3 && read(pair[1], buffer, 8) == 2);
    /* A message that only it can reach. */
    CHECK(send_file(pair[0], pair[1]) == 1 && send_file(pair[1], pair[0]) == 1);
    close(pair[0]);
    close(pair[1]);
    close(pipe_fds[0]);
}

/* Sockets in sockets in sockets. */
static void test_nesting(void)
{
    int outer[2], inner[2];
    bool all = socketpair(AF_UNIX, SOCK_STREAM, 0, inner) == 0;
    for (int i = 0; i < 2000 && all; i++) {
        all = socketpair(AF_UNIX, SOCK_STREAM, 0, outer) == 0 && send_file(outer[0], inner[1]) == 1;
        close(inner[0]);
        close(inner[1]);
        inner[0] = outer[0];
        inner[1] = outer[1];
    }
    CHECK(all);
    close(inner[0]);
    CHECK(close(inner[1]) == 0);
}

/* What waits at a connection that nobody will accept, since the listener itself waits there. */
static void test_unaccepted(void)
{
    int watched[2], others[2];
    struct sockaddr_un address;
    struct pollfd end = {.events = POLLIN};
    socklen_t length = make_name(&address, "listener", 8);
    int listener = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(pipe(watched) == 0 && bind(listener, (struct sockaddr *)&address, length) == 0 && listen(listener, 1) == 0);
    CHECK(connect(client, (struct sockaddr *)&address, length) == 0);
    CHECK(send_file(client, listener) == 1 && send_file(client, watched[1]) == 1);
    close(watched[1]);
    close(listener);
    close(client);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, others) == 0 && close(others[0]) == 0 && close(others[1]) == 0);
    end.fd = watched[0];
    CHECK(poll(&end, 1, 5000) == 1 && end.revents == POLLHUP);
    close(watched[0]);
    unlink("listener");
}

/* A receiver of datagrams that is connected to nobody tells those who wait for room. */
static void test_room(void)
{
    struct sockaddr_un address;
    struct epoll_event event = {.events = EPOLLOUT};
    char byte = 1;
    socklen_t length = make_name(&address, "receiver", 8);
    int receiver = socket(AF_UNIX, SOCK_DGRAM, 0), sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    int set = epoll_create1(0);
    CHECK(bind(receiver, (struct sockaddr *)&address, length) == 0);
    CHECK(connect(sender, (struct sockaddr *)&address, length) == 0);
    while (send(sender, &byte, 1, 0) == 1)
        ;
    CHECK(errno == EAGAIN);
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, sender, &event) == 0 && epoll_wait(set, &event, 1, 0) == 0);
    pid_t reader = fork();
    if (reader == 0) {
        usleep(50000);
        _exit(recv(receiver, &byte, 1, 0) != 1);
    }
    CHECK(epoll_wait(set, &event, 1, 5000) == 1 && event.events == EPOLLOUT);
    CHECK(send(sender, &byte, 1, 0) == 1 && send(sender, &byte, 1, 0) == -1 && epoll_wait(set, &event, 1, 0) == 0);
    CHECK(waitpid(reader, NULL, 0) == reader);
    close(receiver);
    CHECK(epoll_wait(set, &event, 1, 5000) == 1 && event.events & EPOLLOUT);
    FAILS(ECONNREFUSED, send(sender, &byte, 1, 0));
    close(sender);
    close(set);
    unlink("receiver");
}

static void test_credentials(void)
{
    int pair[2], on = 1, value;
    struct ucred user = {0};
    socklen_t size = sizeof user;
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    CHECK(setsockopt(pair[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0);
    CHECK(send(pair[0], "x", 1, 0) == 1);
    union {
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr header;
    } control;
    char byte;
    struct iovec range = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &range, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    CHECK(recvmsg(pair[1], &message, 0) == 1 && control.header.cmsg_type == SCM_CREDENTIALS);
    memcpy(&user, CMSG_DATA(&control.header), sizeof user);
    CHECK(user.pid == getpid() && user.uid == getuid() && user.gid == getgid());
    close(pair[0]);
    close(pair[1]);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    memset(&user, 0, sizeof user);
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_PEERCRED, &user, &size) == 0 && user.pid == getpid());
    size = sizeof value;
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_TYPE, &value, &size) == 0 && value == SOCK_STREAM && size == 4);
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_DOMAIN, &value, &size) == 0 && value == AF_UNIX);
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_ERROR, &value, &size) == 0 && value == 0);
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &value, &size) == 0 && value == 212992);
    CHECK(getsockopt(pair[0], SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 0);
    FAILS(ENOPROTOOPT, getsockopt(pair[0], SOL_SOCKET, 9999, &value, &size));
    FAILS(EOPNOTSUPP, getsockopt(pair[0], 6, 1, &value, &size));
    FAILS(EOPNOTSUPP, setsockopt(pair[0], 6, 1, &value, size));
    FAILS(EINVAL, setsockopt(pair[0], SOL_SOCKET, SO_REUSEADDR, &value, 1));
    struct timeval time = {.tv_usec = 20000};
    CHECK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0);
    FAILS(EAGAIN, recv(pair[0], &byte, 1, 0));
    close(pair[0]);
    close(pair[1]);
}

int main(void)
{
    char directory[] = "/tmp/unix.XXXXXX";
    (void)mkdir("/tmp", 01777);
    CHECK(mkdtemp(directory) != NULL && chdir(directory) == 0);
    umask(022);
    signal(SIGPIPE, SIG_IGN);
    test_making();
    test_stream();
    test_broken();
    test_flow();
    test_names();
    test_abstract();
    test_datagrams();
    test_files();
    test_nesting();
    test_unaccepted();
    test_room();
    test_credentials();
    (void)rmdir(directory);
    return done();
}
