/*
 * What the fuzzer (fuzz.c) knows of some calls: arguments that get further than chance alone would. Each shape changes
 * arguments that chance has chosen; structures are made in the caller's part of SCRATCH, which others may change at the
 * same time.
 */
#ifndef CORRODE_TESTS_GUEST_FUZZ_SHAPES_H
#define CORRODE_TESTS_GUEST_FUZZ_SHAPES_H

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SCRATCH 0x14000000ul
#define SCRATCH_SIZE 0x10000ul
#define NAMES 0x15000000ul
#define NAME_SIZE 64
#define COMMON 0x16000000ul /* a page of futexes that all processes of a round share */
#define FDS 44

#define FUTEX_OPERATIONS 14
#define FUTEX_PRIVATE 128

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* One thread that makes calls: nothing of it is shared. */
struct caller {
    uint64_t random;
    unsigned index;
};

static inline uint64_t any(struct caller *caller)
{
    caller->random ^= caller->random << 13;
    caller->random ^= caller->random >> 7;
    caller->random ^= caller->random << 17;
    return caller->random;
}

static inline uint64_t below(struct caller *caller, uint64_t limit)
{
    return any(caller) % limit;
}

#define ANY_OF(caller, array) ((array)[below(caller, LENGTH(array))])

/* Room for structures. */
static inline void *place(struct caller *caller)
{
    return (void *)(SCRATCH + (below(caller, SCRATCH_SIZE - 4096) & ~15ul));
}

static inline int some_fd(struct caller *caller)
{
    return (int)below(caller, FDS);
}

static inline uint64_t some_flags(struct caller *caller, const uint64_t *flags, size_t count)
{
    uint64_t sum = 0;
    for (size_t n = below(caller, 4); n > 0; n--)
        sum |= flags[below(caller, count)];
    return sum;
}

#define FLAGS(caller, array) some_flags(caller, array, LENGTH(array))

static inline struct timespec *some_time(struct caller *caller)
{
    struct timespec *time = place(caller);
    *time = (struct timespec){.tv_nsec = (long)below(caller, 3000000)};
    return time;
}

static inline uint64_t or_none(struct caller *caller, const void *pointer)
{
    return below(caller, 3) ? (uint64_t)(uintptr_t)pointer : 0;
}

static inline uint64_t number_of(const void *pointer)
{
    return (uint64_t)(uintptr_t)pointer;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sockets
 */

static inline struct sockaddr_un *some_address(struct caller *caller, uint64_t *length)
{
    struct sockaddr_un *address = place(caller);
    static const char *const names[] = {"socket-0", "socket-1", "file", "\0abstract-0", "\0abstract-1"};
    size_t which = below(caller, LENGTH(names));
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, names[which], which < 3 ? strlen(names[which]) : 11);
    *length = offsetof(struct sockaddr_un, sun_path) + (which < 3 ? strlen(names[which]) + 1 : 11);
    return address;
}

static inline void shape_address(struct caller *caller, uint64_t a[6])
{
    a[1] = number_of(some_address(caller, &a[2]));
}

static inline void shape_sendto(struct caller *caller, uint64_t a[6])
{
    a[2] = below(caller, 5000);
    a[3] = below(caller, 2) ? MSG_DONTWAIT : 0;
    a[4] = below(caller, 2) ? number_of(some_address(caller, &a[5])) : 0;
}

static inline void shape_recvfrom(struct caller *caller, uint64_t a[6])
{
    static const uint64_t flags[] = {MSG_DONTWAIT, MSG_PEEK, MSG_TRUNC, MSG_WAITALL};
    a[2] = below(caller, 5000);
    a[3] = FLAGS(caller, flags);
    a[4] = a[5] = 0;
}

static inline struct msghdr *some_message(struct caller *caller)
{
    struct msghdr *message = place(caller);
    struct iovec *ranges = place(caller);
    struct cmsghdr *control = place(caller);
    size_t fds = below(caller, 5);
    for (unsigned i = 0; i < 2; i++)
        ranges[i] = (struct iovec){place(caller), below(caller, 100)};
    *control =
        (struct cmsghdr){.cmsg_len = CMSG_LEN(fds * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    for (size_t i = 0; i < fds; i++)
        ((int *)CMSG_DATA(control))[i] = some_fd(caller);
    *message = (struct msghdr){.msg_iov = ranges, .msg_iovlen = 2};
    if (below(caller, 4)) {
        message->msg_control = control;
        message->msg_controllen = CMSG_SPACE(fds * sizeof(int));
    }
    return message;
}

static inline void shape_message(struct caller *caller, uint64_t a[6])
{
    static const uint64_t flags[] = {MSG_DONTWAIT, MSG_DONTWAIT, MSG_PEEK, MSG_CMSG_CLOEXEC, MSG_NOSIGNAL};
    a[1] = number_of(some_message(caller));
    a[2] = FLAGS(caller, flags);
}

static inline void shape_socket(struct caller *caller, uint64_t a[6])
{
    static const uint64_t types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    a[0] = AF_UNIX;
    a[1] = ANY_OF(caller, types) | (below(caller, 2) ? SOCK_NONBLOCK : 0);
    a[2] = 0;
    a[3] = number_of(place(caller));
}

static inline void shape_option(struct caller *caller, uint64_t a[6])
{
    a[1] = SOL_SOCKET;
    a[2] = below(caller, 64);
}

static inline void shape_accept(struct caller *caller, uint64_t a[6])
{
    a[1] = a[2] = 0;
    a[3] = below(caller, 2) ? SOCK_NONBLOCK : 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

static inline void shape_epoll_ctl(struct caller *caller, uint64_t a[6])
{
    static const uint64_t events[] = {EPOLLIN, EPOLLOUT, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE, EPOLLRDHUP};
    struct epoll_event *event = place(caller);
    *event = (struct epoll_event){.events = (uint32_t)FLAGS(caller, events)};
    a[1] = 1 + below(caller, 3);
    a[3] = number_of(event);
}

static inline void shape_epoll_wait(struct caller *caller, uint64_t a[6])
{
    a[1] = number_of(place(caller));
    a[2] = 1 + below(caller, 20);
    a[3] = below(caller, 3);
    a[4] = 0;
}

static inline void shape_poll(struct caller *caller, uint64_t a[6])
{
    struct pollfd *fds = place(caller);
    a[0] = number_of(fds);
    a[1] = below(caller, 30);
    for (size_t i = 0; i < a[1]; i++)
        fds[i] = (struct pollfd){.fd = some_fd(caller), .events = (short)below(caller, 0x40)};
    a[2] = below(caller, 3);
}

static inline void shape_ppoll(struct caller *caller, uint64_t a[6])
{
    shape_poll(caller, a);
    a[2] = number_of(some_time(caller));
    a[3] = 0;
}

static inline void shape_select(struct caller *caller, uint64_t a[6])
{
    a[0] = below(caller, FDS);
    for (unsigned i = 1; i < 4; i++)
        a[i] = or_none(caller, place(caller));
    a[4] = number_of(some_time(caller));
    a[5] = 0;
}

static inline void shape_futex(struct caller *caller, uint64_t a[6])
{
    a[0] = COMMON + 4 * below(caller, 8);
    a[1] = below(caller, FUTEX_OPERATIONS) | (below(caller, 2) ? FUTEX_PRIVATE : 0);
    a[2] = below(caller, 3);
    unsigned operation = a[1] % FUTEX_PRIVATE;
    bool counts = operation >= 3 && operation <= 5; /* FUTEX_REQUEUE, FUTEX_CMP_REQUEUE, FUTEX_WAKE_OP */
    a[3] = counts ? below(caller, 4) : number_of(some_time(caller));
    a[4] = COMMON + 4 * below(caller, 8);
    a[5] = below(caller, 2) ? below(caller, 4) : any(caller);
}

static inline void shape_nanosleep(struct caller *caller, uint64_t a[6])
{
    a[0] = number_of(some_time(caller));
}

static inline void shape_clock_nanosleep(struct caller *caller, uint64_t a[6])
{
    a[0] = below(caller, 2);
    a[1] = 0;
    a[2] = number_of(some_time(caller));
}

static inline void shape_settime(struct caller *caller, uint64_t a[6])
{
    struct itimerspec *spec = place(caller);
    spec->it_value = *some_time(caller);
    spec->it_interval = *some_time(caller);
    a[0] = below(caller, 2) ? a[0] : below(caller, 4);
    a[1] = below(caller, 2);
    a[2] = number_of(spec);
    a[3] = or_none(caller, place(caller));
}

static inline void shape_timer_create(struct caller *caller, uint64_t a[6])
{
    struct sigevent *event = place(caller);
    *event = (struct sigevent){.sigev_notify = (int)below(caller, 2), .sigev_signo = SIGALRM};
    a[0] = below(caller, 8);
    a[1] = or_none(caller, event);
    a[2] = number_of(place(caller));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processes and signals
 */

static inline uint64_t some_signal(struct caller *caller)
{
    static const uint64_t signals[] = {
        0, SIGALRM, SIGALRM, SIGURG, SIGCHLD, SIGSTOP, SIGCONT, SIGCONT, SIGWINCH, 34, 40};
    return ANY_OF(caller, signals);
}

/* To processes with low numbers, who are the round's or its children, or to all of one's group. */
static inline void shape_kill(struct caller *caller, uint64_t a[6])
{
    a[0] = below(caller, 4) ? (uint64_t)getpid() + below(caller, 3) : 0;
    a[1] = some_signal(caller);
}

static inline void shape_tgkill(struct caller *caller, uint64_t a[6])
{
    a[0] = (uint64_t)getpid();
    a[1] = a[0] + below(caller, 8);
    a[2] = some_signal(caller);
}

/* Handlers would be addresses by chance. */
static inline void shape_sigaction(struct caller *caller, uint64_t a[6])
{
    uint64_t *action = place(caller);
    action[0] = below(caller, 2);
    a[0] = 1 + below(caller, 64);
    a[1] = a[0] == SIGALRM ? 0 : number_of(action);
    a[2] = or_none(caller, place(caller));
    a[3] = 8;
}

static inline void shape_sigprocmask(struct caller *caller, uint64_t a[6])
{
    a[0] = below(caller, 3);
    a[1] = or_none(caller, place(caller));
    a[3] = 8;
}

static inline void shape_sigtimedwait(struct caller *caller, uint64_t a[6])
{
    a[1] = 0;
    a[2] = number_of(some_time(caller));
    a[3] = 8;
}

static inline void shape_signalfd(struct caller *caller, uint64_t a[6])
{
    a[2] = 8;
    a[3] = below(caller, 2) ? O_NONBLOCK : 0;
}

static inline void shape_wait(struct caller *caller, uint64_t a[6])
{
    a[0] = below(caller, 2) ? (uint64_t)-1 : 0;
    a[2] = WNOHANG | below(caller, 16);
    a[3] = 0;
}

static inline void shape_waitid(struct caller *caller, uint64_t a[6])
{
    a[0] = below(caller, 4);
    a[3] = WNOHANG | WEXITED | (below(caller, 2) ? WSTOPPED : 0) | (below(caller, 2) ? WNOWAIT : 0);
}

static inline void shape_clone(struct caller *caller, uint64_t a[6])
{
    static const uint64_t flags[] = {CLONE_FS, CLONE_FILES, CLONE_PARENT_SETTID, CLONE_CHILD_CLEARTID, CLONE_SYSVSEM,
        CLONE_PARENT, CLONE_CHILD_SETTID, CLONE_IO, CLONE_PTRACE, CLONE_UNTRACED};
    a[0] = FLAGS(caller, flags) | SIGCHLD;
    a[1] = 0;
    a[2] = COMMON;
    a[3] = COMMON + 4;
}

static inline void shape_exec(struct caller *caller, uint64_t a[6])
{
    static const uint64_t programs[] = {8, 18, 24, 0, 3};
    uint64_t *arguments = place(caller);
    arguments[0] = NAMES;
    arguments[1] = 0;
    a[0] = NAMES + ANY_OF(caller, programs) * NAME_SIZE;
    a[1] = a[2] = number_of(arguments);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files and memory
 */

static inline void shape_fcntl(struct caller *caller, uint64_t a[6])
{
    static const uint64_t commands[] = {F_DUPFD, F_SETFD, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_SETSIG,
        F_OFD_SETLK, F_OFD_SETLKW, F_OFD_GETLK, F_DUPFD_CLOEXEC, F_SETPIPE_SZ, F_GETPIPE_SZ, F_ADD_SEALS, F_SETLEASE,
        F_NOTIFY, F_SETOWN_EX};
    a[1] = ANY_OF(caller, commands);
    bool locks = (a[1] >= F_GETLK && a[1] <= F_SETLKW) || (a[1] >= F_OFD_GETLK && a[1] <= F_OFD_SETLKW);
    struct flock *lock = place(caller);
    *lock = (struct flock){
        .l_type = (short)below(caller, 3), .l_start = (long)below(caller, 20), .l_len = (long)below(caller, 9)};
    if (locks || a[1] == F_SETOWN_EX)
        a[2] = number_of(lock);
    else
        a[2] = a[1] == F_SETFL        ? below(caller, 2) * O_NONBLOCK
               : a[1] == F_SETPIPE_SZ ? below(caller, 20) << 12
                                      : below(caller, FDS);
}

static inline void shape_ioctl(struct caller *caller, uint64_t a[6])
{
    a[1] = below(caller, 2)   ? 0x5401 + below(caller, 0x40)
           : below(caller, 2) ? 0x5450 + below(caller, 4)
           : below(caller, 2) ? 0x80045430 + below(caller, 12)
           : below(caller, 2) ? 0x5600 + below(caller, 16)
                              : 0x4b30 + below(caller, 0x40);
    if (below(caller, 3) == 0)
        a[2] = below(caller, 4);
}

static inline void shape_splice(struct caller *caller, uint64_t a[6])
{
    a[1] = below(caller, 4) ? 0 : a[1];
    a[3] = below(caller, 4) ? 0 : a[3];
    a[4] = below(caller, 70000);
    a[5] = below(caller, 8);
}

static inline void shape_tee(struct caller *caller, uint64_t a[6])
{
    a[2] = below(caller, 70000);
    a[3] = below(caller, 4);
}

static inline void shape_sendfile(struct caller *caller, uint64_t a[6])
{
    a[2] = below(caller, 2) ? 0 : a[2];
    a[3] = below(caller, 70000);
}

static inline void shape_copy_range(struct caller *caller, uint64_t a[6])
{
    a[1] = a[3] = a[5] = 0;
    a[4] = below(caller, 70000);
}

static inline void shape_mmap(struct caller *caller, uint64_t a[6])
{
    a[0] = below(caller, 2) ? 0 : SCRATCH + below(caller, 64) * 4096;
    a[1] = (1 + below(caller, 16)) * 4096;
    a[2] = below(caller, 8) ? PROT_READ | PROT_WRITE : below(caller, 8);
    a[3] = (below(caller, 2) ? MAP_PRIVATE : MAP_SHARED) | (below(caller, 2) ? MAP_ANONYMOUS : 0) |
           (below(caller, 4) ? 0 : MAP_FIXED) | (below(caller, 4) ? 0 : MAP_POPULATE);
    a[5] = below(caller, 4) * 4096;
}

static inline void shape_range(struct caller *caller, uint64_t a[6])
{
    a[0] = SCRATCH + below(caller, 64) * 4096;
    a[1] = (1 + below(caller, 4)) * 4096;
    a[2] = below(caller, 8) ? PROT_READ | PROT_WRITE : below(caller, 24);
}

static inline void shape_mremap(struct caller *caller, uint64_t a[6])
{
    shape_range(caller, a);
    a[2] = (1 + below(caller, 8)) * 4096;
    a[3] = below(caller, 8);
    a[4] = SCRATCH + below(caller, 64) * 4096;
}

static inline void shape_vector(struct caller *caller, uint64_t a[6])
{
    struct iovec *ranges = place(caller);
    a[1] = number_of(ranges);
    a[2] = below(caller, 8);
    for (size_t i = 0; i < a[2]; i++)
        ranges[i] = (struct iovec){place(caller), below(caller, 9000)};
}

static inline void shape_mount(struct caller *caller, uint64_t a[6])
{
    static const char *const types[] = {"tmpfs", "proc", "sysfs", "devtmpfs", "devpts"};
    static const uint64_t flags[] = {MS_BIND, MS_MOVE, MS_REMOUNT, MS_RDONLY, MS_REC, MS_PRIVATE, MS_SHARED};
    a[0] = NAMES + (below(caller, 2) ? 1 : 5) * NAME_SIZE;
    a[1] = NAMES + (below(caller, 2) ? 1 : 5) * NAME_SIZE;
    a[2] = number_of(strcpy(place(caller), ANY_OF(caller, types)));
    a[3] = FLAGS(caller, flags);
    a[4] = 0;
}

static inline void shape_watch(struct caller *caller, uint64_t a[6])
{
    a[2] = below(caller, 2) ? IN_ALL_EVENTS : any(caller) & 0xfff;
}

static inline void shape_open(struct caller *caller, uint64_t a[6])
{
    static const uint64_t flags[] = {O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_PATH, O_NONBLOCK, O_RDWR,
        O_WRONLY, O_CLOEXEC, O_NOFOLLOW, O_TMPFILE};
    a[2] = FLAGS(caller, flags);
}

static const struct {
    const char *name;
    void (*shape)(struct caller *caller, uint64_t arguments[6]);
} shapes[] = {
    {"bind", shape_address},
    {"connect", shape_address},
    {"sendto", shape_sendto},
    {"recvfrom", shape_recvfrom},
    {"sendmsg", shape_message},
    {"recvmsg", shape_message},
    {"socket", shape_socket},
    {"socketpair", shape_socket},
    {"setsockopt", shape_option},
    {"getsockopt", shape_option},
    {"accept", shape_accept},
    {"accept4", shape_accept},
    {"epoll_ctl", shape_epoll_ctl},
    {"epoll_wait", shape_epoll_wait},
    {"epoll_pwait", shape_epoll_wait},
    {"poll", shape_poll},
    {"ppoll", shape_ppoll},
    {"select", shape_select},
    {"pselect6", shape_select},
    {"futex", shape_futex},
    {"nanosleep", shape_nanosleep},
    {"clock_nanosleep", shape_clock_nanosleep},
    {"timerfd_settime", shape_settime},
    {"timer_settime", shape_settime},
    {"timer_create", shape_timer_create},
    {"kill", shape_kill},
    {"tgkill", shape_tgkill},
    {"rt_sigaction", shape_sigaction},
    {"rt_sigprocmask", shape_sigprocmask},
    {"rt_sigtimedwait", shape_sigtimedwait},
    {"signalfd4", shape_signalfd},
    {"signalfd", shape_signalfd},
    {"wait4", shape_wait},
    {"waitid", shape_waitid},
    {"clone", shape_clone},
    {"execve", shape_exec},
    {"fcntl", shape_fcntl},
    {"ioctl", shape_ioctl},
    {"splice", shape_splice},
    {"tee", shape_tee},
    {"sendfile", shape_sendfile},
    {"copy_file_range", shape_copy_range},
    {"mmap", shape_mmap},
    {"munmap", shape_range},
    {"mprotect", shape_range},
    {"madvise", shape_range},
    {"mremap", shape_mremap},
    {"readv", shape_vector},
    {"writev", shape_vector},
    {"vmsplice", shape_vector},
    {"mount", shape_mount},
    {"inotify_add_watch", shape_watch},
    {"openat", shape_open},
};

/* Where the shape of a call stands in the table; -1: it has none. */
static inline int shape_of(const char *name)
{
    for (size_t i = 0; i < LENGTH(shapes); i++)
        if (strcmp(shapes[i].name, name) == 0)
            return (int)i;
    return -1;
}

#endif
