/*
 * inotify: what is told of each thing that is done to files and directories, and in which order; what becomes of
 * watches; queues and their limits; errors.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)

static int watcher;
static char story[8192];

static const struct {
    uint32_t bit;
    const char *name;
} names[] = {{IN_ACCESS, "access"}, {IN_MODIFY, "modify"}, {IN_ATTRIB, "attrib"}, {IN_CLOSE_WRITE, "closew"},
    {IN_CLOSE_NOWRITE, "close"}, {IN_OPEN, "open"}, {IN_MOVED_FROM, "from"}, {IN_MOVED_TO, "to"}, {IN_CREATE, "create"},
    {IN_DELETE, "delete"}, {IN_DELETE_SELF, "deleted"}, {IN_MOVE_SELF, "moved"}, {IN_UNMOUNT, "unmount"},
    {IN_Q_OVERFLOW, "overflow"}, {IN_IGNORED, "ignored"}, {IN_ISDIR, "/"}};

/* Adds to the story; what no longer fits is left out. */
static void tell(const char *format, ...)
{
    size_t used = strlen(story);
    va_list args;
    va_start(args, format);
    vsnprintf(story + used, sizeof story - used, format, args);
    va_end(args);
}

/* Everything that has been told since: "1:open,/ 1:create=name 2:close". */
static const char *told(void)
{
    char buffer[4096] __attribute__((aligned(8)));
    uint32_t last_cookie = 0;
    story[0] = '\0';
    for (ssize_t n; (n = read(watcher, buffer, sizeof buffer)) > 0;)
        for (char *at = buffer; at < buffer + n;) {
            const struct inotify_event *event = (const void *)at;
            at += sizeof *event + event->len;
            tell("%s%d:", story[0] ? " " : "", event->wd);
            for (size_t i = 0, first = 1; i < sizeof names / sizeof names[0]; i++)
                if (event->mask & names[i].bit) {
                    tell("%s%s", first || names[i].bit == IN_ISDIR ? "" : ",", names[i].name);
                    first = 0;
                }
            if (event->len)
                tell("=%s", event->name);
            if (event->len % 16 || (event->cookie != 0) != ((event->mask & IN_MOVE) != 0))
                tell("?");
            if (event->mask & IN_MOVED_FROM)
                last_cookie = event->cookie;
            if (event->mask & IN_MOVED_TO && last_cookie && event->cookie != last_cookie)
                tell("!");
        }
    return story;
}

static void told_is(const char *what, int line)
{
    const char *really = told();
    bool same = strcmp(really, what) == 0;
    char text[512];
    snprintf(text, sizeof text, "told: %s", what);
    point(same, text, line);
    if (!same)
        printf("# it was: %s\n", really);
}
#define TOLD(what) told_is(what, __LINE__)

/* A new instance with watches on the directory d (1) and, if that is there, the file d/f (2). */
static void begin(uint32_t mask)
{
    watcher = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    CHECK(watcher >= 0 && inotify_add_watch(watcher, "d", mask) == 1);
    if (access("d/f", F_OK) == 0)
        CHECK(inotify_add_watch(watcher, "d/f", mask) == 2);
    TOLD("");
}

static void touch(const char *name)
{
    close(open(name, O_WRONLY | O_CREAT, 0600));
}

static void contents(void)
{
    char byte;
    begin(IN_ALL_EVENTS);
    int fd = open("d/f", O_RDWR | O_CREAT, 0600);
    TOLD("1:create=f 1:open=f");
    CHECK(inotify_add_watch(watcher, "d/f", IN_ALL_EVENTS) == 2);
    CHECK(write(fd, "abc", 3) == 3);
    TOLD("1:modify=f 2:modify");
    CHECK(write(fd, "abc", 3) == 3 && write(fd, "abc", 3) == 3);
    TOLD("1:modify=f 2:modify 1:modify=f 2:modify");
    CHECK(pread(fd, &byte, 1, 0) == 1);
    TOLD("1:access=f 2:access");
    CHECK(pread(fd, &byte, 1, 100) == 0 && lseek(fd, 0, SEEK_SET) == 0);
    TOLD("");
    CHECK(ftruncate(fd, 1) == 0 && truncate("d/f", 0) == 0);
    TOLD("1:modify=f 2:modify 1:modify=f 2:modify");
    close(dup(fd));
    TOLD("");
    CHECK(fchmod(fd, 0640) == 0 && chmod("d/f", 0600) == 0);
    TOLD("1:attrib=f 2:attrib 1:attrib=f 2:attrib");
    CHECK(chown("d/f", getuid(), (gid_t)-1) == 0);
    TOLD("1:attrib=f 2:attrib");
    close(fd);
    TOLD("1:closew=f 2:closew");
    close(open("d/f", O_RDONLY));
    TOLD("1:open=f 2:open 1:close=f 2:close");
    close(open("d/f", O_WRONLY | O_TRUNC));
    TOLD("1:open=f 2:open 1:modify=f 2:modify 1:closew=f 2:closew");
    close(open("d/f", O_PATH));
    struct stat st;
    CHECK(stat("d/f", &st) == 0 && access("d/f", R_OK) == 0);
    TOLD("");
    struct timeval times[2] = {{1, 0}, {2, 0}};
    CHECK(utimes("d/f", times) == 0);
    TOLD("1:attrib=f 2:attrib");
    struct timespec one[2] = {{3, 0}, {0, UTIME_OMIT}}, other[2] = {{0, UTIME_OMIT}, {3, 0}};
    CHECK(utimensat(AT_FDCWD, "d/f", one, 0) == 0 && utimensat(AT_FDCWD, "d/f", other, 0) == 0);
    TOLD("1:access=f 2:access 1:modify=f 2:modify");
    CHECK(mkdir("d", 0700) == -1 && open("d/f", O_RDONLY | O_CREAT | O_EXCL, 0600) == -1);
    TOLD("");
    close(watcher);
}

static void directories(void)
{
    char buffer[1024];
    begin(IN_ALL_EVENTS);
    CHECK(mkdir("d/sub", 0700) == 0);
    TOLD("1:create/=sub");
    int fd = open("d", O_RDONLY | O_DIRECTORY);
    TOLD("1:open/");
    CHECK(syscall(SYS_getdents64, fd, buffer, sizeof buffer) > 0);
    TOLD("1:access/");
    close(fd);
    TOLD("1:close/");
    CHECK(chmod("d/sub", 0711) == 0 && chmod("d", 0711) == 0);
    TOLD("1:attrib/=sub 1:attrib/");
    touch("d/sub/deep");
    TOLD("");
    CHECK(unlink("d/sub/deep") == 0 && rmdir("d/sub") == 0);
    TOLD("1:delete/=sub");
    CHECK(symlink("f", "d/link") == 0 && mkfifo("d/fifo", 0600) == 0 && link("d/f", "d/hard") == 0);
    TOLD("1:create=link 1:create=fifo 2:attrib 1:create=hard");
    close(open("d/link", O_RDONLY));
    TOLD("1:open=f 2:open 1:close=f 2:close");
    CHECK(unlink("d/link") == 0 && unlink("d/fifo") == 0 && unlink("d/hard") == 0);
    TOLD("1:delete=link 1:delete=fifo 2:attrib 1:delete=hard");
    close(watcher);
}

static void moves(void)
{
    mkdir("d/sub", 0700);
    touch("outside");
    begin(IN_ALL_EVENTS);
    CHECK(rename("d/f", "d/g") == 0);
    TOLD("1:from=f 1:to=g 2:moved");
    CHECK(rename("d/g", "away") == 0);
    TOLD("1:from=g 2:moved");
    CHECK(rename("away", "d/f") == 0);
    TOLD("1:to=f 2:moved");
    CHECK(rename("d/sub", "d/bus") == 0);
    TOLD("1:from/=sub 1:to/=bus");
    CHECK(rename("d", "e") == 0 && rename("e", "d") == 0);
    TOLD("1:moved"); /* of the directory itself it is not said that it is one; the same again is told once */
    CHECK(rename("outside", "d/f") == 0); /* and the one that was there is gone */
    TOLD("1:to=f 2:attrib 2:deleted 2:ignored");
    CHECK(rmdir("d/bus") == 0);
    TOLD("1:delete/=bus");
    close(watcher);
}

static void ends(void)
{
    begin(IN_ALL_EVENTS);
    CHECK(unlink("d/f") == 0);
    TOLD("2:attrib 2:deleted 2:ignored 1:delete=f");
    FAILS(EINVAL, inotify_rm_watch(watcher, 2));
    touch("d/f");
    TOLD("1:create=f 1:open=f 1:closew=f");
    CHECK(inotify_add_watch(watcher, "d/f", IN_ALL_EVENTS) == 3); /* a number is not used again */
    int fd = open("d/f", O_WRONLY);
    CHECK(unlink("d/f") == 0 && write(fd, "x", 1) == 1);
    TOLD("1:open=f 3:open 3:attrib 1:delete=f 1:modify=f 3:modify");
    close(fd); /* now it is gone */
    TOLD("1:closew=f 3:closew 3:deleted 3:ignored");
    touch("d/f");
    CHECK(link("d/f", "hard") == 0 && inotify_add_watch(watcher, "hard", IN_ALL_EVENTS) == 4);
    (void)told();
    CHECK(unlink("d/f") == 0);
    TOLD("4:attrib 1:delete=f");
    CHECK(unlink("hard") == 0);
    TOLD("4:attrib 4:deleted 4:ignored");
    CHECK(inotify_rm_watch(watcher, 1) == 0);
    touch("d/f");
    TOLD("1:ignored");
    FAILS(EINVAL, inotify_rm_watch(watcher, 1));
    close(watcher);
    mkdir("gone", 0700);
    watcher = inotify_init1(IN_NONBLOCK);
    CHECK(inotify_add_watch(watcher, "gone", IN_ALL_EVENTS) == 1 && rmdir("gone") == 0);
    TOLD("1:deleted 1:ignored");
    close(watcher);
}

static void masks(void)
{
    begin(IN_CREATE | IN_DELETE);
    CHECK(inotify_rm_watch(watcher, 2) == 0);
    touch("d/x");
    CHECK(unlink("d/x") == 0);
    TOLD("2:ignored 1:create=x 1:delete=x");
    CHECK(inotify_add_watch(watcher, "d", IN_OPEN | IN_MASK_ADD) == 1);
    touch("d/x");
    TOLD("1:create=x 1:open=x");
    CHECK(inotify_add_watch(watcher, "d", IN_CLOSE_WRITE) == 1);
    touch("d/x");
    TOLD("1:closew=x");
    CHECK(inotify_add_watch(watcher, "d", IN_OPEN | IN_ONESHOT) == 1);
    touch("d/x");
    touch("d/x");
    TOLD("1:open=x 1:ignored");
    FAILS(EINVAL, inotify_rm_watch(watcher, 1));
    CHECK(inotify_add_watch(watcher, "d", IN_OPEN | IN_ONLYDIR | IN_MASK_CREATE) == 3);
    FAILS(EEXIST, inotify_add_watch(watcher, "d", IN_OPEN | IN_MASK_CREATE));
    FAILS(EINVAL, inotify_add_watch(watcher, "d", IN_OPEN | IN_MASK_CREATE | IN_MASK_ADD));
    FAILS(ENOTDIR, inotify_add_watch(watcher, "d/x", IN_OPEN | IN_ONLYDIR));
    CHECK(symlink("x", "d/link") == 0 && inotify_add_watch(watcher, "d/link", IN_OPEN | IN_DONT_FOLLOW) == 4);
    CHECK(inotify_add_watch(watcher, "d/link", IN_OPEN) == 5);
    CHECK(inotify_add_watch(watcher, "d", IN_MODIFY | IN_EXCL_UNLINK) == 3);
    int fd = open("d/x", O_WRONLY);
    CHECK(write(fd, "x", 1) == 1 && unlink("d/x") == 0 && write(fd, "x", 1) == 1);
    TOLD("5:open 3:modify=x");
    close(fd);
    TOLD("5:ignored");
    CHECK(unlink("d/link") == 0);
    TOLD("4:ignored");
    close(watcher);
}

static void queues(void)
{
    char buffer[512];
    int left, status;
    begin(IN_ALL_EVENTS & ~IN_OPEN);
    close(open("d/f", O_RDONLY));
    CHECK(ioctl(watcher, FIONREAD, &left) == 0 && left == 16 + 16 + 16);
    FAILS(EINVAL, read(watcher, buffer, 31));
    CHECK(read(watcher, buffer, 32) == 32 && read(watcher, buffer, 512) == 16);
    FAILS(EAGAIN, read(watcher, buffer, 512));
    struct pollfd one = {.fd = watcher, .events = -1 & ~POLLNVAL};
    CHECK(poll(&one, 1, 0) == 0);
    touch("d/a name of sixteen.");
    CHECK(poll(&one, 1, 0) == 1 && one.revents == (POLLIN | POLLRDNORM));
    CHECK(ioctl(watcher, FIONREAD, &left) == 0 && left == 2 * (16 + 32));
    TOLD("1:create=a name of sixteen. 1:closew=a name of sixteen.");
    CHECK(unlink("d/a name of sixteen.") == 0);
    (void)told();
    /* The same again is told once. */
    int fd = open("d/f", O_WRONLY);
    CHECK(inotify_rm_watch(watcher, 2) == 0);
    (void)told();
    CHECK(write(fd, "x", 1) == 1 && write(fd, "x", 1) == 1 && write(fd, "x", 1) == 1);
    TOLD("1:modify=f");
    close(fd);
    TOLD("1:closew=f");
    /* Who reads waits. */
    CHECK(fcntl(watcher, F_SETFL, 0) == 0);
    pid_t child = fork();
    if (child == 0) {
        poll(NULL, 0, 50);
        touch("d/f");
        _exit(0);
    }
    CHECK(read(watcher, buffer, sizeof buffer) == 32);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    close(watcher);
}

static void overflow(void)
{
    begin(IN_OPEN | IN_CLOSE);
    for (int i = 0; i < 5000; i++)
        close(open("d/f", O_RDONLY));
    int left, limit = 16384;
    CHECK(ioctl(watcher, FIONREAD, &left) == 0 && left == limit / 2 * (16 + 32) + 16);
    char buffer[4096] __attribute__((aligned(8)));
    uint32_t last = 0;
    int wd = 0, count = 0;
    for (ssize_t n; (n = read(watcher, buffer, sizeof buffer)) > 0;)
        for (char *at = buffer; at < buffer + n; count++) {
            const struct inotify_event *event = (const void *)at;
            at += sizeof *event + event->len;
            last = event->mask;
            wd = event->wd;
        }
    CHECK(last == IN_Q_OVERFLOW && wd == -1 && count == limit + 1);
    close(open("d/f", O_RDONLY));
    TOLD("1:open=f 2:open 1:close=f 2:close");
    close(watcher);
}

static void errors(void)
{
    char byte;
    watcher = inotify_init();
    CHECK(watcher >= 0 && fcntl(watcher, F_GETFD) == 0 && fcntl(watcher, F_GETFL) == O_RDONLY);
    FAILS(EINVAL, inotify_init1(1));
    FAILS(EINVAL, inotify_add_watch(watcher, "d", 0));
    FAILS(EINVAL, inotify_add_watch(watcher, "d", IN_Q_OVERFLOW << 2));
    FAILS(ENOENT, inotify_add_watch(watcher, "nothing", IN_OPEN));
    FAILS(EFAULT, inotify_add_watch(watcher, KERNEL, IN_OPEN));
    FAILS(EINVAL, inotify_add_watch(0, "d", IN_OPEN));
    FAILS(EBADF, inotify_add_watch(99, "d", IN_OPEN));
    FAILS(EBADF, inotify_rm_watch(99, 1));
    FAILS(EINVAL, inotify_rm_watch(0, 1));
    FAILS(EINVAL, inotify_rm_watch(watcher, 1));
    FAILS(EBADF, write(watcher, "x", 1));
    CHECK(fcntl(watcher, F_SETFL, O_NONBLOCK) == 0);
    FAILS(EAGAIN, read(watcher, &byte, 1));
    close(watcher);
}

/* Watches come and go while others work in the directory. */
static void churn(void)
{
    enum { WORKERS = 3, ROUNDS = 150 };
    int failed = 0, status;
    pid_t children[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        if ((children[i] = fork()) == 0) {
            char name[32], other[32];
            for (int n = 0; n < ROUNDS; n++) {
                snprintf(name, sizeof name, "d/%d", (i + n) % 4);
                snprintf(other, sizeof other, "d/%d", (i * 3 + n) % 5);
                touch(name);
                rename(name, other);
                if (n % 3 == 0)
                    unlink(other);
            }
            _exit(0);
        }
    for (int i = 0; i < ROUNDS; i++) {
        watcher = inotify_init1(IN_NONBLOCK);
        for (int k = 0; k < 5; k++) {
            char name[32];
            snprintf(name, sizeof name, "d/%d", k);
            inotify_add_watch(watcher, name, i % 2 ? IN_ALL_EVENTS : IN_ALL_EVENTS | IN_ONESHOT);
        }
        failed += inotify_add_watch(watcher, "d", IN_ALL_EVENTS) < 1;
        (void)told();
        inotify_rm_watch(watcher, i % 6 + 1);
        failed += close(watcher) != 0;
    }
    for (int i = 0; i < WORKERS; i++)
        failed += waitpid(children[i], &status, 0) != children[i] || status != 0;
    CHECK(failed == 0);
    for (int k = 0; k < 5; k++) {
        char name[32];
        snprintf(name, sizeof name, "d/%d", k);
        unlink(name);
    }
}

int main(void)
{
    CHECK(mkdir("d", 0700) == 0);
    contents();
    directories();
    moves();
    ends();
    masks();
    touch("d/f");
    queues();
    overflow();
    errors();
    churn();
    CHECK(unlink("d/f") == 0 && rmdir("d") == 0);
    return done();
}
