/*
 * Processes: fork, vfork, execve, wait4 and what a child has of its parent; each with its errors.
 *
 * guest: pie
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)

static const char *self;
static volatile int shared = 1;
static _Thread_local volatile int local = 5;

static int status_of(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

static void forking(void)
{
    int status;
    pid_t parent = getpid();
    volatile double number = 1.5;
    pid_t child = fork();
    if (child == 0) {
        bool same = shared == 1 && local == 5 && number == 1.5 && getppid() == parent && getpid() != parent;
        shared = 2;
        local = 6;
        number = 2.5;
        _exit(same ? 42 : 1);
    }
    CHECK(child > 0 && status_of(child) == 42 << 8);
    CHECK(shared == 1 && local == 5 && number == 1.5);
    FAILS(ECHILD, waitpid(child, &status, 0));
    FAILS(ECHILD, wait(NULL));
    FAILS(EINVAL, waitpid(-1, NULL, 0x1000));
    child = fork();
    if (child == 0) {
        usleep(50000);
        __asm__ volatile("ud2");
    }
    CHECK(waitpid(child, &status, WNOHANG) == 0);
    FAILS(ECHILD, waitpid(child + 1000, &status, WNOHANG));
    status = status_of(child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == 4);
}

static void many(void)
{
    enum { COUNT = 40 };
    pid_t children[COUNT];
    int sum = 0, started = 0;
    for (int i = 0; i < COUNT; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            volatile char *memory = malloc(100000);
            for (int at = 0; at < 100000; at++)
                memory[at] = (char)i;
            sched_yield();
            _exit(memory[99999] == i ? i : 255);
        }
        started += children[i] > 0;
    }
    for (int i = 0, status; i < started; i++)
        if (wait(&status) > 0)
            sum += status >> 8;
    CHECK(started == COUNT && sum == COUNT * (COUNT - 1) / 2);
}

static int execute(const char *word)
{
    pid_t child = vfork();
    if (child == 0) {
        execl(self, self, word, "x y", (char *)NULL);
        _exit(99);
    }
    return child < 0 ? -1 : status_of(child);
}

static void executing(void)
{
    char *none[] = {NULL};
    int kept = open(self, O_RDONLY), closed = open(self, O_RDONLY | O_CLOEXEC);
    char word[32];
    snprintf(word, sizeof word, "%d,%d", kept, closed);
    CHECK(execute(word) == 17 << 8);
    shared = 1;
    pid_t child = vfork();
    if (child == 0) {
        shared = 3;
        _exit(0);
    }
    CHECK(child > 0 && status_of(child) == 0 && shared == 3);
    FAILS(ENOENT, execve("/no/such/program", none, none));
    FAILS(EACCES, execve("/", none, none));
    FAILS(EFAULT, syscall(SYS_execve, KERNEL, none, none));
    FAILS(EFAULT, syscall(SYS_execve, self, KERNEL, none));
    FAILS(EFAULT, syscall(SYS_execve, self, none, KERNEL));
    close(kept);
    close(closed);
}

/* The program that executing() executes. */
static int executed(int argc, char **argv)
{
    int kept = -1, closed = -1;
    char byte;
    sscanf(argv[1], "%d,%d", &kept, &closed);
    if (argc != 3 || strcmp(argv[2], "x y") != 0 || shared != 1)
        return 1;
    if (read(kept, &byte, 1) != 1 || byte != '\177')
        return 2;
    if (read(closed, &byte, 1) != -1 || errno != EBADF)
        return 3;
    return 17;
}

/* A grandchild outlives its parent; nobody minds. */
static void orphans(void)
{
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            usleep(20000);
            _exit(3);
        }
        _exit(4);
    }
    CHECK(status_of(child) == 4 << 8);
    usleep(60000);
    int status = 0;
    if (getpid() == 1) /* whose it is then */
        CHECK(wait(&status) > 0 && status == 3 << 8);
    CHECK(wait(&status) == -1 && errno == ECHILD);
}

int main(int argc, char **argv)
{
    self = argv[0];
    if (argc > 1)
        return executed(argc, argv);
    setvbuf(stdout, NULL, _IONBF, 0);
    forking();
    many();
    executing();
    orphans();
    return done();
}
