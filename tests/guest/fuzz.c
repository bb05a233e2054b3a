/*
 * A fuzzer of system calls, as process 1 of a machine of its own: `fuzz [SECONDS [SEED [USER]]]`. It is not for the
 * host: there it skips itself.
 *
 * Round after round two processes make some hundred calls each, of the kernel's own table, with arguments that make
 * sense as often as not: descriptors of all kinds, names of all kinds, addresses that are mapped or not, structures
 * full of small numbers, pointers and noise. What hangs is killed after a while, and with it all that a round has left
 * over. At the end the machine must still be able to do its work: start a process, make a file, read a clock.
 *
 * SEED makes it do the same again, as far as the order of events allows; USER is who makes the calls (0).
 */
#include "kernel/syscall/table.h"
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SCRATCH 0x14000000ul
#define SCRATCH_SIZE 0x10000ul
#define NAMES 0x15000000ul
#define NAME_SIZE 64
#define CALLS 400
#define PATIENCE_MS 400

#define LENGTH(array) (sizeof(array) / sizeof *(array))

enum state { WHOLE, PARTIAL, REFUSED, ABSENT };
static const struct call {
    const char *name, *kinds;
    enum state state;
    int number;
} calls[] = {
#define ROW(number, name, kinds, state, note) {#name, kinds, state, number},
    SYSCALLS(ROW)};

/* These would end the round at once, or the machine. */
static const char *const left_out[] = {"exit", "exit_group", "vfork", "pause", "rt_sigsuspend", "reboot"};

static const char *const names[] = {"file", "directory", "fifo", "link", "new", "directory/inside", "/proc/self/maps",
    "/proc/self/fd/3", "/dev/null", "/dev/zero", "/proc/self", "..", ".", "", "/", "nowhere/at/all", "dangling", "loop",
    "/proc/self/exe", "/proc/self/mem", "directory/../file", "/proc/self/status", "/dev/full", "/dev/urandom"};

static uint64_t random_state;

static uint64_t any(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static uint64_t below(uint64_t limit)
{
    return any() % limit;
}

static uint64_t any_number(void)
{
    switch (below(8)) {
    case 0:
    case 1:
    case 2: return below(16);
    case 3: return below(256);
    case 4: return 1ull << below(64);
    case 5: return 1ull << below(32) | 1ull << below(32);
    case 6: return 0 - below(16);
    default: return any();
    }
}

static uint64_t any_address(void)
{
    static const uint64_t hostile[] = {
        0, 0x1000, 0x7ffffffff000, 0x800000000000, 0xffff800000000000, 0xffffffff80000000, UINT64_MAX - 7};
    switch (below(10)) {
    case 0: return hostile[below(LENGTH(hostile))];
    case 1: return SCRATCH + SCRATCH_SIZE - below(64);
    case 2: return SCRATCH + (below(SCRATCH_SIZE) & ~0xffful);
    default: return SCRATCH + (below(SCRATCH_SIZE) & ~7ul);
    }
}

static uint64_t any_size(void)
{
    static const uint64_t usual[] = {0, 1, 4, 8, 16, 24, 36, 56, 64, 88, 144, 512, 4096, 8192, 65536};
    return below(8) ? usual[below(LENGTH(usual))] : any_number();
}

static uint64_t argument(char kind)
{
    if (below(32) == 0)
        return any_number();
    switch (kind) {
    case 'a':
    case 'b': return any_address();
    case 'p': return NAMES + below(LENGTH(names)) * NAME_SIZE;
    case 'z': return any_size();
    case 'd': return below(2) ? (uint64_t)-100 : below(24);
    case 'f': return below(24);
    case 'o': return below(010000);
    default: return any_number();
    }
}

/* Words as structures are made of. */
static void fill_scratch(void)
{
    uint64_t *words = (uint64_t *)SCRATCH;
    for (unsigned i = 0; i < 64; i++) {
        size_t at = below(SCRATCH_SIZE / 8);
        words[at] = below(3) == 0 ? any_address() : any_number();
    }
}

static long raw(long number, const uint64_t a[6])
{
    register uint64_t r10 __asm__("r10") = a[3], r8 __asm__("r8") = a[4], r9 __asm__("r9") = a[5];
    long result;
    __asm__ volatile("syscall"
        : "=a"(result)
        : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
        : "rcx", "r11", "memory");
    return result;
}

static bool is_left_out(const struct call *call)
{
    for (size_t i = 0; i < LENGTH(left_out); i++)
        if (strcmp(call->name, left_out[i]) == 0)
            return true;
    return call->state == ABSENT;
}

/* ------------------------------------------------------------------------------------------------------------------
 * A round
 */

/* Descriptors from 3 on: one of each kind that there is. */
static void open_things(void)
{
    static const uint64_t none[6];
    int ends[2];
    (void)open("file", O_RDWR | O_CREAT, 0644);
    (void)open("directory", O_RDONLY | O_DIRECTORY);
    if (pipe(ends) == 0)
        (void)!write(ends[1], "some bytes", 10);
    (void)open("/dev/null", O_RDWR);
    (void)open("/dev/zero", O_RDWR);
    (void)open("fifo", O_RDWR | O_NONBLOCK);
    (void)open("/proc/self/maps", O_RDONLY);
    const uint64_t one[6] = {1};
    (void)raw(SYS_epoll_create1, none);
    (void)raw(SYS_eventfd2, none);
    (void)raw(SYS_timerfd_create, one);
    (void)raw(SYS_inotify_init1, none);
    const uint64_t pair[6] = {1, 1, 0, SCRATCH};
    (void)raw(SYS_socketpair, pair);
    (void)open("file", O_RDWR | O_APPEND);
}

static void go_on(int signal)
{
    (void)signal;
}

/* What waits is interrupted. */
static void impatient(void)
{
    const struct itimerval often = {.it_interval = {.tv_usec = 10000}, .it_value = {.tv_usec = 10000}};
    const struct sigaction action = {.sa_handler = go_on};
    (void)sigaction(SIGALRM, &action, NULL);
    (void)setitimer(ITIMER_REAL, &often, NULL);
}

static void prepare(void)
{
    mmap((void *)SCRATCH, SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mmap((void *)NAMES, 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (size_t i = 0; i < LENGTH(names); i++)
        strcpy((char *)NAMES + i * NAME_SIZE, names[i]);
    (void)mkdir("directory", 0755);
    (void)mkfifo("fifo", 0644);
    (void)symlink("file", "link");
    (void)symlink("nothing", "dangling");
    (void)symlink("loop", "loop");
    open_things();
    impatient();
}

static void call_at_random(uint64_t seed)
{
    random_state = seed | 1;
    prepare();
    for (unsigned i = 0; i < CALLS; i++) {
        const struct call *call = &calls[below(LENGTH(calls))];
        uint64_t arguments[6] = {0};
        if (is_left_out(call))
            continue;
        for (unsigned j = 0; call->kinds[j]; j++)
            arguments[j] = argument(call->kinds[j]);
        fill_scratch();
        (void)raw(call->number, arguments);
    }
    const uint64_t zero[6] = {0};
    raw(SYS_exit_group, zero);
}

static void become(unsigned user)
{
    const struct rlimit processes = {.rlim_cur = 64, .rlim_max = 64}, size = {.rlim_cur = 1 << 24, .rlim_max = 1 << 24};
    (void)setrlimit(RLIMIT_NPROC, &processes);
    (void)setrlimit(RLIMIT_FSIZE, &size);
    for (int fd = 0; fd < 3; fd++) {
        close(fd);
        (void)open("/dev/null", O_RDWR);
    }
    (void)setsid();
    if (user != 0 && (setresgid(user, user, user) < 0 || setresuid(user, user, user) < 0))
        _exit(1);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Nobody but us is left afterwards. */
static void clear_away(void)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    for (unsigned i = 0; i < 1000; i++) {
        (void)kill(-1, SIGKILL);
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
        if (waitpid(-1, NULL, WNOHANG) < 0)
            return;
        nanosleep(&nap, NULL);
    }
}

static bool run_round(uint64_t seed, unsigned user)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    unsigned running = 0;
    for (unsigned i = 0; i < 2; i++) {
        pid_t child = fork();
        if (child == 0) {
            become(user);
            call_at_random(seed + i * 0x9e3779b97f4a7c15ull);
        }
        running += child > 0;
    }
    if (running == 0)
        return false;
    for (uint64_t end = now_ms() + PATIENCE_MS; running > 0 && now_ms() < end;) {
        if (waitpid(-1, NULL, WNOHANG) > 0)
            running--;
        else
            nanosleep(&nap, NULL);
    }
    clear_away();
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------
 * All of them
 */

/* A directory of the user's for each round, so that what one has done to its files does not matter to the next. */
static void enter_directory(unsigned round, unsigned user)
{
    char name[32];
    snprintf(name, sizeof name, "/tmp/%u", round % 16);
    (void)mkdir("/tmp", 01777);
    (void)mkdir(name, 0777);
    (void)!chown(name, user, user);
    if (chdir(name) < 0)
        (void)!chdir("/");
}

static bool machine_works(void)
{
    int status = -1, fd = open("/works", O_RDWR | O_CREAT | O_TRUNC, 0600);
    pid_t child = fork();
    if (child == 0)
        _exit(write(fd, "yes", 3) == 3 ? 7 : 8);
    bool works = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7;
    close(fd);
    return works;
}

int main(int argc, char **argv)
{
    uint64_t seconds = argc > 1 ? strtoull(argv[1], NULL, 0) : 10;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 0;
    unsigned user = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 0) : 0, rounds = 0;
    struct utsname system;
    if (getpid() != 1 || uname(&system) < 0 || strstr(system.version, "Corrode") == NULL) {
        printf("1..0 # SKIP only for a machine of its own\n");
        return 0;
    }
    if (seed == 0)
        seed = (uint64_t)time(NULL) << 20 ^ now_ms();
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("# seed %#lx, user %u, %lu seconds\n", seed, user, seconds);
    uint64_t begin = now_ms(), told = begin;
    bool going = true;
    while (going && now_ms() < begin + seconds * 1000) {
        enter_directory(rounds, user);
        going = run_round(seed + rounds, user);
        rounds++;
        if (now_ms() > told + 5000) {
            told = now_ms();
            printf("# round %u\n", rounds);
        }
    }
    (void)!chdir("/");
    printf("# %u rounds of 2 x %u calls\n", rounds, CALLS);
    CHECK(going);
    CHECK(rounds > seconds);
    CHECK(machine_works());
    CHECK(getpid() == 1);
    return done();
}
