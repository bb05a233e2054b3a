/*
 * System V semaphores: operations that happen together, waiting and its order, undoing, what semctl tells and sets.
 *
 * guest: root
 */
#include "tests/guest/as_user.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <time.h>

#ifndef SEM_STAT_ANY
#define SEM_STAT_ANY 20
#endif

union argument {
    int value;
    struct semid_ds *about;
    unsigned short *array;
    struct seminfo *info;
};

static key_t key;

static int ask(int id, int number, int command)
{
    return semctl(id, number, command);
}

static int set(int id, int number, int value)
{
    return semctl(id, number, SETVAL, (union argument){.value = value});
}

static int about(int id, int command, struct semid_ds *to)
{
    return semctl(id, 0, command, (union argument){.about = to});
}

static int operate(int id, int number, int change, int flags)
{
    struct sembuf operation = {(unsigned short)number, (short)change, (short)flags};
    return semop(id, &operation, 1);
}

static int operate_for(int id, int number, int change, long ms)
{
    struct sembuf operation = {(unsigned short)number, (short)change, 0};
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    return (int)syscall(SYS_semtimedop, id, &operation, 1, &time);
}

static int wait_for(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* Until so many wait there. */
static bool come(int id, int number, int command, int count)
{
    for (int i = 0; i < 3000 && ask(id, number, command) != count; i++)
        usleep(1000);
    return ask(id, number, command) == count;
}

static void check_making(void)
{
    struct semid_ds status;
    FAILS(ENOENT, semget(key, 1, 0));
    FAILS(EINVAL, semget(key, 0, IPC_CREAT | 0600));
    FAILS(EINVAL, semget(key, -1, IPC_CREAT | 0600));
    FAILS(EINVAL, semget(key, 32001, IPC_CREAT | 0600));
    int id = semget(key, 3, IPC_CREAT | IPC_EXCL | 0640);
    CHECK(id >= 0 && semget(key, 0, 0) == id && semget(key, 3, 0640) == id);
    FAILS(EEXIST, semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
    FAILS(EINVAL, semget(key, 4, 0));
    CHECK(about(id, IPC_STAT, &status) == 0 && status.sem_nsems == 3 && status.sem_perm.mode == 0640);
    CHECK(status.sem_otime == 0 && status.sem_ctime != 0 && status.sem_perm.__key == key);
    CHECK(ask(id, 0, GETVAL) == 0 && ask(id, 2, GETVAL) == 0 && ask(id, 0, GETPID) == 0);
    FAILS(EINVAL, ask(id, 3, GETVAL));
    FAILS(EINVAL, ask(id, -1, GETVAL));
    FAILS(EINVAL, ask(id, 0, 77));
    FAILS(EINVAL, ask(-1, 0, GETVAL));
    FAILS(EFAULT, about(id, IPC_STAT, (void *)8));
    CHECK(semctl(id, 0, IPC_RMID) == 0);
    FAILS(EINVAL, ask(id, 0, GETVAL));
}

static void check_operations(void)
{
    struct semid_ds status;
    int id = semget(IPC_PRIVATE, 3, 0600);
    struct sembuf both[] = {{0, -1, IPC_NOWAIT}, {1, 2, 0}}, many[501] = {{0, 1, 0}};
    CHECK(operate(id, 0, 1, 0) == 0 && ask(id, 0, GETVAL) == 1 && ask(id, 0, GETPID) == getpid());
    CHECK(semop(id, both, 2) == 0 && ask(id, 0, GETVAL) == 0 && ask(id, 1, GETVAL) == 2);
    FAILS(EAGAIN, semop(id, both, 2));
    CHECK(ask(id, 1, GETVAL) == 2);
    struct sembuf back[] = {{1, 2, 0}, {0, -1, IPC_NOWAIT}};
    FAILS(EAGAIN, semop(id, back, 2));
    CHECK(ask(id, 1, GETVAL) == 2); /* the first of the two was taken back */
    struct sembuf turn[] = {{2, 1, 0}, {2, -1, 0}, {2, 0, 0}, {2, 5, 0}};
    CHECK(semop(id, turn, 4) == 0 && ask(id, 2, GETVAL) == 5);
    CHECK(operate(id, 0, 0, 0) == 0);
    FAILS(EAGAIN, operate(id, 1, 0, IPC_NOWAIT));
    FAILS(ERANGE, operate(id, 1, 32767, 0));
    CHECK(operate(id, 1, 32765, 0) == 0 && ask(id, 1, GETVAL) == 32767);
    FAILS(EFBIG, operate(id, 3, 1, 0));
    FAILS(EINVAL, semop(id, both, 0));
    FAILS(E2BIG, semop(id, many, 501));
    FAILS(EFAULT, semop(id, (void *)8, 1));
    FAILS(EINVAL, operate(-1, 0, 1, 0));
    FAILS(EINVAL, operate(id + 1, 0, 1, 0));
    FAILS(EAGAIN, operate_for(id, 0, -1, 0));
    struct timespec bad = {0, 1000000000};
    FAILS(EINVAL, (int)syscall(SYS_semtimedop, id, both, 1, &bad));
    FAILS(EFAULT, (int)syscall(SYS_semtimedop, id, both, 1, (void *)8));
    for (int i = 0; i < 500; i++)
        many[i] = (struct sembuf){0, 1, 0};
    CHECK(semop(id, many, 500) == 0 && ask(id, 0, GETVAL) == 500);
    CHECK(about(id, IPC_STAT, &status) == 0 && status.sem_otime != 0);
    CHECK(semctl(id, 0, IPC_RMID) == 0);
}

static void check_values(void)
{
    unsigned short values[3] = {7, 8, 9};
    int id = semget(IPC_PRIVATE, 3, 0600);
    CHECK(semctl(id, 0, SETALL, (union argument){.array = values}) == 0);
    memset(values, 0, sizeof values);
    CHECK(semctl(id, 0, GETALL, (union argument){.array = values}) == 0);
    CHECK(values[0] == 7 && values[1] == 8 && values[2] == 9);
    values[1] = 40000;
    FAILS(ERANGE, semctl(id, 0, SETALL, (union argument){.array = values}));
    FAILS(EFAULT, semctl(id, 0, SETALL, (union argument){.array = (void *)8}));
    FAILS(EFAULT, semctl(id, 0, GETALL, (union argument){.array = (void *)8}));
    CHECK(set(id, 1, 77) == 0 && ask(id, 1, GETVAL) == 77);
    FAILS(ERANGE, set(id, 1, -1));
    FAILS(ERANGE, set(id, 1, 32768));
    FAILS(EINVAL, set(id, 3, 1));
    CHECK(semctl(id, 0, IPC_RMID) == 0);
}

static void no_handler(int signal) {}

static void check_waiting(void)
{
    int id = semget(IPC_PRIVATE, 2, 0600);
    pid_t child = fork();
    if (child == 0)
        _exit(operate(id, 0, -2, 0) != 0);
    CHECK(come(id, 0, GETNCNT, 1) && ask(id, 0, GETZCNT) == 0);
    CHECK(operate(id, 0, 1, 0) == 0 && ask(id, 0, GETNCNT) == 1);
    CHECK(operate(id, 0, 2, 0) == 0 && wait_for(child) == 0 && ask(id, 0, GETVAL) == 1);
    CHECK(ask(id, 0, GETPID) == child);
    child = fork();
    if (child == 0)
        _exit(operate(id, 0, 0, 0) != 0);
    CHECK(come(id, 0, GETZCNT, 1) && set(id, 0, 0) == 0 && wait_for(child) == 0);
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    FAILS(EAGAIN, operate_for(id, 0, -1, 50));
    clock_gettime(CLOCK_MONOTONIC, &to);
    CHECK((to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000 >= 49);
    struct sigaction action = {.sa_handler = no_handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    ualarm(50000, 0);
    FAILS(EINTR, operate(id, 0, -1, 0)); /* it is never restarted */
    CHECK(ask(id, 0, GETNCNT) == 0);
    child = fork();
    if (child == 0)
        _exit(operate(id, 0, -1, 0) == -1 && errno == EIDRM ? 5 : 1);
    CHECK(come(id, 0, GETNCNT, 1) && semctl(id, 0, IPC_RMID) == 0 && wait_for(child) == 5 << 8);
}

/* The first come is the first served, and who can go on is not kept by one who cannot. */
static void check_order(void)
{
    int id = semget(IPC_PRIVATE, 2, 0600), statuses = 0;
    pid_t children[4];
    static const int wants[] = {3, 1, 1, 2};
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            int result = operate(id, 0, -wants[i], 0);
            _exit(result != 0);
        }
        CHECK(come(id, 0, GETNCNT, i + 1));
    }
    CHECK(operate(id, 0, 1, 0) == 0 && wait_for(children[1]) == 0); /* the one for 3 is first, but cannot */
    CHECK(operate(id, 0, 1, 0) == 0 && wait_for(children[2]) == 0);
    CHECK(operate(id, 0, 5, 0) == 0 && wait_for(children[0]) == 0 && wait_for(children[3]) == 0);
    CHECK(ask(id, 0, GETVAL) == 0);
    /* Two that together need both: nobody takes one and waits for the other. */
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct sembuf take[] = {{(unsigned short)i, -1, 0}, {(unsigned short)!i, -1, 0}};
            struct sembuf give[] = {{0, 1, 0}, {1, 1, 0}};
            for (int n = 0; n < 500; n++)
                if (semop(id, take, 2) != 0 || semop(id, give, 2) != 0)
                    _exit(1);
            _exit(0);
        }
    }
    struct sembuf give[] = {{0, 1, 0}, {1, 1, 0}};
    CHECK(semop(id, give, 2) == 0);
    for (int i = 0; i < 2; i++)
        statuses |= wait_for(children[i]);
    CHECK(statuses == 0 && ask(id, 0, GETVAL) == 1 && ask(id, 1, GETVAL) == 1);
    CHECK(semctl(id, 0, IPC_RMID) == 0);
}

static int in_thread;
static void *take_in_thread(void *argument)
{
    in_thread = operate(*(int *)argument, 0, -1, SEM_UNDO);
    return NULL;
}

static void check_undo(void)
{
    int id = semget(IPC_PRIVATE, 2, 0600);
    CHECK(set(id, 0, 5) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(operate(id, 0, -3, SEM_UNDO) != 0 || operate(id, 1, 4, SEM_UNDO) != 0 || ask(id, 0, GETVAL) != 2);
    CHECK(wait_for(child) == 0 && ask(id, 0, GETVAL) == 5 && ask(id, 1, GETVAL) == 0);
    CHECK(ask(id, 0, GETPID) == child);
    child = fork();
    if (child == 0) {
        (void)!operate(id, 0, -1, SEM_UNDO);
        kill(getpid(), SIGKILL);
    }
    CHECK(wait_for(child) == SIGKILL && ask(id, 0, GETVAL) == 5);
    child = fork();
    if (child == 0)
        _exit(operate(id, 0, -3, SEM_UNDO) != 0 || set(id, 0, 1) != 0); /* which forgets what was to be undone */
    CHECK(wait_for(child) == 0 && ask(id, 0, GETVAL) == 1);
    child = fork();
    if (child == 0) { /* more than there is: it stays at 0 */
        if (operate(id, 1, 3, SEM_UNDO) != 0)
            _exit(1);
        pid_t other = fork();
        if (other == 0)
            _exit(operate(id, 1, -2, 0) != 0);
        _exit(wait_for(other) != 0);
    }
    CHECK(wait_for(child) == 0 && ask(id, 1, GETVAL) == 0);
    child = fork();
    if (child == 0) { /* threads share what is to be undone: the end of one undoes nothing */
        pthread_t thread;
        set(id, 0, 9);
        pthread_create(&thread, NULL, take_in_thread, &id);
        pthread_join(thread, NULL);
        usleep(20000);
        _exit(in_thread != 0 || ask(id, 0, GETVAL) != 8);
    }
    CHECK(wait_for(child) == 0 && ask(id, 0, GETVAL) == 9);
    child = fork();
    if (child == 0) { /* somebody waits for what is undone */
        (void)!operate(id, 0, -9, SEM_UNDO);
        while (ask(id, 0, GETNCNT) != 1)
            usleep(1000);
        _exit(0);
    }
    while (ask(id, 0, GETVAL) != 0)
        usleep(1000);
    CHECK(operate(id, 0, -9, 0) == 0 && wait_for(child) == 0);
    CHECK(operate(id, 0, 1, SEM_UNDO) == 0 && semctl(id, 0, IPC_RMID) == 0);
}

static int shared;

static void check_as_user(void)
{
    struct semid_ds status;
    CHECK(semget(key, 1, 0444) == shared);
    FAILS(EACCES, semget(key, 1, 0222));
    CHECK(ask(shared, 0, GETVAL) == 0 && operate(shared, 0, 0, 0) == 0);
    FAILS(EACCES, operate(shared, 0, 1, 0));
    FAILS(EACCES, set(shared, 0, 1));
    FAILS(EPERM, semctl(shared, 0, IPC_RMID));
    CHECK(about(shared, IPC_STAT, &status) == 0);
    FAILS(EPERM, about(shared, IPC_SET, &status));
    int mine = semget(IPC_PRIVATE, 1, 0);
    FAILS(EACCES, ask(mine, 0, GETVAL));
    CHECK(semctl(mine, 0, IPC_RMID) == 0);
}

static bool has_line(const char *file, const char *line)
{
    char text[512];
    bool found = false;
    FILE *stream = fopen(file, "r");
    while (stream && fgets(text, sizeof text, stream))
        found |= strncmp(text, line, strlen(line)) == 0;
    if (stream)
        fclose(stream);
    return found;
}

static void check_told(void)
{
    struct seminfo limits, totals;
    struct semid_ds status;
    char line[128];
    int values[4] = {0}, found = -1;
    shared = semget(key, 2, IPC_CREAT | 0644);
    as_user(check_as_user);
    int highest = semctl(0, 0, IPC_INFO, (union argument){.info = &limits});
    CHECK(highest >= 0 && limits.semvmx == 32767);
    FILE *stream = fopen("/proc/sys/kernel/sem", "r");
    CHECK(stream && fscanf(stream, "%d %d %d %d", &values[0], &values[1], &values[2], &values[3]) == 4);
    if (stream)
        fclose(stream);
    CHECK(values[0] == limits.semmsl && values[1] == limits.semmns && values[2] == limits.semopm);
    CHECK(values[3] == limits.semmni);
    CHECK(semctl(0, 0, SEM_INFO, (union argument){.info = &totals}) == highest);
    CHECK(totals.semusz >= 1 && totals.semaem >= 2);
    for (int i = 0; i <= highest; i++)
        if (about(i, SEM_STAT, &status) == shared)
            found = i;
    CHECK(found >= 0 && about(found, SEM_STAT_ANY, &status) == shared && status.sem_nsems == 2);
    snprintf(line, sizeof line, "%10d %10d  %4o %10u %5u %5u %5u %5u ", key, shared, 0644, 2, 0, getgid(), 0, getgid());
    CHECK(has_line("/proc/sysvipc/sem", line));
    CHECK(semctl(shared, 0, IPC_RMID) == 0 && !has_line("/proc/sysvipc/sem", line));
}

int main(void)
{
    key = (key_t)(0x5b000000 | (getpid() & 0xffffff));
    check_making();
    check_operations();
    check_values();
    check_waiting();
    check_order();
    check_undo();
    check_told();
    return done();
}
