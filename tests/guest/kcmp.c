/*
 * kcmp: what threads and processes have in common, and its errors.
 *
 * guest: root
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILE_, VM, FILES, FS, SIGHAND, IO, SYSVSEM };
#define STACK_SIZE 65536

static long kcmp(int first, int second, int type, unsigned long a, unsigned long b)
{
    return syscall(SYS_kcmp, first, second, type, a, b);
}

static int me;
static volatile int go_on;

static void *wait_here(void *argument)
{
    *(volatile int *)argument = (int)syscall(SYS_gettid);
    while (!go_on)
        usleep(1000);
    return NULL;
}

static int sleep_here(void *argument)
{
    while (pause() == -1)
        ;
    return 0;
}

static pid_t child_with(int flags)
{
    static char stack[STACK_SIZE];
    return clone(sleep_here, stack + STACK_SIZE, flags | SIGCHLD, NULL);
}

/* Which types CHILD has in common with us, as bits; then it is ended. */
static unsigned common(pid_t child)
{
    unsigned bits = 0;
    for (int type = VM; type <= SYSVSEM; type++)
        if (kcmp(me, child, type, 0, 0) == 0)
            bits |= 1u << type;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    return bits & ~(1u << IO) & ~(1u << SYSVSEM);
}

static void files(void)
{
    int one = open(".", O_RDONLY), same = dup(one), other = open(".", O_RDONLY), path = open(".", O_PATH);
    CHECK(kcmp(me, me, FILE_, one, one) == 0 && kcmp(me, me, FILE_, one, same) == 0);
    long order = kcmp(me, me, FILE_, one, other);
    CHECK((order == 1 || order == 2) && kcmp(me, me, FILE_, other, one) == 3 - order);
    CHECK(kcmp(me, me, FILE_, one, other) == order && kcmp(me, me, FILE_, path, path) == 0);
    FAILS(EBADF, kcmp(me, me, FILE_, one, 999));
    FAILS(EBADF, kcmp(me, me, FILE_, 999, one));
    FAILS(EBADF, kcmp(me, me, FILE_, one, -1ul));
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    CHECK(kcmp(me, child, FILE_, one, one) == 0 && kcmp(child, me, FILE_, same, one) == 0);
    CHECK(kcmp(child, me, FILE_, other, one) == 3 - order);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void shared(void)
{
    pthread_t thread;
    volatile int tid = 0;
    bool same = true;
    pthread_create(&thread, NULL, wait_here, (void *)&tid);
    while (tid == 0)
        usleep(1000);
    for (int type = VM; type <= SIGHAND; type++)
        same = same && kcmp(me, tid, type, 0, 0) == 0 && kcmp(tid, me, type, 0, 0) == 0;
    CHECK(same);
    CHECK(kcmp(me, tid, FILE_, 1, 1) == 0);
    go_on = 1;
    pthread_join(thread, NULL);
    CHECK(common(child_with(0)) == 0);
    CHECK(common(child_with(CLONE_VM)) == 1u << VM);
    CHECK(common(child_with(CLONE_FILES)) == 1u << FILES);
    CHECK(common(child_with(CLONE_FS)) == 1u << FS);
    CHECK(kcmp(me, me, IO, 0, 0) == 0 && kcmp(me, me, SYSVSEM, 0, 0) == 0);
}

static void errors(void)
{
    int status;
    FAILS(ESRCH, kcmp(me, 32760, VM, 0, 0));
    FAILS(ESRCH, kcmp(32760, me, VM, 0, 0));
    FAILS(ESRCH, kcmp(0, me, VM, 0, 0));
    FAILS(ESRCH, kcmp(-1, me, VM, 0, 0));
    FAILS(ESRCH, kcmp(32760, me, 99, 0, 0));
    FAILS(EINVAL, kcmp(me, me, 8, 0, 0));
    FAILS(EINVAL, kcmp(me, me, -1, 0, 0));
    pid_t child = fork();
    if (child == 0) {
        if (setresuid(65534, 65534, 65534) < 0)
            _exit(9);
        int self = getpid();
        _exit(kcmp(self, self, VM, 0, 0) == 0 && kcmp(self, me, VM, 0, 0) == -1 && errno == EPERM ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    me = getpid();
    files();
    shared();
    errors();
    return done();
}
