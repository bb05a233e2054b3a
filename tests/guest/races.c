/*
 * Races: processes and threads that do to the same few things, all at once, what may go wrong when others do it too:
 * names, mounts, pipes, sockets on their way through sockets, maps, sets of epoll, terminals, locks, programs that are
 * replaced while their threads end. Each scenario goes on for a while; what counts is that it comes to its end, and
 * that the kernel, which counts and checks what it can, finds nothing wrong.
 *
 *     races [MILLISECONDS [SCENARIO]]     for each of them (200); one alone
 *
 * guest: root seconds=120
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES 3
#define THREADS 3

static const char *self;
static uint64_t end_ns;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A thread's own luck. */
struct luck {
    uint64_t state;
};

static unsigned below(struct luck *luck, unsigned limit)
{
    luck->state = luck->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(luck->state >> 33) % limit;
}

static void name(char *to, struct luck *luck)
{
    static const char *const places[] = {"", "d0/", "d1/", "d0/d1/", "d1/d0/", "d0/../d1/"};
    sprintf(to, "%s%s%u", places[below(luck, 6)], below(luck, 3) ? "f" : "d", below(luck, 3));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Names and mounts
 */

static void do_names(struct luck *luck)
{
    char one[32], other[32], buffer[2048];
    struct stat status;
    name(one, luck);
    name(other, luck);
    int fd;
    switch (below(luck, 14)) {
    case 0:
    case 1: (void)!rename(one, other); break;
    case 2: (void)!syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, below(luck, 3)); break;
    case 3: mkdir(one, 0755); break;
    case 4: rmdir(one); break;
    case 5: (void)!link(one, other); break;
    case 6: unlink(one); break;
    case 7: (void)!symlink(other, one); break;
    case 8: (void)stat(one, &status); break;
    case 9: close(open(one, O_RDWR | O_CREAT | (below(luck, 2) ? O_TRUNC : O_EXCL), 0644)); break;
    case 10:
        fd = open(one, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
            break;
        while (syscall(SYS_getdents64, fd, buffer, sizeof buffer) > 0)
            ;
        close(fd);
        break;
    case 11: (void)!readlink(one, buffer, sizeof buffer); break;
    case 12: (void)!truncate(one, below(luck, 9000)); break;
    default: (void)!syscall(SYS_getcwd, buffer, sizeof buffer);
    }
}

static void do_mounts(struct luck *luck)
{
    char one[32], other[32];
    struct stat status;
    name(one, luck);
    name(other, luck);
    switch (below(luck, 10)) {
    case 0: mount("none", one, "tmpfs", 0, "size=1m"); break;
    case 1: mount(one, other, NULL, MS_BIND | (below(luck, 2) ? MS_REC : 0), NULL); break;
    case 2: mount(one, other, NULL, MS_MOVE, NULL); break;
    case 3: umount2(one, MNT_DETACH); break;
    case 4: umount(one); break;
    case 5: close(open("/proc/self/mountinfo", O_RDONLY)); break;
    case 6: mkdir(one, 0755); break;
    case 7: mount("none", one, "proc", 0, NULL); break;
    case 8: (void)stat(one, &status); break;
    default: do_names(luck);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Descriptors that come and go: from 10 on
 */

#define FD_FIRST 40
#define FDS 16

static int some_fd(struct luck *luck)
{
    return FD_FIRST + (int)below(luck, FDS);
}

static void put(struct luck *luck, int fd)
{
    if (fd < 0)
        return;
    dup2(fd, some_fd(luck));
    close(fd);
}

static void do_pipes(struct luck *luck)
{
    static char bytes[20000];
    char mine[5000];
    int ends[2];
    struct pollfd fds[2] = {{some_fd(luck), POLLIN, 0}, {some_fd(luck), POLLOUT, 0}};
    switch (below(luck, 12)) {
    case 0:
        if (pipe2(ends, O_NONBLOCK) == 0) {
            put(luck, ends[0]);
            put(luck, ends[1]);
        }
        break;
    case 1:
    case 2: (void)!write(some_fd(luck), bytes, below(luck, sizeof bytes)); break;
    case 3:
    case 4: (void)!read(some_fd(luck), mine, below(luck, sizeof mine)); break;
    case 5: fcntl(some_fd(luck), F_SETPIPE_SZ, 4096 << below(luck, 8)); break;
    case 6: (void)!syscall(SYS_splice, some_fd(luck), NULL, some_fd(luck), NULL, below(luck, 20000), 2); break;
    case 7: (void)!syscall(SYS_tee, some_fd(luck), some_fd(luck), below(luck, 20000), 2); break;
    case 8: poll(fds, 2, 0); break;
    case 9:
        mkfifo("fifo", 0644);
        put(luck, open("fifo", below(luck, 2) ? O_RDWR | O_NONBLOCK : O_RDONLY | O_NONBLOCK));
        break;
    case 10: put(luck, open("data", O_RDWR | O_CREAT, 0644)); break;
    default: close(some_fd(luck));
    }
}

static void send_fd(struct luck *luck, int to, int count)
{
    union {
        char bytes[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr header;
    } control = {.header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec range = {"x", 1};
    struct msghdr message = {.msg_iov = &range, .msg_iovlen = 1, .msg_control = &control};
    control.header.cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
    for (int i = 0; i < count; i++)
        ((int *)CMSG_DATA(&control.header))[i] = some_fd(luck);
    sendmsg(to, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void receive_fd(struct luck *luck, int from)
{
    union {
        char bytes[CMSG_SPACE(4 * sizeof(int))];
        struct cmsghdr header;
    } control;
    char byte;
    struct iovec range = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &range, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    if (recvmsg(from, &message, MSG_DONTWAIT | (below(luck, 3) ? 0 : MSG_PEEK)) < 0 ||
        message.msg_controllen < CMSG_LEN(sizeof(int)))
        return;
    for (size_t i = 0; i < (control.header.cmsg_len - CMSG_LEN(0)) / sizeof(int); i++)
        put(luck, ((int *)CMSG_DATA(&control.header))[i]);
}

static void do_sockets(struct luck *luck)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int ends[2], type = types[below(luck, 3)] | SOCK_NONBLOCK;
    sprintf(address.sun_path + 1, "race%u", below(luck, 3));
    socklen_t length = sizeof(sa_family_t) + 6;
    struct pollfd fds[2] = {{some_fd(luck), POLLIN | POLLOUT, 0}, {some_fd(luck), POLLIN, 0}};
    switch (below(luck, 14)) {
    case 0:
        if (socketpair(AF_UNIX, type, 0, ends) == 0) {
            put(luck, ends[0]);
            put(luck, ends[1]);
        }
        break;
    case 1: put(luck, socket(AF_UNIX, type, 0)); break;
    case 2: (void)!bind(some_fd(luck), (struct sockaddr *)&address, length); break;
    case 3: listen(some_fd(luck), (int)below(luck, 3)); break;
    case 4: (void)!connect(some_fd(luck), (struct sockaddr *)&address, length); break;
    case 5: put(luck, accept4(some_fd(luck), NULL, NULL, SOCK_NONBLOCK)); break;
    case 6:
    case 7:
    case 8: send_fd(luck, some_fd(luck), 1 + (int)below(luck, 4)); break;
    case 9:
    case 10: receive_fd(luck, some_fd(luck)); break;
    case 11: shutdown(some_fd(luck), (int)below(luck, 3)); break;
    case 12: poll(fds, 2, 0); break;
    default: close(some_fd(luck));
    }
}

static void do_sets(struct luck *luck)
{
    struct epoll_event event = {.events = (below(luck, 2) ? EPOLLIN : EPOLLOUT) | (below(luck, 2) ? EPOLLET : 0)};
    struct epoll_event events[4];
    struct itimerspec soon = {.it_value = {.tv_nsec = 1 + below(luck, 100000)}, .it_interval = {.tv_nsec = 50000}};
    sigset_t set;
    uint64_t number = 1;
    int ends[2];
    sigfillset(&set);
    switch (below(luck, 14)) {
    case 0: put(luck, epoll_create1(0)); break;
    case 1: put(luck, eventfd(below(luck, 2), EFD_NONBLOCK)); break;
    case 2: put(luck, timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK)); break;
    case 3: timerfd_settime(some_fd(luck), 0, &soon, NULL); break;
    case 4: put(luck, signalfd(-1, &set, SFD_NONBLOCK)); break;
    case 5:
    case 6:
    case 7: epoll_ctl(some_fd(luck), 1 + (int)below(luck, 3), some_fd(luck), &event); break;
    case 8: epoll_wait(some_fd(luck), events, 4, 0); break;
    case 9: (void)!write(some_fd(luck), &number, sizeof number); break;
    case 10: (void)!read(some_fd(luck), &number, sizeof number); break;
    case 11: put(luck, inotify_init1(IN_NONBLOCK)); break;
    case 12:
        if (pipe2(ends, O_NONBLOCK) == 0) {
            put(luck, ends[0]);
            put(luck, ends[1]);
        }
        break;
    default: close(some_fd(luck));
    }
}

static void do_watches(struct luck *luck)
{
    static int instance = -1; /* shared by all threads of a process */
    char one[32], bytes[4096];
    name(one, luck);
    switch (below(luck, 8)) {
    case 0: close(__atomic_exchange_n(&instance, inotify_init1(IN_NONBLOCK), __ATOMIC_SEQ_CST)); break;
    case 1:
    case 2: inotify_add_watch(instance, one, IN_ALL_EVENTS | (below(luck, 2) ? IN_ONESHOT : 0)); break;
    case 3: inotify_rm_watch(instance, 1 + (int)below(luck, 8)); break;
    case 4: (void)!read(instance, bytes, sizeof bytes); break;
    default: do_names(luck);
    }
}

static void do_terminals(struct luck *luck)
{
    int off = 0, number = (int)below(luck, 20), packets = (int)below(luck, 2);
    char bytes[200] = "some\ntext\003\x1a\n";
    switch (below(luck, 14)) {
    case 0:
    case 1: put(luck, open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK)); break;
    case 2: ioctl(some_fd(luck), TIOCSPTLCK, &off); break;
    case 3:
    case 4: put(luck, ioctl(some_fd(luck), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_NONBLOCK)); break;
    case 5: ioctl(some_fd(luck), TIOCSCTTY, 0); break;
    case 6: (void)!write(some_fd(luck), bytes, below(luck, 20)); break;
    case 7: (void)!read(some_fd(luck), bytes, sizeof bytes); break;
    case 8: ioctl(some_fd(luck), TIOCPKT, &packets); break;
    case 9: ioctl(some_fd(luck), TCFLSH, below(luck, 3)); break;
    case 10: ioctl(some_fd(luck), TIOCSPGRP, &number); break;
    case 11: ioctl(some_fd(luck), below(luck, 8) ? TIOCNOTTY : TIOCVHANGUP); break;
    case 12: put(luck, open("/dev/tty", O_RDWR | O_NONBLOCK)); break;
    default: close(some_fd(luck));
    }
}

static void do_locks(struct luck *luck)
{
    char bytes[4096];
    struct flock lock = {.l_type = (short)below(luck, 3), .l_start = below(luck, 10), .l_len = below(luck, 5)};
    switch (below(luck, 8)) {
    case 0: put(luck, open(below(luck, 2) ? "data" : "other", O_RDWR | O_CREAT, 0644)); break;
    case 1:
    case 2: fcntl(some_fd(luck), F_SETLK, &lock); break;
    case 3: fcntl(some_fd(luck), F_OFD_SETLK, &lock); break;
    case 4: flock(some_fd(luck), (int)(1 + below(luck, 2)) | LOCK_NB); break;
    case 5: unlink("other"); break;
    case 6: {
        int fd = open("/proc/locks", O_RDONLY);
        (void)!read(fd, bytes, sizeof bytes);
        close(fd);
        break;
    }
    default: close(some_fd(luck));
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Memory
 */

#define AREA ((char *)0x200000000ul)
#define PAGES 32

static void do_maps(struct luck *luck)
{
    static int data = -1;
    size_t page = below(luck, PAGES), count = 1 + below(luck, 4);
    char *at = AREA + page * 4096, *to = AREA + below(luck, PAGES) * 4096;
    char byte = 1;
    if (data < 0)
        data = open("data", O_RDWR | O_CREAT, 0644);
    switch (below(luck, 12)) {
    case 0:
    case 1: mmap(at, count * 4096, 3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); break;
    case 2: mmap(at, count * 4096, 3, MAP_SHARED | MAP_FIXED, data, (off_t)(below(luck, 4) * 4096)); break;
    case 3: mmap(at, count * 4096, 3, MAP_PRIVATE | MAP_FIXED, data, (off_t)(below(luck, 4) * 4096)); break;
    case 4: munmap(at, count * 4096); break;
    case 5: mprotect(at, count * 4096, (int)below(luck, 4)); break;
    case 6: mremap(at, count * 4096, (1 + below(luck, 4)) * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, to); break;
    case 7: madvise(at, count * 4096, MADV_DONTNEED); break;
    case 8: (void)!ftruncate(data, below(luck, 5) * 4096); break;
    case 9: (void)!pwrite(data, at, 4096, (off_t)below(luck, 4) * 4096); break;
    case 10: (void)!pread(data, at, 4096, 0); break;
    default: /* a write and a read by way of the kernel: no signal if there is nothing */
        (void)!syscall(SYS_getrandom, at + below(luck, 4096), 1, 0);
        (void)!syscall(SYS_write, -1, at, 1);
        (void)byte;
    }
    if (below(luck, 200) == 0) {
        pid_t child = fork();
        if (child == 0) {
            (void)!syscall(SYS_getrandom, AREA, PAGES * 4096, 0);
            _exit(0);
        }
        waitpid(child, NULL, 0);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processes
 */

/* Without the C library's threads, which do not expect that. */
static int idle(void *argument)
{
    struct luck luck = {(uintptr_t)argument * 977};
    for (unsigned i = below(&luck, 200); i > 0; i--)
        syscall(SYS_sched_yield);
    if (below(&luck, 8) == 0)
        syscall(SYS_execve, self, (char *[]){(char *)self, (char *)"end", NULL}, NULL);
    syscall(below(&luck, 8) ? SYS_exit : SYS_exit_group, 0);
    return 0;
}

static void make_idlers(struct luck *luck)
{
    static char stacks[THREADS][8192] __attribute__((aligned(16)));
    for (unsigned i = 0; i < THREADS; i++)
        clone(idle, stacks[i] + sizeof stacks[i],
            CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
            (void *)(uintptr_t)below(luck, 1 << 20));
}

/* A process whose threads end, while one of them or its parent ends all, or executes a program. */
static void do_processes(struct luck *luck)
{
    char path[64], bytes[512];
    pid_t child = fork();
    if (child == 0) {
        make_idlers(luck);
        unsigned what = below(luck, 4);
        for (unsigned i = below(luck, 100); i > 0; i--)
            sched_yield();
        if (what == 0)
            syscall(SYS_execve, self, (char *[]){(char *)self, (char *)"end", NULL}, NULL);
        if (what == 1)
            syscall(SYS_exit, 0);
        if (what == 2)
            raise(SIGSTOP);
        _exit(0);
    }
    static const char *const files[] = {"status", "stat", "maps", "cmdline", "task", "fd", "environ"};
    sprintf(path, "/proc/%d/%s", child, files[below(luck, 7)]);
    int fd = open(path, O_RDONLY);
    (void)!(below(luck, 2) ? read(fd, bytes, sizeof bytes) : syscall(SYS_getdents64, fd, bytes, sizeof bytes));
    close(fd);
    unsigned what = below(luck, 4);
    if (what == 0)
        kill(child, SIGKILL);
    int status;
    while (waitpid(child, &status, WUNTRACED | WCONTINUED) == child && !WIFEXITED(status) && !WIFSIGNALED(status))
        kill(child, WIFSTOPPED(status) && what > 1 ? SIGCONT : SIGKILL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * All of them
 */

static const struct scenario {
    const char *name;
    void (*act)(struct luck *luck);
    unsigned threads;
} scenarios[] = {
    {"names", do_names, 1},
    {"watched names", do_watches, THREADS},
    {"mounts", do_mounts, 1},
    {"pipes", do_pipes, THREADS},
    {"sockets in sockets", do_sockets, THREADS},
    {"sets", do_sets, THREADS},
    {"terminals", do_terminals, THREADS},
    {"locks", do_locks, THREADS},
    {"maps", do_maps, THREADS},
    {"processes", do_processes, 1},
};

struct thread {
    const struct scenario *scenario;
    struct luck luck;
};

static void *run_thread(void *argument)
{
    struct thread *thread = argument;
    while (now_ns() < end_ns)
        for (unsigned i = 0; i < 20; i++)
            thread->scenario->act(&thread->luck);
    return NULL;
}

static void run_process(const struct scenario *scenario, unsigned who)
{
    static struct thread threads[THREADS];
    pthread_t ids[THREADS];
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGTSTP, SIG_IGN);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGTTIN, SIG_IGN);
    setsid();
    if (scenario->act == do_mounts)
        unshare(CLONE_NEWNS); /* where that can be */
    for (unsigned i = 0; i < scenario->threads; i++) {
        threads[i] = (struct thread){scenario, {who * 7919 + i * 104729 + now_ns()}};
        if (pthread_create(&ids[i], NULL, run_thread, &threads[i]) != 0)
            _exit(1);
    }
    for (unsigned i = 0; i < scenario->threads; i++)
        pthread_join(ids[i], NULL);
    _exit(0);
}

static bool run_scenario(const struct scenario *scenario, uint64_t ms)
{
    pid_t children[PROCESSES];
    bool fine = true;
    end_ns = now_ns() + ms * 1000000;
    for (unsigned i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            alarm(60);
            run_process(scenario, i);
        }
    }
    for (unsigned i = 0; i < PROCESSES; i++) {
        int status = -1;
        fine = waitpid(children[i], &status, 0) == children[i] && status == 0 && fine;
    }
    return fine;
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 1 && strcmp(argv[1], "end") == 0)
        return 0;
    uint64_t ms = argc > 1 ? strtoull(argv[1], NULL, 0) : 200;
    mkdir("races", 0755);
    CHECK(mount("none", "races", "tmpfs", 0, "size=64m") == 0 && chdir("races") == 0);
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        if (argc < 3 || strcmp(argv[2], scenarios[i].name) == 0)
            point(run_scenario(&scenarios[i], ms), scenarios[i].name, __LINE__);
    CHECK(chdir("..") == 0 && umount2("races", MNT_DETACH) == 0);
    return done();
}
