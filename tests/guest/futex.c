/*
 * Futexes: every operation and its errors, timeouts, signals, memory that processes share, and locks whose owner dies.
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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((uint32_t *)0xffff800000000000ul)
#define NOTHING ((uint32_t *)0x10000ul)
#define PRIVATE 128
#define REALTIME 256
enum { WAIT, WAKE, FD, REQUEUE, CMP_REQUEUE, WAKE_OP, LOCK_PI, WAIT_BITSET = 9, WAKE_BITSET };
#define WAITERS 6

static volatile uint32_t word, other, done_count, ready_count;
static uint32_t *shared; /* a page that processes have in common */

static long futex(volatile uint32_t *address, int operation, uint32_t value, const void *timeout,
    volatile uint32_t *second, uint32_t third)
{
    return syscall(SYS_futex, address, operation, value, timeout, second, third);
}

static int64_t now(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

static struct timespec at(int64_t ns)
{
    return (struct timespec){ns / 1000000000, ns % 1000000000};
}

/* ------------------------------------------------------------------------------------------------------------------
 * Alone
 */

static void errors(void)
{
    struct timespec bad = {0, 1000000000}, negative = {-1, 0}, soon = {0, 1000};
    word = 5;
    FAILS(EAGAIN, futex(&word, WAIT, 4, NULL, NULL, 0));
    FAILS(EAGAIN, futex(&word, WAIT | PRIVATE, 4, NULL, NULL, 0));
    FAILS(EAGAIN, futex(&word, WAIT_BITSET | PRIVATE, 4, NULL, NULL, 1));
    FAILS(EINVAL, futex(&word, WAIT_BITSET, 5, NULL, NULL, 0));
    FAILS(EINVAL, futex(&word, WAKE_BITSET, 1, NULL, NULL, 0));
    FAILS(EINVAL, futex((uint32_t *)((char *)&word + 1), WAIT, 5, NULL, NULL, 0));
    FAILS(EINVAL, futex((uint32_t *)((char *)&word + 2), WAKE, 5, NULL, NULL, 0));
    FAILS(EFAULT, futex(KERNEL, WAIT, 5, NULL, NULL, 0));
    FAILS(EFAULT, futex(KERNEL, WAKE | PRIVATE, 5, NULL, NULL, 0));
    FAILS(EFAULT, futex(NOTHING, WAIT | PRIVATE, 0, NULL, NULL, 0));
    FAILS(EFAULT, futex(NOTHING, WAKE, 1, NULL, NULL, 0));
    CHECK(futex(NOTHING, WAKE | PRIVATE, 1, NULL, NULL, 0) == 0);
    FAILS(EINVAL, futex(&word, WAIT, 5, &bad, NULL, 0));
    FAILS(EINVAL, futex(&word, WAIT, 5, &negative, NULL, 0));
    FAILS(EFAULT, futex(&word, WAIT, 5, KERNEL, NULL, 0));
    FAILS(EAGAIN, futex(&word, WAIT, 4, &soon, NULL, 0));
    FAILS(ENOSYS, futex(&word, WAIT | REALTIME, 5, &soon, NULL, 0));
    FAILS(ENOSYS, futex(&word, WAKE | REALTIME, 1, NULL, NULL, 0));
    FAILS(ENOSYS, futex(&word, FD, 0, NULL, NULL, 0));
    FAILS(ENOSYS, futex(&word, 99, 0, NULL, NULL, 0));
    CHECK(futex(&word, WAKE, 1, NULL, NULL, 0) == 0);
    CHECK(futex(&word, WAKE, 0x7fffffff, NULL, NULL, 0) == 0);
    FAILS(EINVAL, futex(&word, REQUEUE, (uint32_t)-1, NULL, &other, 0));
    FAILS(EINVAL, futex(&word, REQUEUE, 1, (void *)0xfffffffful, &other, 0));
    FAILS(EAGAIN, futex(&word, CMP_REQUEUE, 1, NULL, &other, 4));
    FAILS(EFAULT, futex(&word, CMP_REQUEUE, 1, NULL, KERNEL, 5));
    FAILS(EFAULT, futex(NOTHING, CMP_REQUEUE | PRIVATE, 1, NULL, &other, 5));
    CHECK(futex(&word, CMP_REQUEUE, 1, NULL, &other, 5) == 0);
    FAILS(EFAULT, futex(&word, WAKE_OP, 1, NULL, NOTHING, 0));
    FAILS(ENOSYS, futex(&word, WAKE_OP, 1, NULL, &other, 5u << 28));
    FAILS(ENOSYS, futex(&word, WAKE_OP, 1, NULL, &other, 6u << 24));
}

static void timeouts(void)
{
    struct timespec time = {0, 30000000};
    int64_t begin = now(CLOCK_MONOTONIC);
    word = 1;
    FAILS(ETIMEDOUT, futex(&word, WAIT | PRIVATE, 1, &time, NULL, 0));
    CHECK(now(CLOCK_MONOTONIC) - begin >= 30000000);
    begin = now(CLOCK_MONOTONIC);
    time = at(begin + 30000000);
    FAILS(ETIMEDOUT, futex(&word, WAIT_BITSET | PRIVATE, 1, &time, NULL, ~0u));
    CHECK(now(CLOCK_MONOTONIC) - begin >= 30000000);
    begin = now(CLOCK_REALTIME);
    time = at(begin + 30000000);
    FAILS(ETIMEDOUT, futex(&word, WAIT_BITSET | REALTIME, 1, &time, NULL, ~0u));
    CHECK(now(CLOCK_REALTIME) - begin >= 30000000);
    time = at(0);
    FAILS(ETIMEDOUT, futex(&word, WAIT_BITSET | REALTIME, 1, &time, NULL, ~0u));
    FAILS(ETIMEDOUT, futex(&word, WAIT_BITSET, 1, &time, NULL, ~0u));
    FAILS(ETIMEDOUT, futex(&word, WAIT, 1, &time, NULL, ~0u));
}

static volatile uint32_t target;
static void operations(void)
{
    static const struct {
        uint32_t operation, before, after;
    } table[] = {
        {0u << 28 | 9 << 12, 5, 9},
        {1u << 28 | 9 << 12, 5, 14},
        {1u << 28 | 0xfff << 12, 5, 4},
        {2u << 28 | 9 << 12, 4, 13},
        {3u << 28 | 5 << 12, 7, 2},
        {4u << 28 | 5 << 12, 6, 3},
        {8u << 28 | 4 << 12, 5, 16},
        {10u << 28 | 3 << 12, 1, 9},
    };
    bool fine = true;
    for (unsigned i = 0; i < sizeof table / sizeof table[0]; i++) {
        target = table[i].before;
        fine = fine && futex(&word, WAKE_OP, 1, NULL, &target, table[i].operation) == 0 && target == table[i].after;
    }
    CHECK(fine);
}

/* ------------------------------------------------------------------------------------------------------------------
 * With threads
 */

struct job {
    volatile uint32_t *address;
    uint32_t value, bitset;
    pthread_t thread;
};

static void *wait_there(void *argument)
{
    const struct job *job = argument;
    __atomic_fetch_add(&ready_count, 1, __ATOMIC_SEQ_CST);
    long result = futex(job->address, WAIT_BITSET | PRIVATE, job->value, NULL, NULL, job->bitset);
    __atomic_fetch_add(&done_count, 1, __ATOMIC_SEQ_CST);
    return (void *)result;
}

static struct job jobs[WAITERS];

static void start(void)
{
    word = 1;
    other = ready_count = done_count = 0;
    for (unsigned i = 0; i < WAITERS; i++) {
        jobs[i] = (struct job){&word, 1, 1u << i, 0};
        pthread_create(&jobs[i].thread, NULL, wait_there, &jobs[i]);
    }
    while (ready_count < WAITERS)
        usleep(1000);
    usleep(50000); /* now they wait */
}

static bool finish(void)
{
    bool fine = true;
    void *result;
    for (unsigned i = 0; i < WAITERS; i++)
        fine = pthread_join(jobs[i].thread, &result) == 0 && result == NULL && fine;
    return fine;
}

static bool become_done(uint32_t count)
{
    for (int i = 0; i < 500 && done_count < count; i++)
        usleep(10000);
    usleep(20000);
    return done_count == count;
}

static void waking(void)
{
    start();
    CHECK(done_count == 0);
    CHECK(futex(&word, WAKE | PRIVATE, 1, NULL, NULL, 0) == 1 && become_done(1));
    CHECK(futex(&word, WAKE | PRIVATE, 2, NULL, NULL, 0) == 2 && become_done(3));
    CHECK(futex(&other, WAKE | PRIVATE, 2, NULL, NULL, 0) == 0);
    CHECK(futex(&word, WAKE | PRIVATE, 100, NULL, NULL, 0) == 3 && become_done(6));
    CHECK(finish());
    start();
    CHECK(futex(&word, WAKE_BITSET | PRIVATE, 100, NULL, NULL, 1u << 30) == 0);
    CHECK(futex(&word, WAKE_BITSET | PRIVATE, 100, NULL, NULL, 5) == 2 && become_done(2));
    CHECK(futex(&word, WAKE_BITSET | PRIVATE, 1, NULL, NULL, 0xff) == 1 && become_done(3));
    CHECK(futex(&word, WAKE | PRIVATE, 100, NULL, NULL, 0) == 3 && finish());
}

static void moving(void)
{
    start();
    CHECK(futex(&word, CMP_REQUEUE | PRIVATE, 1, (void *)2, &other, 1) == 3 && become_done(1));
    CHECK(futex(&other, WAKE | PRIVATE, 1, NULL, NULL, 0) == 1 && become_done(2));
    CHECK(futex(&word, REQUEUE | PRIVATE, 0, (void *)100, &other, 0) == 3 && become_done(2));
    CHECK(futex(&word, WAKE | PRIVATE, 100, NULL, NULL, 0) == 0);
    CHECK(futex(&other, WAKE | PRIVATE, 100, NULL, NULL, 0) == 4 && finish());
    start();
    CHECK(futex(&word, REQUEUE | PRIVATE, 2, (void *)100, &word, 0) == 6 && become_done(2));
    CHECK(futex(&word, WAKE | PRIVATE, 100, NULL, NULL, 0) == 4 && finish());
    start();
    jobs[0].address = &other; /* for the record: they wait at `word` */
    CHECK(futex(&other, WAKE_OP | PRIVATE, 1, (void *)2, &word, 1u << 28 | 0u << 24 | 4 << 12 | 1) == 2 && word == 5);
    CHECK(become_done(2));
    CHECK(
        futex(&word, WAKE_OP | PRIVATE, 1, (void *)100, &other, 0u << 28 | 0u << 24 | 7 << 12 | 1) == 1 && other == 7);
    CHECK(futex(&word, WAKE_OP | PRIVATE, 1, (void *)1, &word, 1u << 28 | 4u << 24 | 1 << 12 | 4) == 2 && word == 6);
    CHECK(futex(&word, WAKE | PRIVATE, 100, NULL, NULL, 0) == 1 && finish());
}

static volatile sig_atomic_t caught;
static void note(int signal)
{
    caught++;
}

static void signals(void)
{
    struct sigaction action = {.sa_handler = note};
    struct timespec minute = {60, 0}, part = {0, 200000000};
    pid_t me = getpid(), child;
    sigaction(SIGUSR1, &action, NULL);
    word = 1;
    if ((child = fork()) == 0) {
        usleep(50000);
        kill(me, SIGUSR1);
        _exit(0);
    }
    FAILS(EINTR, futex(&word, WAIT, 1, NULL, NULL, 0));
    CHECK(caught == 1 && waitpid(child, NULL, 0) == child);
    if ((child = fork()) == 0) {
        usleep(50000);
        kill(me, SIGUSR1);
        _exit(0);
    }
    FAILS(EINTR, futex(&word, WAIT, 1, &minute, NULL, 0));
    CHECK(caught == 2 && waitpid(child, NULL, 0) == child);
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, NULL);
    if ((child = fork()) == 0) {
        usleep(50000);
        kill(me, SIGUSR1);
        _exit(0);
    }
    FAILS(EINTR, futex(&word, WAIT, 1, &minute, NULL, 0)); /* with a timeout it is not made again */
    CHECK(caught == 3 && waitpid(child, NULL, 0) == child);
    /* Stopped and continued, it goes on. */
    if ((child = fork()) == 0) {
        usleep(30000);
        kill(me, SIGSTOP);
        usleep(30000);
        kill(me, SIGCONT);
        _exit(0);
    }
    int64_t begin = now(CLOCK_MONOTONIC);
    FAILS(ETIMEDOUT, futex(&word, WAIT, 1, &part, NULL, 0));
    CHECK(now(CLOCK_MONOTONIC) - begin >= 200000000 && waitpid(child, NULL, 0) == child);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Between processes
 */

static void between_processes(void)
{
    int status, file = open("page", O_RDWR | O_CREAT, 0600);
    CHECK(file >= 0 && ftruncate(file, 8192) == 0);
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    CHECK(shared != MAP_FAILED);
    pid_t child = fork();
    if (child == 0) {
        /* The same page elsewhere: it is the memory that counts. */
        uint32_t *mine = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        munmap(shared, 4096);
        __atomic_store_n(&mine[1], 1, __ATOMIC_SEQ_CST);
        _exit(mine == MAP_FAILED || mine == shared ? 2 : futex(&mine[8], WAIT, 0, NULL, NULL, 0) == 0 ? 0 : 1);
    }
    while (__atomic_load_n(&shared[1], __ATOMIC_SEQ_CST) == 0)
        usleep(1000);
    usleep(50000);
    CHECK(futex(&shared[8], WAKE | PRIVATE, 1, NULL, NULL, 0) == 0);
    CHECK(futex(&shared[9], WAKE, 1, NULL, NULL, 0) == 0);
    CHECK(futex(&shared[8], WAKE, 1, NULL, NULL, 0) == 1);
    CHECK(waitpid(child, &status, 0) == child && status == 0);

    pthread_mutexattr_t attributes;
    pthread_mutex_t *lock = (pthread_mutex_t *)(shared + 64);
    pthread_mutexattr_init(&attributes);
    CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
    CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
    CHECK(pthread_mutex_init(lock, &attributes) == 0);
    shared[2] = 0;
    pid_t children[4];
    for (int i = 0; i < 4; i++)
        if ((children[i] = fork()) == 0) {
            for (int n = 0; n < 2000; n++) {
                pthread_mutex_lock(lock);
                shared[2]++;
                pthread_mutex_unlock(lock);
            }
            _exit(0);
        }
    for (int i = 0; i < 4; i++)
        waitpid(children[i], &status, 0);
    CHECK(shared[2] == 8000);

    /* Its owner dies: the next one learns of it. */
    shared[3] = 0;
    if ((child = fork()) == 0) {
        pthread_mutex_lock(lock);
        __atomic_store_n(&shared[3], 1, __ATOMIC_SEQ_CST);
        usleep(100000);
        kill(getpid(), SIGKILL);
    }
    while (__atomic_load_n(&shared[3], __ATOMIC_SEQ_CST) == 0)
        usleep(1000);
    CHECK(pthread_mutex_lock(lock) == EOWNERDEAD);
    CHECK(pthread_mutex_consistent(lock) == 0 && pthread_mutex_unlock(lock) == 0);
    CHECK(pthread_mutex_lock(lock) == 0 && pthread_mutex_unlock(lock) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == SIGKILL);
    munmap(shared, 4096);
    close(file);
    unlink("page");
}

/* A private page, after fork, is not the same any more. */
static void after_fork(void)
{
    uint32_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct timespec time = {0, 100000000};
    pid_t child = fork();
    if (child == 0)
        _exit(futex(page, WAIT, 0, &time, NULL, 0) == -1 && errno == ETIMEDOUT ? 0 : 1);
    int woken = 0, status;
    for (int i = 0; i < 5; i++) {
        usleep(10000);
        woken += (int)futex(page, WAKE, 1, NULL, NULL, 0);
    }
    CHECK(woken == 0 && waitpid(child, &status, 0) == child && status == 0);
    /* A page that has never been touched, or can only be read. */
    uint32_t *fresh = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    time.tv_nsec = 1000;
    FAILS(ETIMEDOUT, futex(fresh, WAIT | PRIVATE, 0, &time, NULL, 0));
    FAILS(EAGAIN, futex(fresh + 1, WAIT | PRIVATE, 3, &time, NULL, 0));
    FAILS(EFAULT, futex(page, WAKE_OP | PRIVATE, 1, NULL, fresh, 1u << 28 | 1 << 12));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Robust lists
 */

static void lists(void)
{
    void *head;
    size_t size = 0;
    uint32_t mine[3];
    FAILS(EINVAL, syscall(SYS_set_robust_list, mine, 23));
    FAILS(ESRCH, syscall(SYS_get_robust_list, 32760, &head, &size));
    FAILS(EFAULT, syscall(SYS_get_robust_list, 0, KERNEL, &size));
    FAILS(EFAULT, syscall(SYS_get_robust_list, 0, &head, KERNEL));
    CHECK(syscall(SYS_get_robust_list, 0, &head, &size) == 0 && size == 24);
    /* Lists that lead nowhere, or in a circle, do no harm. */
    static uint64_t circle[3], bad[3] = {0xffff800000000000ul, 0, 0}, wild[3];
    static uint64_t first[1], second[1];
    int status, sum = 0;
    for (int i = 0; i < 4; i++) {
        pid_t child = fork();
        if (child == 0) {
            first[0] = (uint64_t)second;
            second[0] = (uint64_t)first;
            circle[0] = (uint64_t)first;
            circle[1] = 64;
            wild[0] = (uint64_t)first;
            wild[1] = 0x7ffffffffffffffful;
            wild[2] = 0x10000;
            syscall(SYS_set_robust_list, i == 0 ? circle : i == 1 ? bad : i == 2 ? wild : (void *)KERNEL, 24);
            _exit(1);
        }
        waitpid(child, &status, 0);
        sum += status >> 8;
    }
    CHECK(sum == 4);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    errors();
    timeouts();
    operations();
    waking();
    moving();
    signals();
    between_processes();
    after_fork();
    lists();
    return done();
}
