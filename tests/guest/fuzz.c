/*
 * A fuzzer of system calls, as process 1 of a machine of its own: `fuzz [SECONDS [SEED [USER]]]`. It is not for the
 * host: there it skips itself.
 *
 * Round after round two processes of three threads each make some hundred calls in every thread, of the kernel's own
 * table, with arguments that make sense as often as not: descriptors of all kinds, names of all kinds, addresses that
 * are mapped or not, structures full of small numbers, pointers and noise, or well formed (fuzz_shapes.h). The threads
 * share memory and descriptors, the processes some descriptors and a page of futexes. In debug kernels allocations fail
 * now and then (/proc/thread-self/fail-nth). What hangs is killed after a while, and with it all that a round has left
 * over. At the end the machine must still be able to do its work: start a process, make a file, read a clock.
 *
 * SEED makes it do the same again, as far as the order of events allows; USER is who makes the calls (0).
 */
#include "kernel/syscall/table.h"
#include "tests/guest/fuzz_shapes.h"
#include "tests/guest/guest.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define PROCESSES 2
#define THREADS 3 /* of each */
#define CALLS 300
#define PATIENCE_MS 250

enum state { WHOLE, PARTIAL, REFUSED, ABSENT };
static const struct call {
    const char *name, *kinds;
    enum state state;
    int number;
} calls[] = {
#define ROW(number, name, kinds, state, note) {#name, kinds, state, number},
    SYSCALLS(ROW)};

/* These would end the round at once, or the machine, or hide what happens. */
static const char *const left_out[] = {"exit", "exit_group", "vfork", "pause", "rt_sigsuspend", "reboot",
    "syslog" /* it would have the console tell everything */};

static const char *const names[] = {"file", "directory", "fifo", "link", "new", "directory/inside", "/proc/self/maps",
    "/proc/self/fd/3", "/dev/null", "/dev/zero", "/proc/self", "..", ".", "", "/", "nowhere/at/all", "dangling", "loop",
    "/proc/self/exe", "/proc/self/mem", "directory/../file", "/proc/self/status", "/dev/full", "/dev/urandom", "script",
    "/dev/ptmx", "/proc/self/fd", "/dev/tty", "socket-0", "/proc/thread-self/comm", "/dev/pts/0", "/dev/kmsg"};

static uint64_t any_number(struct caller *caller)
{
    switch (below(caller, 8)) {
    case 0:
    case 1:
    case 2: return below(caller, 16);
    case 3: return below(caller, 256);
    case 4: return 1ull << below(caller, 64);
    case 5: return 1ull << below(caller, 32) | 1ull << below(caller, 32);
    case 6: return 0 - below(caller, 16);
    default: return any(caller);
    }
}

static uint64_t any_address(struct caller *caller)
{
    static const uint64_t hostile[] = {
        0, 0x1000, 0x7ffffffff000, 0x800000000000, 0xffff800000000000, 0xffffffff80000000, UINT64_MAX - 7};
    switch (below(caller, 10)) {
    case 0: return hostile[below(caller, LENGTH(hostile))];
    case 1: return SCRATCH + SCRATCH_SIZE - below(caller, 64);
    case 2: return SCRATCH + (below(caller, SCRATCH_SIZE) & ~0xffful);
    default: return SCRATCH + (below(caller, SCRATCH_SIZE) & ~7ul);
    }
}

static uint64_t any_size(struct caller *caller)
{
    static const uint64_t usual[] = {0, 1, 4, 8, 16, 24, 36, 56, 64, 88, 144, 512, 4096, 8192, 65536};
    return below(caller, 8) ? usual[below(caller, LENGTH(usual))] : any_number(caller);
}

static uint64_t argument(struct caller *caller, char kind)
{
    if (below(caller, 32) == 0)
        return any_number(caller);
    switch (kind) {
    case 'a':
    case 'b':
    case 'r':
    case 's':
    case 'e':
    case 'v':
    case 'w': return any_address(caller);
    case 'p': return NAMES + below(caller, LENGTH(names)) * NAME_SIZE;
    case 'z': return any_size(caller);
    case 'd': return below(caller, 2) ? (uint64_t)-100 : below(caller, FDS);
    case 'f': return below(caller, FDS);
    case 'o': return below(caller, 010000);
    case 'S': return below(caller, 66);
    default: return any_number(caller);
    }
}

/* Words as structures are made of. */
static void fill_scratch(struct caller *caller)
{
    uint64_t *words = (uint64_t *)SCRATCH;
    for (unsigned i = 0; i < 64; i++) {
        size_t at = below(caller, SCRATCH_SIZE / 8);
        words[at] = below(caller, 3) == 0 ? any_address(caller) : any_number(caller);
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

static void call(long number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth)
{
    const uint64_t arguments[6] = {first, second, third, fourth};
    (void)raw(number, arguments);
}

/* Descriptors that all processes of a round have in common. */
static void open_common(void)
{
    int ends[2];
    (void)!socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
    (void)!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends);
    (void)!pipe(ends);
    call(SYS_eventfd2, 0, 0, 0, 0);
    (void)open("common", O_RDWR | O_CREAT, 0644);
}

static void close_common(void)
{
    for (int fd = 3; fd < FDS; fd++)
        close(fd);
}

/* Those of its own: one of each kind that there is. */
static void open_things(void)
{
    int ends[2];
    (void)open("file", O_RDWR | O_CREAT, 0644);
    (void)open("directory", O_RDONLY | O_DIRECTORY);
    if (pipe(ends) == 0)
        (void)!write(ends[1], "some bytes", 10);
    (void)open("/dev/null", O_RDWR);
    (void)open("/dev/zero", O_RDWR);
    (void)open("fifo", O_RDWR | O_NONBLOCK);
    (void)open("/proc/self/maps", O_RDONLY);
    (void)open("/proc", O_RDONLY | O_DIRECTORY);
    call(SYS_epoll_create1, 0, 0, 0, 0);
    call(SYS_epoll_create1, 0, 0, 0, 0);
    call(SYS_eventfd2, 0, 0, 0, 0);
    call(SYS_timerfd_create, 1, 0, 0, 0);
    call(SYS_inotify_init1, 0, 0, 0, 0);
    call(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, SCRATCH);
    call(SYS_socketpair, AF_UNIX, SOCK_SEQPACKET, 0, SCRATCH);
    call(SYS_socket, AF_UNIX, SOCK_STREAM, 0, 0);
    call(SYS_socket, AF_UNIX, SOCK_DGRAM, 0, 0);
    call(SYS_memfd_create, NAMES, 2, 0, 0);
    *(uint64_t *)SCRATCH = ~0ul;
    call(SYS_signalfd4, (uint64_t)-1, SCRATCH, 8, O_NONBLOCK);
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), off = 0;
    if (ioctl(master, TIOCSPTLCK, &off) == 0)
        (void)ioctl(master, TIOCGPTPEER, O_RDWR | O_NONBLOCK);
    (void)open("file", O_RDWR | O_APPEND);
}

static void go_on(int signal)
{
    (void)signal;
}

/* What waits is interrupted: in each thread by a timer of its own. */
static void impatient(void)
{
    const struct itimerspec often = {.it_interval = {.tv_nsec = 10000000}, .it_value = {.tv_nsec = 10000000}};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
    const uint64_t none[6] = {0};
    int timer = 0;
    event.sigev_notify_thread_id = (pid_t)raw(SYS_gettid, none);
    call(SYS_timer_create, CLOCK_MONOTONIC, number_of(&event), number_of(&timer), 0);
    call(SYS_timer_settime, (uint64_t)timer, 0, number_of(&often), 0);
}

static void prepare(void)
{
    mmap((void *)SCRATCH, SCRATCH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    mmap((void *)NAMES, 0x1000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (size_t i = 0; i < LENGTH(names); i++)
        strcpy((char *)NAMES + i * NAME_SIZE, names[i]);
    const struct sigaction action = {.sa_handler = go_on};
    (void)sigaction(SIGALRM, &action, NULL);
    (void)mkdir("directory", 0755);
    (void)mkfifo("fifo", 0644);
    (void)symlink("file", "link");
    (void)symlink("nothing", "dangling");
    (void)symlink("loop", "loop");
    int script = open("script", O_WRONLY | O_CREAT, 0755);
    (void)!write(script, "#!/proc/self/exe x\n", 19);
    close(script);
    open_things();
}

/* The Nth allocation from now on is to fail. Only debug kernels have the file. */
static void fail_sometimes(struct caller *caller)
{
    static const char name[] = "/proc/thread-self/fail-nth";
    char number[2] = {(char)('1' + below(caller, 9)), '\n'};
    const uint64_t to_open[6] = {number_of(name), O_WRONLY};
    long fd = raw(SYS_open, to_open);
    if (fd < 0)
        return;
    call(SYS_write, (uint64_t)fd, number_of(number), 2, 0);
    call(SYS_close, (uint64_t)fd, 0, 0, 0);
}

static void call_something(struct caller *caller)
{
    static int which[LENGTH(calls)]; /* 1 + shape_of; 0: not looked for yet */
    size_t i = below(caller, LENGTH(calls));
    uint64_t arguments[6] = {0};
    if (is_left_out(&calls[i]))
        return;
    for (unsigned j = 0; calls[i].kinds[j]; j++)
        arguments[j] = argument(caller, calls[i].kinds[j]);
    fill_scratch(caller);
    if (which[i] == 0)
        which[i] = 2 + shape_of(calls[i].name);
    if (which[i] > 1 && below(caller, 4))
        shapes[which[i] - 2].shape(caller, arguments);
    if (below(caller, 6) == 0)
        fail_sometimes(caller);
    (void)raw(calls[i].number, arguments);
}

static int run_caller(void *argument)
{
    struct caller *caller = argument;
    impatient();
    for (unsigned i = 0; i < CALLS; i++)
        call_something(caller);
    call(SYS_exit, 0, 0, 0, 0);
    return 0;
}

static void call_at_random(uint64_t seed)
{
    static struct caller callers[THREADS];
    static char stacks[THREADS][32768] __attribute__((aligned(16)));
    prepare();
    for (unsigned i = 0; i < THREADS; i++)
        callers[i] = (struct caller){.random = (seed + i * 0xd1342543de82ef95ul) | 1, .index = i};
    for (unsigned i = 1; i < THREADS; i++)
        (void)clone(run_caller, stacks[i] + sizeof stacks[i],
            CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, &callers[i]);
    run_caller(&callers[0]);
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

/* Root may have changed those of process 1, from which all others have theirs. */
static void restore_limits(void)
{
    static struct rlimit limits[RLIM_NLIMITS];
    static bool known;
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        if (!known)
            (void)getrlimit(i, &limits[i]);
        else
            (void)setrlimit(i, &limits[i]);
    }
    known = true;
}

static bool run_round(uint64_t seed, unsigned user)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    unsigned running = 0;
    open_common();
    for (unsigned i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        if (child == 0) {
            become(user);
            call_at_random(seed + i * 0x9e3779b97f4a7c15ull);
        }
        running += child > 0;
    }
    close_common();
    if (running == 0)
        return false;
    for (uint64_t end = now_ms() + PATIENCE_MS; running > 0 && now_ms() < end;) {
        if (waitpid(-1, NULL, WNOHANG) > 0)
            running--;
        else
            nanosleep(&nap, NULL);
    }
    clear_away();
    for (unsigned i = 0; i < 4; i++)
        (void)umount2("directory", MNT_DETACH);
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

static void mount_missing(unsigned which)
{
    static const char *const places[] = {"/proc", "/sys", "/dev/pts"}, *const types[] = {"proc", "sysfs", "devpts"};
    (void)mkdir(places[which], 0755);
    (void)mount(types[which], places[which], types[which], 0, which == 2 ? "mode=666,ptmxmode=666" : NULL);
}

static bool machine_works(void)
{
    restore_limits();
    (void)mount(NULL, "/", NULL, MS_REMOUNT, NULL); /* root may have made it read-only */
    int status = -1, fd = open("/works", O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (fd < 0)
        printf("# a file cannot be made: %d\n", errno);
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
    mmap((void *)COMMON, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    for (unsigned i = 0; i < 3; i++)
        mount_missing(i);
    uint64_t begin = now_ms(), told = begin;
    bool going = true;
    while (going && now_ms() < begin + seconds * 1000) {
        enter_directory(rounds, user);
        restore_limits();
        going = run_round(seed + rounds, user);
        rounds++;
        if (now_ms() > told + 5000) {
            told = now_ms();
            printf("# round %u\n", rounds);
        }
    }
    (void)!chdir("/");
    printf("# %u rounds of %u x %u x %u calls\n", rounds, PROCESSES, THREADS, CALLS);
    CHECK(going);
    CHECK(rounds > seconds / 2);
    CHECK(machine_works());
    CHECK(getpid() == 1);
    return done();
}
