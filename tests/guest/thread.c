/*
 * Threads, by the C library and by clone: what they share, how each of them ends, and how all of them do; clone and
 * clone3 with their errors.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define THREADS 8

static const char *self;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static volatile int counter, stage;
static _Thread_local int local = 7;
static int numbers[THREADS];

static int status_of(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

static pid_t number(void)
{
    return (pid_t)syscall(SYS_gettid);
}

/* In a child: its status, or -1 when the work takes longer than it may. */
static int in_child(void (*work)(void))
{
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        work();
        _exit(0);
    }
    return status_of(child);
}

/* ------------------------------------------------------------------------------------------------------------------
 * With the C library
 */

static void *count(void *argument)
{
    long which = (long)argument;
    bool fine = local == 7;
    local = (int)which;
    numbers[which] = number();
    for (int i = 0; i < 20000; i++) {
        pthread_mutex_lock(&mutex);
        counter++;
        pthread_mutex_unlock(&mutex);
    }
    return (void *)(long)(fine && local == which && getpid() != 0 ? which + 100 : -1);
}

static void counting(void)
{
    pthread_t threads[THREADS];
    bool made = true, joined = true, apart = true;
    for (long i = 0; i < THREADS; i++)
        made = made && pthread_create(&threads[i], NULL, count, (void *)i) == 0;
    CHECK(made);
    for (long i = 0; i < THREADS; i++) {
        void *result = NULL;
        joined = joined && pthread_join(threads[i], &result) == 0 && result == (void *)(i + 100);
        apart = apart && numbers[i] != number();
        for (int other = 0; other < i; other++)
            apart = apart && numbers[other] != numbers[i];
    }
    CHECK(joined);
    CHECK(apart);
    CHECK(counter == THREADS * 20000 && local == 7 && number() == getpid());
}

static void *take_turns(void *argument)
{
    long which = (long)argument;
    for (int round = 0; round < 50; round++) {
        pthread_mutex_lock(&mutex);
        while (stage % 4 != which)
            pthread_cond_wait(&condition, &mutex);
        stage++;
        pthread_cond_broadcast(&condition);
        pthread_mutex_unlock(&mutex);
    }
    pthread_barrier_wait(&barrier);
    return NULL;
}

static void conditions(void)
{
    pthread_t threads[4];
    struct timespec soon;
    CHECK(pthread_barrier_init(&barrier, NULL, 5) == 0);
    for (long i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, take_turns, (void *)i);
    pthread_barrier_wait(&barrier);
    CHECK(stage == 200);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 20000000;
    if (soon.tv_nsec >= 1000000000) {
        soon.tv_sec++;
        soon.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&mutex);
    CHECK(pthread_cond_timedwait(&condition, &mutex, &soon) == ETIMEDOUT);
    pthread_mutex_unlock(&mutex);
}

/* What one thread changes the others see: directory, umask, descriptors, users. */
static int descriptor;
static void *change(void *argument)
{
    descriptor = open("/", O_RDONLY);
    umask(0123);
    return (void *)(long)chdir("/");
}

static void sharing(void)
{
    pthread_t thread;
    void *result = NULL;
    char where[200];
    mode_t before = umask(022);
    CHECK(getcwd(where, sizeof where) != NULL);
    CHECK(pthread_create(&thread, NULL, change, NULL) == 0 && pthread_join(thread, &result) == 0 && result == NULL);
    char now[200] = "";
    CHECK(getcwd(now, sizeof now) != NULL && strcmp(now, "/") == 0);
    CHECK(umask(before) == 0123);
    CHECK(descriptor >= 0 && fcntl(descriptor, F_GETFD) == 0 && close(descriptor) == 0);
    CHECK(chdir(where) == 0);
}

static volatile int handled_by;
static void handler(int signal)
{
    handled_by = number();
}

static void *wait_for_signal(void *argument)
{
    numbers[0] = number();
    sigset_t all;
    sigemptyset(&all);
    sigaddset(&all, SIGUSR2);
    pthread_sigmask(SIG_UNBLOCK, &all, NULL);
    while (!handled_by)
        usleep(1000);
    return NULL;
}

static void signals(void)
{
    pthread_t thread;
    sigset_t set;
    signal(SIGUSR2, handler);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    numbers[0] = 0;
    pthread_create(&thread, NULL, wait_for_signal, NULL);
    while (!numbers[0])
        usleep(1000);
    CHECK(kill(getpid(), SIGUSR2) == 0); /* to whoever does not block it */
    pthread_join(thread, NULL);
    CHECK(handled_by == numbers[0]);
    handled_by = numbers[0] = 0;
    pthread_create(&thread, NULL, wait_for_signal, NULL);
    CHECK(pthread_kill(thread, SIGUSR2) == 0);
    pthread_join(thread, NULL);
    CHECK(handled_by == numbers[0] && handled_by != 0);
    for (int i = 0; i < 1000 && syscall(SYS_tkill, numbers[0], 0) == 0; i++)
        usleep(1000); /* it may be joined a moment before it is gone */
    FAILS(ESRCH, syscall(SYS_tgkill, getpid(), numbers[0], 0));
    FAILS(ESRCH, syscall(SYS_tkill, numbers[0], 0));
}

static void *sleep_for_ever(void *argument)
{
    for (;;)
        pause();
    return NULL;
}

static void cancelling(void)
{
    pthread_t thread;
    void *result = NULL;
    CHECK(pthread_create(&thread, NULL, sleep_for_ever, NULL) == 0);
    usleep(20000);
    CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Ends
 */

static void *exit_all(void *argument)
{
    usleep(20000);
    exit(33);
}

static void *exit_late(void *argument)
{
    usleep(50000);
    syscall(SYS_exit, 5); /* the last one, whose code counts */
    return NULL;
}

static void *kill_all(void *argument)
{
    usleep(20000);
    kill(getpid(), SIGKILL);
    return NULL;
}

static void *fault(void *argument)
{
    usleep(20000);
    __asm__ volatile("ud2");
    return NULL;
}

static void *spin(void *argument)
{
    for (;;)
        counter++;
    return NULL;
}

static void with_others(void *(*last)(void *))
{
    pthread_t thread;
    for (int i = 0; i < 3; i++) {
        pthread_create(&thread, NULL, sleep_for_ever, NULL);
        pthread_create(&thread, NULL, spin, NULL);
    }
    pthread_create(&thread, NULL, last, NULL);
    pause();
}

static void exits_in_another(void)
{
    with_others(exit_all);
}
static void killed_by_another(void)
{
    with_others(kill_all);
}
static void fault_in_another(void)
{
    with_others(fault);
}
static void exit_of_first(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, exit_late, NULL);
    syscall(SYS_exit, 44);
}
static void return_of_first(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, sleep_for_ever, NULL);
    exit(9);
}

static void *execute(void *argument)
{
    usleep(20000);
    char word[20];
    snprintf(word, sizeof word, "%d", getpid());
    execl(self, self, "executed", word, (char *)NULL);
    return NULL;
}

static void executed_by_another(void)
{
    with_others(execute);
}

static void executed_by_first(void)
{
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        pthread_create(&thread, NULL, i ? spin : sleep_for_ever, NULL);
    usleep(10000);
    execute(NULL);
}

/* The program that these execute: alone, and with the process's number. */
static int executed(const char *word)
{
    int tasks = 0;
    return getpid() == atoi(word) && number() == getpid() && tasks == 0 ? 21 : 1;
}

static void ends(void)
{
    CHECK(in_child(exits_in_another) == 33 << 8);
    CHECK(in_child(killed_by_another) == SIGKILL);
    CHECK((in_child(fault_in_another) & 0x7f) == SIGILL);
    CHECK(in_child(exit_of_first) == 5 << 8);
    CHECK(in_child(return_of_first) == 9 << 8);
    CHECK(in_child(executed_by_another) == 21 << 8);
    CHECK(in_child(executed_by_first) == 21 << 8);
}

/* A stop stops all of them, and SIGCONT continues all. */
static void stopping(void)
{
    int status;
    int file = open("shared", O_RDWR | O_CREAT, 0600);
    CHECK(file >= 0 && ftruncate(file, 4096) == 0);
    volatile int *seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(seen != MAP_FAILED && unlink("shared") == 0);
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        alarm(20);
        pthread_create(&thread, NULL, spin, NULL);
        for (;;)
            *seen = counter;
    }
    usleep(50000);
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    int before = *seen;
    usleep(50000);
    CHECK(*seen == before);
    CHECK(kill(child, SIGCONT) == 0 && waitpid(child, &status, WCONTINUED) == child && WIFCONTINUED(status));
    for (int i = 0; i < 500 && *seen == before; i++)
        usleep(10000);
    CHECK(*seen != before);
    CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child);
    CHECK(kill(child, SIGKILL) == 0 && status_of(child) == SIGKILL);
}

/* A child of one thread is everybody's. */
static pid_t born;
static void *bear(void *argument)
{
    born = fork();
    if (born == 0)
        _exit(12);
    return NULL;
}

static void children(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, bear, NULL);
    pthread_join(thread, NULL);
    CHECK(born > 0 && status_of(born) == 12 << 8);
}

/* ------------------------------------------------------------------------------------------------------------------
 * By clone
 */

static volatile pid_t parent_tid, child_tid;
static char stack[65536] __attribute__((aligned(16)));

static int cloned(void *argument)
{
    *(volatile int *)argument = number();
    syscall(SYS_exit, 0);
    return 0;
}

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

static void raw(void)
{
    volatile int seen = 0;
    int made = clone(cloned, stack + sizeof stack,
        THREAD_FLAGS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | 0x400000, (void *)&seen,
        &parent_tid, NULL, &child_tid);
    CHECK(made > 0 && parent_tid == made);
    for (pid_t now; (now = child_tid) != 0 || !seen;)
        syscall(SYS_futex, &child_tid, 0, now, NULL, NULL, 0);
    CHECK(seen == made && child_tid == 0);
    FAILS(EINVAL, syscall(SYS_clone, CLONE_THREAD, 0, NULL, NULL, 0));
    FAILS(EINVAL, syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND, 0, NULL, NULL, 0));
    FAILS(EINVAL, syscall(SYS_clone, CLONE_SIGHAND, 0, NULL, NULL, 0));
    FAILS(EINVAL, syscall(SYS_clone, CLONE_FS | CLONE_NEWNS, 0, NULL, NULL, 0));

    /* A process that shares the memory. */
    seen = 0;
    made = clone(cloned, stack + sizeof stack, CLONE_VM | SIGCHLD, (void *)&seen);
    CHECK(made > 0 && status_of(made) == 0 && seen == made);
    /* One that tells nobody when it ends. */
    made = clone(cloned, stack + sizeof stack, CLONE_VM, (void *)&seen);
    CHECK(made > 0 && waitpid(made, NULL, 0) == -1 && errno == ECHILD);
    CHECK(waitpid(made, NULL, __WCLONE) == made);
}

struct clone3_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static long clone3(struct clone3_arguments arguments, size_t size)
{
    return syscall(SYS_clone3, &arguments, size);
}

static void raw3(void)
{
    struct {
        struct clone3_arguments arguments;
        uint64_t more[4];
    } longer = {.arguments = {.exit_signal = SIGCHLD}};
    long child = clone3((struct clone3_arguments){.exit_signal = SIGCHLD}, 64);
    if (child == 0)
        _exit(3);
    CHECK(child > 0 && status_of((pid_t)child) == 3 << 8);
    child = syscall(SYS_clone3, &longer, sizeof longer);
    if (child == 0)
        _exit(4);
    CHECK(child > 0 && status_of((pid_t)child) == 4 << 8);
    longer.more[3] = 1;
    FAILS(E2BIG, syscall(SYS_clone3, &longer, sizeof longer));
    FAILS(E2BIG, syscall(SYS_clone3, &longer, 5000));
    FAILS(EINVAL, syscall(SYS_clone3, &longer, 56));
    FAILS(EFAULT, syscall(SYS_clone3, KERNEL, 88));
    FAILS(EINVAL, clone3((struct clone3_arguments){.exit_signal = 65}, 88));
    FAILS(EINVAL, clone3((struct clone3_arguments){.flags = 17}, 88));
    FAILS(EINVAL, clone3((struct clone3_arguments){.flags = 1ull << 40}, 88));
    FAILS(EINVAL,
        clone3((struct clone3_arguments){.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM, .exit_signal = 1}, 88));
    FAILS(EINVAL, clone3((struct clone3_arguments){.stack = 4096}, 88));
    FAILS(EINVAL, clone3((struct clone3_arguments){.stack_size = 4096}, 88));
    FAILS(EINVAL, clone3((struct clone3_arguments){.set_tid_size = 1}, 88));
    FAILS(EINVAL, clone3((struct clone3_arguments){.set_tid = (uint64_t)stack}, 88));
}

/* Many come and go, from several threads at once. */
static void *make_more(void *argument)
{
    long failed = 0;
    for (int i = 0; i < 40; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, i % 2 ? bear : change, NULL) != 0 || pthread_join(thread, NULL) != 0)
            failed++;
    }
    return (void *)failed;
}

static void crowds(void)
{
    pthread_t threads[4];
    void *result;
    bool fine = true;
    char where[200];
    signal(SIGCHLD, SIG_IGN);
    CHECK(getcwd(where, sizeof where) != NULL);
    for (int i = 0; i < 4; i++)
        fine = fine && pthread_create(&threads[i], NULL, make_more, NULL) == 0;
    for (int i = 0; i < 4; i++)
        fine = fine && pthread_join(threads[i], &result) == 0 && result == NULL;
    CHECK(fine);
    CHECK(chdir(where) == 0);
    signal(SIGCHLD, SIG_DFL);
}

int main(int argc, char **argv)
{
    self = argv[0];
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc > 2)
        return executed(argv[2]);
    counting();
    conditions();
    sharing();
    signals();
    cancelling();
    ends();
    stopping();
    children();
    raw();
    raw3();
    crowds();
    return done();
}
