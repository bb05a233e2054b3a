/*
 * Who may send signals to whom: users, root, a session's own, and who is told that nobody is there or that he may not.
 *
 * guest: root
 */
#include "tests/guest/guest.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALICE 41001
#define BOB 41002

static int become(uid_t real, uid_t effective, uid_t saved)
{
    return setresuid(real, effective, saved);
}

/* A process of those users that waits for its end; NEW_SESSION: in one of its own. */
static pid_t waiter(uid_t real, uid_t effective, uid_t saved, bool new_session)
{
    int ready[2];
    char byte;
    if (pipe(ready) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        if (new_session)
            setsid();
        if (become(real, effective, saved) != 0)
            _exit(1);
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    if (read(ready[0], &byte, 1) != 1)
        return -1;
    close(ready[0]);
    close(ready[1]);
    return child;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* What kill says to someone of these users: 0, or an error. */
static int verdict_of(uid_t real, uid_t effective, uid_t saved, pid_t pid, int signal)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        if (become(real, effective, saved) != 0)
            _exit(255);
        _exit(kill(pid, signal) == 0 ? 0 : errno);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define ALICE_SAYS(pid, signal) verdict_of(ALICE, ALICE, ALICE, pid, signal)

static void users(void)
{
    pid_t bob = waiter(BOB, BOB, BOB, false);
    CHECK(ALICE_SAYS(bob, 0) == EPERM && ALICE_SAYS(bob, SIGTERM) == EPERM && ALICE_SAYS(bob, SIGKILL) == EPERM);
    CHECK(ALICE_SAYS(getpid(), SIGTERM) == EPERM);
    CHECK(ALICE_SAYS(0x3fffffff, 0) == ESRCH);
    CHECK(ALICE_SAYS(bob, 65) == EINVAL);
    CHECK(verdict_of(BOB, BOB, BOB, bob, 0) == 0);
    CHECK(verdict_of(BOB, ALICE, ALICE, bob, 0) == 0); /* the sender's real user */
    CHECK(verdict_of(ALICE, BOB, ALICE, bob, 0) == 0); /* and his effective one */
    CHECK(verdict_of(ALICE, ALICE, BOB, bob, 0) == EPERM);
    CHECK(kill(bob, 0) == 0); /* root */
    end(bob);
    bob = waiter(BOB, ALICE, BOB, false); /* the receiver's effective user is nobody's business */
    CHECK(ALICE_SAYS(bob, 0) == EPERM);
    end(bob);
    bob = waiter(BOB, BOB, ALICE, false); /* his saved one is */
    CHECK(ALICE_SAYS(bob, 0) == 0);
    end(bob);
}

static void sessions(void)
{
    pid_t bob = waiter(BOB, BOB, BOB, false), stranger = waiter(BOB, BOB, BOB, true);
    CHECK(ALICE_SAYS(bob, SIGCONT) == 0);
    CHECK(ALICE_SAYS(stranger, SIGCONT) == EPERM);
    end(bob);
    end(stranger);
}

/* What the other calls say to Alice. */
static int call_of_alice(long (*call)(pid_t), pid_t pid)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        if (become(ALICE, ALICE, ALICE) != 0)
            _exit(255);
        _exit(call(pid) == 0 ? 0 : errno);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static long call_tkill(pid_t pid)
{
    return syscall(SYS_tkill, pid, SIGTERM);
}

static long call_tgkill(pid_t pid)
{
    return syscall(SYS_tgkill, pid, pid, SIGTERM);
}

static long call_queue(pid_t pid)
{
    return sigqueue(pid, SIGTERM, (union sigval){.sival_int = 1});
}

static void calls(void)
{
    pid_t bob = waiter(BOB, BOB, BOB, false), alice = waiter(ALICE, ALICE, ALICE, false);
    CHECK(call_of_alice(call_tkill, bob) == EPERM && call_of_alice(call_tgkill, bob) == EPERM);
    CHECK(call_of_alice(call_queue, bob) == EPERM);
    CHECK(call_of_alice(call_queue, alice) == 0);
    int status = -1;
    CHECK(waitpid(alice, &status, 0) == alice && status == SIGTERM);
    end(bob);
}

/* One of a group is enough; all of what there is, without what she may not. */
static void many(void)
{
    int status = -1;
    pid_t bob = waiter(BOB, BOB, BOB, false), alice = waiter(ALICE, ALICE, ALICE, false);
    setpgid(bob, bob);
    CHECK(ALICE_SAYS(-bob, SIGTERM) == EPERM);
    setpgid(alice, bob);
    CHECK(ALICE_SAYS(-bob, SIGTERM) == 0);
    CHECK(waitpid(alice, &status, 0) == alice && status == SIGTERM && waitpid(bob, &status, WNOHANG) == 0);
    alice = waiter(ALICE, ALICE, ALICE, false);
    CHECK(ALICE_SAYS(-1, SIGUSR1) == 0);
    CHECK(waitpid(alice, &status, 0) == alice && status == SIGUSR1 && waitpid(bob, &status, WNOHANG) == 0);
    end(bob);
}

/* One that has ended, and that nobody has waited for. */
static void dead(void)
{
    siginfo_t info;
    pid_t child = fork();
    if (child == 0)
        _exit(become(BOB, BOB, BOB));
    CHECK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0 && info.si_uid == BOB);
    CHECK(kill(child, SIGTERM) == 0 && kill(child, 0) == 0);
    CHECK(ALICE_SAYS(child, 0) == EPERM && verdict_of(BOB, BOB, BOB, child, 0) == 0);
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && status == 0 && kill(child, 0) == -1 && errno == ESRCH);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    users();
    sessions();
    calls();
    many();
    dead();
    return done();
}
