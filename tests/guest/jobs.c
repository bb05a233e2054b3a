/*
 * Groups and sessions: setpgid, getpgid, setsid, getsid with all their errors, and what a child has of its parent's.
 */
#include "tests/guest/guest.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 32760 /* a number that hardly anybody has */

static const char *self;

static int status_of(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* A child that waits until the other end of its pipe is closed; how it begins is up to `how`. */
struct child {
    pid_t pid;
    int hold, ready;
};

static struct child start(void (*how)(void))
{
    int hold[2], ready[2];
    char byte = 0;
    if (pipe(hold) < 0 || pipe(ready) < 0)
        exit(1);
    struct child child = {.pid = fork(), .hold = hold[1], .ready = ready[0]};
    if (child.pid == 0) {
        for (int fd = 3; fd < 30; fd++) /* those of other children would keep them waiting */
            if (fd != hold[0] && fd != ready[1])
                close(fd);
        if (how)
            how();
        (void)!write(ready[1], &byte, 1);
        (void)!read(hold[0], &byte, 1);
        _exit(0);
    }
    close(hold[0]);
    close(ready[1]);
    (void)!read(child.ready, &byte, 1);
    return child;
}

static int finish(struct child child)
{
    close(child.hold);
    close(child.ready);
    return status_of(child.pid);
}

static void in_session(void)
{
    setsid();
}

static void in_group(void)
{
    setpgid(0, 0);
}

static void executing(void)
{
    execl(self, self, "wait", (char *)NULL);
    _exit(9);
}

/* Last: the process becomes a leader. */
static void sessions(void)
{
    pid_t me = getpid();
    CHECK(getsid(0) != me);
    CHECK(setsid() == me);
    CHECK(getsid(0) == me && getpgrp() == me && getpgid(0) == me && getpgid(me) == me && getsid(me) == me);
    FAILS(EPERM, setsid());
    FAILS(EPERM, setpgid(0, 0));
    FAILS(EPERM, setpgid(me, me));

    struct child child = start(NULL);
    CHECK(getpgid(child.pid) == me && getsid(child.pid) == me);
    CHECK(setpgid(child.pid, 0) == 0 && getpgid(child.pid) == child.pid && getsid(child.pid) == me);
    CHECK(setpgid(child.pid, child.pid) == 0);
    struct child second = start(NULL);
    CHECK(setpgid(second.pid, child.pid) == 0 && getpgid(second.pid) == child.pid);
    CHECK(finish(child) == 0);
    CHECK(getpgid(second.pid) == child.pid);
    child = start(NULL);
    CHECK(setpgid(child.pid, getpgid(second.pid)) == 0);
    CHECK(finish(child) == 0);
    CHECK(setpgid(second.pid, me) == 0 && getpgid(second.pid) == me);
    CHECK(finish(second) == 0);
    child = start(NULL);
    FAILS(EPERM, setpgid(child.pid, NOBODY));
    CHECK(finish(child) == 0);

    child = start(in_session);
    CHECK(getsid(child.pid) == child.pid && getpgid(child.pid) == child.pid);
    FAILS(EPERM, setpgid(child.pid, me));
    FAILS(EPERM, setpgid(child.pid, 0));
    second = start(NULL);
    FAILS(EPERM, setpgid(second.pid, child.pid));
    CHECK(finish(second) == 0 && finish(child) == 0);

    child = start(in_group);
    CHECK(getpgid(child.pid) == child.pid && getsid(child.pid) == me);
    CHECK(setpgid(child.pid, me) == 0);
    CHECK(finish(child) == 0);
}

static void zombies(void)
{
    struct child child = start(in_group);
    close(child.hold);
    siginfo_t info;
    CHECK(waitid(P_PID, (id_t)child.pid, &info, WEXITED | WNOWAIT) == 0);
    CHECK(getpgid(child.pid) == child.pid && getsid(child.pid) == getsid(0));
    CHECK(setpgid(child.pid, getpgrp()) == 0 && getpgid(child.pid) == getpgrp());
    CHECK(finish(child) == 0);
    FAILS(ESRCH, getpgid(child.pid));
    FAILS(ESRCH, getsid(child.pid));
    FAILS(ESRCH, setpgid(child.pid, 0));
}

static void errors(void)
{
    FAILS(EINVAL, setpgid(0, -1));
    FAILS(EINVAL, setpgid(getpid(), -5));
    FAILS(ESRCH, setpgid(NOBODY, 0));
    FAILS(EINVAL, setpgid(-1, 0));
    FAILS(ESRCH, setpgid(-1, 1));
    FAILS(ESRCH, getpgid(NOBODY));
    FAILS(ESRCH, getpgid(-1));
    FAILS(ESRCH, getsid(NOBODY));
    FAILS(ESRCH, getsid(-1));
    CHECK(getpgrp() == getpgid(0) && getpgid(getpid()) == getpgid(0) && getsid(getpid()) == getsid(0));
    pid_t child = vfork();
    if (child == 0)
        executing();
    FAILS(EACCES, setpgid(child, 0));
    FAILS(EACCES, setpgid(child, getpgrp()));
    CHECK(status_of(child) == 0);
    /* Somebody else's child */
    int ends[2];
    CHECK(pipe(ends) == 0);
    child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            usleep(200000);
            _exit(0);
        }
        (void)!write(ends[1], &grandchild, sizeof grandchild);
        _exit(status_of(grandchild));
    }
    pid_t grandchild = 0;
    CHECK(read(ends[0], &grandchild, sizeof grandchild) == sizeof grandchild);
    FAILS(ESRCH, setpgid(grandchild, 0));
    CHECK(getpgid(grandchild) == getpgrp());
    CHECK(status_of(child) == 0);
}

int main(int argc, char **argv)
{
    self = argv[0];
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc > 1) {
        usleep(100000);
        return 0;
    }
    pid_t child = fork(); /* which leads nothing */
    if (child > 0)
        return status_of(child) != 0;
    errors();
    zombies();
    sessions();
    return done();
}
