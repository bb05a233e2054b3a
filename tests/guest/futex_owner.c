/*
 * Futexes with an owner (FUTEX_LOCK_PI): every operation and its errors, handing over in turn, timeouts, signals,
 * owners that die or execute another program, and the mutexes of the C libraries that are made of them.
 */
#include "tests/guest/guest.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
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
enum { WAIT, WAKE, REQUEUE = 3, CMP_REQUEUE, WAKE_OP, LOCK, UNLOCK, TRYLOCK, LOCK2 = 13 };
#define WAITERS 0x80000000u
#define DIED 0x40000000u
#define NOBODY 32760u /* no task has this number */

static uint32_t *page; /* shared with children */

static long futex(volatile uint32_t *address, int operation, uint32_t value, const void *timeout,
    volatile uint32_t *second, uint32_t third)
{
    return syscall(SYS_futex, address, operation, value, timeout, second, third);
}

static uint32_t self(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

static uint32_t get(uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void set(uint32_t *word, uint32_t value)
{
    __atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/* Until it is, or for a minute. */
static bool become(uint32_t *word, uint32_t mask, uint32_t value)
{
    for (int i = 0; i < 60000 && (get(word) & mask) != value; i++)
        usleep(1000);
    return (get(word) & mask) == value;
}

/* Until TID sleeps in a call, as /proc has it. */
static bool sleeps(uint32_t tid)
{
    char name[64], line[256];
    snprintf(name, sizeof name, "/proc/%u/stat", tid);
    for (int i = 0; i < 60000; i++, usleep(1000)) {
        FILE *file = fopen(name, "r");
        bool there = file && fgets(line, sizeof line, file) != NULL;
        if (file)
            fclose(file);
        const char *state = there ? strrchr(line, ')') : NULL;
        if (state && state[2] == 'S')
            return true;
    }
    return false;
}

static struct timespec in(clockid_t clock, long ms)
{
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_nsec += ms * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static void alone(void)
{
    uint32_t *word = page, me = self();
    struct timespec bad = {0, 1000000000}, soon = in(CLOCK_REALTIME, 10);
    set(word, 0);
    CHECK(futex(word, LOCK | PRIVATE, 0, NULL, NULL, 0) == 0 && get(word) == me);
    FAILS(EDEADLK, futex(word, LOCK | PRIVATE, 0, NULL, NULL, 0));
    FAILS(EDEADLK, futex(word, TRYLOCK | PRIVATE, 0, NULL, NULL, 0));
    CHECK(futex(word, UNLOCK | PRIVATE, 0, NULL, NULL, 0) == 0 && get(word) == 0);
    FAILS(EPERM, futex(word, UNLOCK | PRIVATE, 0, NULL, NULL, 0));
    CHECK(futex(word, TRYLOCK, 0, NULL, NULL, 0) == 0 && get(word) == me);
    set(word, me | WAITERS);
    CHECK(futex(word, UNLOCK, 0, NULL, NULL, 0) == 0 && get(word) == 0);
    CHECK(futex(word, LOCK2, 0, &soon, NULL, 0) == 0 && get(word) == me);
    CHECK(futex(word, UNLOCK, 0, NULL, NULL, 0) == 0);
    set(word, DIED | WAITERS);
    CHECK(futex(word, LOCK, 0, NULL, NULL, 0) == 0 && get(word) == (me | DIED));
    CHECK(futex(word, UNLOCK, 0, NULL, NULL, 0) == 0 && get(word) == 0);
    set(word, NOBODY);
    FAILS(ESRCH, futex(word, LOCK, 0, NULL, NULL, 0));
    CHECK(get(word) == (NOBODY | WAITERS));
    FAILS(ESRCH, futex(word, TRYLOCK, 0, NULL, NULL, 0));
    FAILS(EPERM, futex(word, UNLOCK, 0, NULL, NULL, 0));
    set(word, 0);
    FAILS(EINVAL, futex(word, LOCK, 0, &bad, NULL, 0));
    FAILS(EFAULT, futex(word, LOCK, 0, KERNEL, NULL, 0));
    FAILS(ENOSYS, futex(word, LOCK | REALTIME, 0, NULL, NULL, 0));
    FAILS(ENOSYS, futex(word, UNLOCK | REALTIME, 0, NULL, NULL, 0));
    FAILS(ENOSYS, futex(word, TRYLOCK | REALTIME, 0, NULL, NULL, 0));
    FAILS(EFAULT, futex(NOTHING, LOCK, 0, NULL, NULL, 0));
    FAILS(EFAULT, futex(NOTHING, LOCK | PRIVATE, 0, NULL, NULL, 0));
    FAILS(EFAULT, futex(NOTHING, UNLOCK, 0, NULL, NULL, 0));
    FAILS(EFAULT, futex(KERNEL, TRYLOCK, 0, NULL, NULL, 0));
    FAILS(EINVAL, futex((uint32_t *)((char *)word + 1), LOCK, 0, NULL, NULL, 0));
    uint32_t *fixed = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    FAILS(EFAULT, futex(fixed, LOCK | PRIVATE, 0, NULL, NULL, 0));
    munmap(fixed, 4096);
}

/* ------------------------------------------------------------------------------------------------------------------
 * With another who has the lock: page[0]. page[1]: he has it; page[2]: he may go
 */

static void *have(void *argument)
{
    bool fine = futex(page, LOCK, 0, NULL, NULL, 0) == 0;
    set(&page[1], self());
    become(&page[2], 1, 1);
    fine = futex(page, UNLOCK, 0, NULL, NULL, 0) == 0 && fine;
    return (void *)(long)!fine;
}

static pthread_t start(void *(*function)(void *))
{
    pthread_t thread;
    memset(page, 0, 64);
    pthread_create(&thread, NULL, function, NULL);
    while (get(&page[1]) == 0)
        usleep(1000);
    return thread;
}

static volatile sig_atomic_t caught;
static void note(int signal)
{
    caught++;
    set(&page[2], 1);
}

static void *signal_main(void *argument)
{
    sleeps((uint32_t)getpid());
    kill(getpid(), SIGUSR1);
    return NULL;
}

static void with_owner(void)
{
    struct sigaction action = {.sa_handler = note};
    void *result;
    pthread_t thread = start(have), other;
    uint32_t owner = get(&page[1]);
    FAILS(EAGAIN, futex(page, TRYLOCK, 0, NULL, NULL, 0));
    CHECK(get(page) == (owner | WAITERS));
    struct timespec time = in(CLOCK_REALTIME, 20);
    FAILS(ETIMEDOUT, futex(page, LOCK, 0, &time, NULL, 0));
    time = in(CLOCK_MONOTONIC, 20);
    FAILS(ETIMEDOUT, futex(page, LOCK2, 0, &time, NULL, 0));
    time = in(CLOCK_REALTIME, 20);
    FAILS(ETIMEDOUT, futex(page, LOCK2 | REALTIME, 0, &time, NULL, 0));
    FAILS(ETIMEDOUT, futex(page, LOCK, 0, &(struct timespec){0, 0}, NULL, 0));
    FAILS(EPERM, futex(page, UNLOCK, 0, NULL, NULL, 0));
    CHECK(get(page) == (owner | WAITERS));
    /* A signal in the middle: the handler runs, and the wait goes on. (If it comes before that, nobody waits.) */
    sigaction(SIGUSR1, &action, NULL);
    sigset_t set_of_one;
    sigemptyset(&set_of_one);
    sigaddset(&set_of_one, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set_of_one, NULL);
    pthread_create(&other, NULL, signal_main, NULL);
    pthread_sigmask(SIG_UNBLOCK, &set_of_one, NULL);
    CHECK(futex(page, LOCK, 0, NULL, NULL, 0) == 0 && caught == 1 && (get(page) & ~WAITERS) == self());
    CHECK(pthread_join(other, NULL) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == NULL);
    CHECK(futex(page, UNLOCK, 0, NULL, NULL, 0) == 0 && get(page) == 0);
}

/* Who waits there is not one of those whom WAKE and the like may wake. page[4]: the waiter's number */
static void *wait_for_it(void *argument)
{
    set(&page[4], self());
    bool fine = futex(page, LOCK, 0, NULL, NULL, 0) == 0 && (get(page) & 0x3fffffff) == self();
    fine = futex(page, UNLOCK, 0, NULL, NULL, 0) == 0 && fine;
    return (void *)(long)!fine;
}

static void *wait_for_word(void *argument)
{
    set(&page[4], self());
    return (void *)futex(page, WAIT, get(page), NULL, NULL, 0);
}

static void mixed(void)
{
    void *result;
    pthread_t thread;
    memset(page, 0, 64);
    CHECK(futex(page, LOCK, 0, NULL, NULL, 0) == 0);
    pthread_create(&thread, NULL, wait_for_it, NULL);
    CHECK(become(page, WAITERS, WAITERS) && sleeps(get(&page[4])));
    FAILS(EINVAL, futex(page, WAKE, 1, NULL, NULL, 0));
    FAILS(EINVAL, futex(page, REQUEUE, 1, (void *)1, &page[8], 0));
    FAILS(EINVAL, futex(page, WAKE_OP, 1, (void *)1, &page[8], 0));
    uint32_t word = get(page);
    set(page, NOBODY | WAITERS);
    FAILS(EINVAL, futex(page, TRYLOCK, 0, NULL, NULL, 0));
    set(page, word);
    CHECK(futex(page, UNLOCK, 0, NULL, NULL, 0) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == NULL && get(page) == 0);
    /* The other way round. */
    set(page, self());
    set(&page[4], 0);
    pthread_create(&thread, NULL, wait_for_word, NULL);
    while (get(&page[4]) == 0)
        usleep(1000);
    CHECK(sleeps(get(&page[4])));
    FAILS(EINVAL, futex(page, UNLOCK, 0, NULL, NULL, 0));
    set(page, NOBODY);
    FAILS(EINVAL, futex(page, LOCK, 0, NULL, NULL, 0));
    CHECK(futex(page, WAKE, 1, NULL, NULL, 0) == 1);
    CHECK(pthread_join(thread, &result) == 0 && result == NULL);
}

/* This thread has page[0] and wants page[8], which the other has, who wants page[0]. */
static void *cross(void *argument)
{
    bool fine = futex(&page[8], LOCK, 0, NULL, NULL, 0) == 0;
    set(&page[1], self());
    fine = futex(page, LOCK, 0, NULL, NULL, 0) == 0 && fine;
    fine = futex(page, UNLOCK, 0, NULL, NULL, 0) == 0 && futex(&page[8], UNLOCK, 0, NULL, NULL, 0) == 0 && fine;
    return (void *)(long)!fine;
}

static void circle(void)
{
    void *result;
    pthread_t thread;
    memset(page, 0, 64);
    CHECK(futex(page, LOCK, 0, NULL, NULL, 0) == 0);
    pthread_create(&thread, NULL, cross, NULL);
    while (get(&page[1]) == 0)
        usleep(1000);
    CHECK(become(page, WAITERS, WAITERS) && sleeps(get(&page[1])));
    FAILS(EDEADLK, futex(&page[8], LOCK, 0, NULL, NULL, 0));
    CHECK(futex(page, UNLOCK, 0, NULL, NULL, 0) == 0);
    CHECK(pthread_join(thread, &result) == 0 && result == NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Owners that are gone
 */

/* The child has the lock and, once somebody waits, goes: 0 ends, 1 is killed, 2 executes. */
static void owner_goes(int how, const char *path)
{
    int status;
    memset(page, 0, 64);
    pid_t child = fork();
    if (child == 0) {
        futex(page, LOCK, 0, NULL, NULL, 0);
        set(&page[1], 1);
        become(page, WAITERS, WAITERS);
        sleeps((uint32_t)getppid());
        if (how == 1)
            kill(getpid(), SIGKILL);
        if (how == 2)
            execl(path, path, "again", (char *)NULL);
        _exit(0);
    }
    become(&page[1], 1, 1);
    CHECK(futex(page, LOCK, 0, NULL, NULL, 0) == 0 && get(page) == (self() | WAITERS | DIED));
    CHECK(futex(page, UNLOCK, 0, NULL, NULL, 0) == 0 && get(page) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == (how == 1 ? SIGKILL : 0));
    /* With nobody waiting, nothing is done about it. */
    if ((child = fork()) == 0) {
        futex(page, LOCK, 0, NULL, NULL, 0);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && get(page) == (uint32_t)child);
    FAILS(ESRCH, futex(page, LOCK, 0, NULL, NULL, 0));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Mutexes
 */

static pthread_mutex_t mutex;
static long counter;

static bool make(pthread_mutex_t *lock, int type, bool process_shared, bool robust)
{
    pthread_mutexattr_t attributes;
    bool fine = pthread_mutexattr_init(&attributes) == 0 && pthread_mutexattr_settype(&attributes, type) == 0 &&
                pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0;
    if (process_shared)
        fine = fine && pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0;
    if (robust)
        fine = fine && pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0;
    return fine && pthread_mutex_init(lock, &attributes) == 0;
}

static void *count(void *argument)
{
    for (int i = 0; i < 2000; i++) {
        pthread_mutex_lock(&mutex);
        long now = counter;
        if (i % 100 == 0)
            sched_yield();
        counter = now + 1;
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void *die_with_it(void *argument)
{
    pthread_mutex_lock(argument);
    return NULL;
}

static void *try_it(void *argument)
{
    struct timespec time = in(CLOCK_REALTIME, 20);
    return (
        void *)(long)(pthread_mutex_trylock(&mutex) == EBUSY && pthread_mutex_timedlock(&mutex, &time) == ETIMEDOUT);
}

static void mutexes(void)
{
    pthread_t threads[6];
    void *result;
    CHECK(make(&mutex, PTHREAD_MUTEX_ERRORCHECK, false, false));
    CHECK(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_lock(&mutex) == EDEADLK);
    pthread_create(&threads[0], NULL, try_it, NULL);
    CHECK(pthread_join(threads[0], &result) == 0 && result != NULL);
    CHECK(pthread_mutex_unlock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == EPERM);
    CHECK(pthread_mutex_destroy(&mutex) == 0);
    CHECK(make(&mutex, PTHREAD_MUTEX_RECURSIVE, false, false));
    CHECK(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_trylock(&mutex) == 0);
    CHECK(pthread_mutex_unlock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
    CHECK(pthread_mutex_destroy(&mutex) == 0);
    CHECK(make(&mutex, PTHREAD_MUTEX_NORMAL, false, false));
    for (int i = 0; i < 6; i++)
        pthread_create(&threads[i], NULL, count, NULL);
    for (int i = 0; i < 6; i++)
        pthread_join(threads[i], NULL);
    CHECK(counter == 12000);
    CHECK(pthread_mutex_destroy(&mutex) == 0);
    CHECK(make(&mutex, PTHREAD_MUTEX_NORMAL, false, true));
    pthread_create(&threads[0], NULL, die_with_it, &mutex);
    CHECK(pthread_join(threads[0], NULL) == 0 && pthread_mutex_lock(&mutex) == EOWNERDEAD);
    CHECK(pthread_mutex_consistent(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
    pthread_create(&threads[0], NULL, die_with_it, &mutex);
    CHECK(pthread_join(threads[0], NULL) == 0 && pthread_mutex_trylock(&mutex) == EOWNERDEAD);
    CHECK(pthread_mutex_unlock(&mutex) == 0 && pthread_mutex_lock(&mutex) == ENOTRECOVERABLE);
}

static void between_processes(void)
{
    pthread_mutex_t *lock = (pthread_mutex_t *)(page + 64);
    pid_t children[4];
    int status, bad = 0;
    memset(page, 0, 4096);
    CHECK(make(lock, PTHREAD_MUTEX_NORMAL, true, true));
    for (int i = 0; i < 4; i++)
        if ((children[i] = fork()) == 0) {
            for (int n = 0; n < 1000; n++) {
                pthread_mutex_lock(lock);
                uint32_t now = page[5];
                if (n % 100 == 0)
                    sched_yield();
                page[5] = now + 1;
                pthread_mutex_unlock(lock);
            }
            _exit(0);
        }
    for (int i = 0; i < 4; i++)
        bad += waitpid(children[i], &status, 0) != children[i] || status != 0;
    CHECK(bad == 0 && page[5] == 4000);
#ifdef __GLIBC__ /* musl 1.2.3 waits for ever on Linux, now and then */
    /* Each of them dies with it; each next one mends it. */
    for (int i = 0; i < 4; i++)
        if ((children[i] = fork()) == 0) {
            int error = pthread_mutex_lock(lock);
            if (error == EOWNERDEAD)
                pthread_mutex_consistent(lock);
            page[6] += error == EOWNERDEAD;
            page[7] += error == 0;
            set(&page[8], get(&page[8]) + 1);
            usleep(20000);
            kill(getpid(), SIGKILL);
        }
    for (int i = 0; i < 4; i++)
        waitpid(children[i], &status, 0);
    CHECK(page[8] == 4 && page[6] == 3 && page[7] == 1);
    CHECK(pthread_mutex_lock(lock) == EOWNERDEAD && pthread_mutex_consistent(lock) == 0);
    CHECK(pthread_mutex_unlock(lock) == 0 && pthread_mutex_lock(lock) == 0 && pthread_mutex_unlock(lock) == 0);
#endif
}

int main(int count_of_arguments, char **arguments)
{
    if (count_of_arguments > 1)
        return 0; /* what owner_goes executes */
    setvbuf(stdout, NULL, _IONBF, 0);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    alone();
    with_owner();
    mixed();
    circle();
    for (int how = 0; how < 3; how++)
        owner_goes(how, arguments[0]);
    mutexes();
    between_processes();
    return done();
}
