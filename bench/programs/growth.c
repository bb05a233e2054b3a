/*
 * How what something costs grows with what there is around it: the same thing done among few and among many. `prepare`
 * makes micro_size of whatever it is, `finish` gives them back.
 */
#include "bench/programs/micro.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L
#define DESCRIPTORS 40000

static const long pages_sizes[] = {16, 256, 4096, 16384, 0};
static const long depth_sizes[] = {1, 4, 16, 64, 0};
static const long thread_sizes[] = {1, 16, 128, 512, 0};
static const long area_sizes[] = {16, 256, 4096, 16384, 0};
static const long many_sizes[] = {10, 100, 1000, 10000, 0};
static const long file_sizes[] = {10, 100, 1000, 0};
static const long process_sizes[] = {1, 16, 128, 512, 0};

/* As many descriptors as the largest sizes need. */
static void allow_descriptors(void)
{
    struct rlimit limit = {DESCRIPTORS, DESCRIPTORS};
    must(setrlimit(RLIMIT_NOFILE, &limit));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Memory: resident pages, areas
 */

static char *region;
static long region_size;

static void map_region(long pages, int protection)
{
    region_size = pages * PAGE;
    region = mmap(NULL, (size_t)region_size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(region == MAP_FAILED ? -1 : 0);
}

static void make_pages(void)
{
    map_region(micro_size, PROT_READ | PROT_WRITE);
    memset(region, 1, (size_t)region_size);
}

static void drop_region(void)
{
    munmap(region, (size_t)region_size);
}

static void fork_and_exit(long count)
{
    for (; count > 0; count--) {
        int pid = (int)must(fork());
        if (pid == 0)
            _exit(0);
        micro_reap(pid);
    }
}

/* Each second page may be read, so that no two areas are one. */
static void make_areas(void)
{
    map_region(micro_size, PROT_NONE);
    for (long i = 0; i < micro_size; i += 2)
        must(mprotect(region + i * PAGE, PAGE, PROT_READ));
}

static void map_and_unmap(long count)
{
    for (; count > 0; count--) {
        char *at = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        must(at == MAP_FAILED ? -1 : 0);
        munmap(at, PAGE);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Names and descriptors
 */

static char path[PAGE];

static void make_path(void)
{
    strcpy(path, MICRO_FOLDER "/deep");
    for (long i = 0; i < micro_size; i++) {
        must(mkdir(path, 0755));
        strcat(path, "/d");
    }
    close((int)must(open(path, O_WRONLY | O_CREAT, 0644)));
}

static void remove_path(void)
{
    must(unlink(path));
    for (long i = 0; i < micro_size; i++) {
        *strrchr(path, '/') = 0;
        must(rmdir(path));
    }
}

static void call_stat(long count)
{
    struct stat info;
    for (; count > 0; count--)
        must(stat(path, &info));
}

static void name_entry(long i)
{
    snprintf(path, sizeof path, MICRO_FOLDER "/full/%ld", i);
}

static void make_entries(void)
{
    must(mkdir(MICRO_FOLDER "/full", 0755));
    for (long i = 0; i < micro_size; i++) {
        name_entry(i);
        close((int)must(open(path, O_WRONLY | O_CREAT | O_EXCL, 0644)));
    }
}

static void remove_entries(void)
{
    for (long i = 0; i < micro_size; i++) {
        name_entry(i);
        must(unlink(path));
    }
    must(rmdir(MICRO_FOLDER "/full"));
}

static void create_and_delete(long count)
{
    for (; count > 0; count--) {
        close((int)must(open(MICRO_FOLDER "/full/new", O_WRONLY | O_CREAT | O_EXCL, 0644)));
        must(unlink(MICRO_FOLDER "/full/new"));
    }
}

static int *descriptors;

static void make_descriptors(void)
{
    allow_descriptors();
    descriptors = calloc((size_t)micro_size, sizeof *descriptors);
    for (long i = 0; i < micro_size; i++)
        descriptors[i] = (int)must(open("/dev/zero", O_RDONLY));
}

static void close_descriptors(void)
{
    for (long i = 0; i < micro_size; i++)
        close(descriptors[i]);
    free(descriptors);
}

static void open_and_close(long count)
{
    for (; count > 0; count--)
        close((int)must(open("/dev/zero", O_RDONLY)));
}

/* Locks on every second byte of a file, none beside another; the last one is taken and given back. */
static void lock_byte(short type, long at)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};
    must(fcntl(descriptors[0], F_SETLK, &lock));
}

static void make_locks(void)
{
    descriptors = calloc(1, sizeof *descriptors);
    descriptors[0] = (int)must(open(MICRO_FOLDER "/locks", O_RDWR | O_CREAT, 0644));
    for (long i = 0; i < micro_size; i++)
        lock_byte(F_WRLCK, 2 * i);
}

static void remove_locks(void)
{
    close(descriptors[0]);
    free(descriptors);
    must(unlink(MICRO_FOLDER "/locks"));
}

static void lock_and_unlock(long count)
{
    for (; count > 0; count--) {
        lock_byte(F_WRLCK, 2 * micro_size);
        lock_byte(F_UNLCK, 2 * micro_size);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting for one of many files: of pipes, the last is ready
 */

static struct pollfd *set;
static int poller;

static void make_pipes(void)
{
    allow_descriptors();
    descriptors = calloc((size_t)micro_size * 2, sizeof *descriptors);
    set = calloc((size_t)micro_size, sizeof *set);
    poller = (int)must(epoll_create1(0));
    for (long i = 0; i < micro_size; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        must(pipe(&descriptors[2 * i]));
        set[i] = (struct pollfd){.fd = descriptors[2 * i], .events = POLLIN};
        must(epoll_ctl(poller, EPOLL_CTL_ADD, descriptors[2 * i], &event));
    }
    must(write(descriptors[2 * micro_size - 1], "x", 1));
}

static void close_pipes(void)
{
    for (long i = 0; i < 2 * micro_size; i++)
        close(descriptors[i]);
    close(poller);
    free(descriptors);
    free(set);
}

static void poll_all(long count)
{
    for (; count > 0; count--)
        must(poll(set, (nfds_t)micro_size, 0));
}

static void epoll_all(long count)
{
    struct epoll_event ready;
    for (; count > 0; count--)
        must(epoll_wait(poller, &ready, 1, -1));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Timers: all but one an hour and more away
 */

static void set_timer(int timer, long seconds)
{
    struct itimerspec when = {.it_value = {.tv_sec = seconds}};
    must(timerfd_settime(timer, 0, &when, NULL));
}

static void make_timers(void)
{
    allow_descriptors();
    descriptors = calloc((size_t)micro_size + 1, sizeof *descriptors);
    for (long i = 0; i <= micro_size; i++) {
        descriptors[i] = (int)must(timerfd_create(CLOCK_MONOTONIC, 0));
        set_timer(descriptors[i], 3600 + (i * 7919) % 10007);
    }
}

static void close_timers(void)
{
    for (long i = 0; i <= micro_size; i++)
        close(descriptors[i]);
    free(descriptors);
}

static void start_and_stop(long count)
{
    for (; count > 0; count--) {
        set_timer(descriptors[0], 8000);
        set_timer(descriptors[0], 0);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Threads and processes that sleep while two others talk, or come and go
 */

#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129
#define THREADS_MAX 513

static pthread_t threads[THREADS_MAX];
static int turns[THREADS_MAX * 16]; /* one for each thread, and [0] ours; a cache line each */
static int stopping;

static void give_turn(int *turn)
{
    __atomic_store_n(turn, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, turn, FUTEX_WAKE_PRIVATE, 1, NULL);
}

static void take_turn(int *turn)
{
    while (!__atomic_exchange_n(turn, 0, __ATOMIC_SEQ_CST))
        syscall(SYS_futex, turn, FUTEX_WAIT_PRIVATE, 0, NULL);
}

static void *answer(void *argument)
{
    int *turn = argument;
    for (;;) {
        take_turn(turn);
        if (__atomic_load_n(&stopping, __ATOMIC_SEQ_CST))
            return NULL;
        give_turn(&turns[0]);
    }
}

static void start_threads(void)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 65536);
    stopping = 0;
    for (long i = 1; i <= micro_size; i++)
        must(-pthread_create(&threads[i], &attributes, answer, &turns[16 * i]));
}

static void end_threads(void)
{
    __atomic_store_n(&stopping, 1, __ATOMIC_SEQ_CST);
    for (long i = 1; i <= micro_size; i++) {
        give_turn(&turns[16 * i]);
        pthread_join(threads[i], NULL);
    }
}

/* With the first of them, while the rest sleep. */
static void hand_over(long count)
{
    for (; count > 0; count--) {
        give_turn(&turns[16]);
        take_turn(&turns[0]);
    }
}

static void *end_at_once(void *argument)
{
    return argument;
}

static void create_and_join(long count)
{
    for (; count > 0; count--) {
        pthread_t thread;
        must(-pthread_create(&thread, NULL, end_at_once, NULL));
        pthread_join(thread, NULL);
    }
}

static void start_processes(void)
{
    descriptors = calloc((size_t)micro_size, sizeof *descriptors);
    for (long i = 0; i < micro_size; i++) {
        descriptors[i] = (int)must(fork());
        while (descriptors[i] == 0)
            pause();
    }
}

static void end_processes(void)
{
    for (long i = 0; i < micro_size; i++)
        kill(descriptors[i], SIGKILL);
    for (long i = 0; i < micro_size; i++)
        waitpid(descriptors[i], NULL, 0);
    free(descriptors);
}

const struct micro micro_growth[] = {
    {"fork_among_pages", make_pages, fork_and_exit, drop_region, 4, 0, pages_sizes},
    {"fork_among_processes", start_processes, fork_and_exit, end_processes, 10, 0, process_sizes},
    {"stat_at_depth", make_path, call_stat, remove_path, 100, 0, depth_sizes},
    {"create_among_entries", make_entries, create_and_delete, remove_entries, 50, 0, many_sizes},
    {"open_among_descriptors", make_descriptors, open_and_close, close_descriptors, 100, 0, many_sizes},
    {"lock_among_locks", make_locks, lock_and_unlock, remove_locks, 50, 0, file_sizes},
    {"wake_among_threads", start_threads, hand_over, end_threads, 50, 0, thread_sizes},
    {"create_among_threads", start_threads, create_and_join, end_threads, 20, 0, thread_sizes},
    {"map_among_areas", make_areas, map_and_unmap, drop_region, 50, 0, area_sizes},
    {"timer_among_timers", make_timers, start_and_stop, close_timers, 100, 0, many_sizes},
    {"poll_among_files", make_pipes, poll_all, close_pipes, 10, 0, file_sizes},
    {"epoll_among_files", make_pipes, epoll_all, close_pipes, 100, 0, many_sizes},
    {0},
};
