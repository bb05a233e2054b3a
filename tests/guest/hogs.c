/*
 * Programs that use up all memory, as process 1 of a small machine: each kind of them ends, or gets an error, and
 * nobody else does; and afterwards as much is in use as before. Of use inside only: on the host it does nothing.
 *
 * guest: apart
 */
#include "tests/guest/counts.h"
#include "tests/guest/guest.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PAGE 4096ul
#define MIB (1ul << 20)

static const char *this_program;

/* ------------------------------------------------------------------------------------------------------------------
 * Help
 */

static void nap(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

static char *map(size_t size, int flags)
{
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        _exit(10);
    return memory;
}

static void touch(char *memory, size_t size)
{
    for (size_t at = 0; at < size; at += PAGE)
        *(volatile char *)(memory + at) = (char)(at / PAGE + 1);
}

static void set_adjustment(int adjustment)
{
    char text[16];
    int length = snprintf(text, sizeof text, "%d", adjustment), fd = open("/proc/self/oom_score_adj", O_WRONLY);
    if (fd < 0 || write(fd, text, (size_t)length) != length)
        _exit(11);
    close(fd);
}

static void limit_processes(rlim_t count)
{
    struct rlimit limit = {count, count};
    if (setrlimit(RLIMIT_NPROC, &limit) < 0 || setgid(1000) < 0 || setuid(1000) < 0)
        _exit(12);
}

static pid_t start(void (*function)(void))
{
    pid_t child = fork();
    if (child == 0) {
        function();
        _exit(0);
    }
    return child;
}

/* Says on READY that it has come so far, and sleeps until it is killed. */
static int ready[2];
static void stay(void)
{
    if (write(ready[1], "", 1) != 1)
        _exit(13);
    for (;;)
        pause();
}
static pid_t start_and_await(void (*function)(void))
{
    char byte;
    pid_t child = start(function);
    if (child > 0 && read(ready[0], &byte, 1) != 1)
        return -1;
    return child;
}

/* The status of CHILD; -1: it has not ended within 20 s. Others that have ended are let go. */
static int await(pid_t child)
{
    int status;
    for (int i = 0; i < 4000; i++) {
        pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid == child)
            return status;
        if (pid <= 0)
            nap(0.005);
    }
    return -1;
}

static bool is_killed(int status)
{
    return status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static bool lives(pid_t child)
{
    int status;
    return waitpid(child, &status, WNOHANG) == 0;
}

static void end_all(void)
{
    kill(-1, SIGKILL);
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Hogs
 */

static void anonymous(void)
{
    char *memory = map(1024 * MIB, MAP_PRIVATE);
    touch(memory, 1024 * MIB);
}

static void by_read(void)
{
    int zero = open("/dev/zero", O_RDONLY);
    char *memory = map(1024 * MIB, MAP_PRIVATE);
    while (read(zero, memory, MIB) == (ssize_t)MIB)
        memory += MIB;
}

static void populated(void)
{
    mmap(NULL, 1024 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_NORESERVE, -1, 0);
}

static void by_brk(void)
{
    char *end = (char *)syscall(SYS_brk, 0);
    for (; (char *)syscall(SYS_brk, end + MIB) == end + MIB; end += MIB)
        touch(end, MIB);
}

static void page_tables(void)
{
    volatile char *memory = map(1ul << 40, MAP_PRIVATE);
    char sum = 0;
    for (size_t at = 0; at < 1ul << 40; at += 2 * MIB)
        sum = (char)(sum + memory[at]);
    _exit(sum);
}

static void *touch_own(void *unused)
{
    char *memory = map(256 * MIB, MAP_PRIVATE);
    touch(memory, 256 * MIB);
    return NULL;
}

static void *sleep_long(void *unused)
{
    for (;;)
        pause();
    return NULL;
}

static void threads(void)
{
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        if (pthread_create(&thread, NULL, touch_own, NULL) != 0 || pthread_create(&thread, NULL, sleep_long, NULL) != 0)
            _exit(14);
    touch_own(NULL);
}

static void shared(void)
{
    char *memory = map(1024 * MIB, MAP_SHARED);
    if (fork() == 0) {
        touch(memory, 16 * MIB);
        for (;;)
            pause();
    }
    touch(memory, 1024 * MIB);
}

/* Another process in the same memory, that is no thread. */
static char sharer_stack[16384];
static int sharer(void *unused)
{
    for (;;)
        pause();
    return 0;
}
static void sharers(void)
{
    if (clone(sharer, sharer_stack + sizeof sharer_stack, CLONE_VM | SIGCHLD, NULL) < 0)
        _exit(16);
    anonymous();
}

/* Whoever is not stopped by a limit makes two more and grows. */
static void bomb(void)
{
    limit_processes(40);
    for (;;) {
        if (fork() < 0)
            nap(0.001);
        touch(map(MIB, MAP_PRIVATE), MIB);
    }
}

static void many(void)
{
    limit_processes(100);
    for (int i = 0; i < 100; i++)
        if (fork() == 0) {
            touch(map(MIB, MAP_PRIVATE), MIB);
            for (;;)
                pause();
        }
    nap(1);
}

static void forks_of_the_large(void)
{
    char *memory = map(8 * MIB, MAP_PRIVATE);
    touch(memory, 8 * MIB);
    for (int i = 0; i < 8; i++)
        if (fork() == 0) {
            touch(memory, 8 * MIB);
            for (;;)
                pause();
        }
    touch(map(1024 * MIB, MAP_PRIVATE), 1024 * MIB);
}

static void stopped(void)
{
    touch(map(12 * MIB, MAP_PRIVATE), 12 * MIB);
    if (write(ready[1], "", 1) == 1)
        raise(SIGSTOP);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Those that get errors; they say so with their status, and hold on to what they have until they are killed
 */

static void report(bool as_wanted)
{
    char result = (char)(as_wanted ? 'y' : 'n');
    if (!as_wanted)
        printf("# errno %d\n", errno);
    if (write(ready[1], &result, 1) != 1)
        _exit(17);
    for (;;)
        pause();
}

static void pipes(void)
{
    static char bytes[65536];
    int ends[2];
    ssize_t written = 1;
    while (written > 0 && pipe2(ends, O_NONBLOCK) == 0) {
        written = write(ends[1], bytes, sizeof bytes);
        if (written > 0 && written < (ssize_t)sizeof bytes)
            written = write(ends[1], bytes, sizeof bytes); /* says why */
    }
    report(errno == ENOMEM);
}

static void sockets(void)
{
    static char bytes[4096];
    int ends[2];
    errno = 0;
    while (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0) {
        while (send(ends[0], bytes, sizeof bytes, 0) > 0)
            ;
        if (errno != EAGAIN)
            break;
    }
    report(errno == ENOMEM || errno == ENOBUFS || errno == EMFILE);
}

static void files(void)
{
    static char bytes[65536];
    char path[32];
    ssize_t written = 1;
    for (int i = 0; written > 0; i++) {
        snprintf(path, sizeof path, "/full/%d", i);
        int fd = open(path, O_CREAT | O_WRONLY, 0600);
        for (int j = 0; j < 64 && (written = write(fd, bytes, sizeof bytes)) > 0; j++)
            ;
        if (written > 0)
            close(fd);
    }
    report(errno == ENOSPC);
}

static void mapped_file(void)
{
    int fd = open("/full/mapped", O_CREAT | O_RDWR, 0600);
    if (ftruncate(fd, 1024 * MIB) < 0)
        _exit(18);
    touch(mmap(NULL, 1024 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 1024 * MIB);
}

static unsigned map_many(void)
{
    unsigned count = 0;
    char *memory = map(1ul << 32, MAP_PRIVATE);
    while (count < 70000 && mprotect(memory + 2 * PAGE * count, PAGE, PROT_READ) == 0)
        count++;
    return count;
}

static void areas(void)
{
    unsigned count = map_many();
    report(errno == ENOMEM && count > 30000 && count < 32768);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Scenarios
 */

static struct counts before;
static char text[4096];

static void check_counts(const char *name)
{
    char what[128];
    end_all();
    bool same = counts_return_to(&before, 3, text, sizeof text);
    snprintf(what, sizeof what, "%s: as much is in use as before", name);
    if (!same)
        printf("# more:%s\n", text);
    point(same, what, __LINE__);
}

/* One that is small and goes on working: answers each byte with one, out of fresh memory. */
static int asked[2], answered[2];
static void innocent(void)
{
    char byte;
    while (read(asked[0], &byte, 1) == 1) {
        char *memory = map(64 * PAGE, MAP_PRIVATE);
        touch(memory, 64 * PAGE);
        munmap(memory, 64 * PAGE);
        if (write(answered[1], &byte, 1) != 1)
            break;
    }
}
static bool works(void)
{
    char byte = 0;
    struct pollfd answer = {.fd = answered[0], .events = POLLIN};
    return write(asked[1], "x", 1) == 1 && poll(&answer, 1, 10000) == 1 && read(answered[0], &byte, 1) == 1 &&
           byte == 'x';
}

/* Can others still start programs? */
static bool can_execute(void)
{
    pid_t child = fork();
    if (child == 0) {
        execl(this_program, this_program, "nothing", NULL);
        _exit(1);
    }
    int status = child < 0 ? -1 : await(child);
    return status == 0;
}

static void hog_is_killed(const char *name, void (*hog)(void))
{
    char what[128];
    pid_t beside = start(innocent);
    int status = await(start(hog));
    snprintf(what, sizeof what, "%s is killed", name);
    if (!is_killed(status))
        printf("# status %#x\n", status);
    point(is_killed(status), what, __LINE__);
    snprintf(what, sizeof what, "%s: who is beside works", name);
    point(lives(beside) && works(), what, __LINE__);
    check_counts(name);
}
#define KILLED(hog) hog_is_killed(#hog, hog)

static void hog_gets_error(const char *name, void (*hog)(void))
{
    char what[128], result = 0;
    pid_t beside = start(innocent), child = start(hog);
    bool told = read(ready[0], &result, 1) == 1;
    snprintf(what, sizeof what, "%s gets an error", name);
    point(told && result == 'y', what, __LINE__);
    snprintf(what, sizeof what, "%s: others live, and work, and start programs", name);
    point(lives(child) && lives(beside) && works() && can_execute(), what, __LINE__);
}
#define GETS_ERROR(hog) (hog_gets_error(#hog, hog), check_counts(#hog))

/* They go on until all are killed: the bomb fills what it is given. */
static void bombs(void)
{
    pid_t beside = start(innocent), first = start(bomb);
    (void)first;
    nap(2);
    CHECK(lives(beside) && works());
    check_counts("bomb");

    beside = start(innocent);
    first = start(many);
    await(first);
    CHECK(lives(beside) && works());
    check_counts("many");
}

static void large_with_adjustment(int adjustment, size_t size)
{
    set_adjustment(adjustment);
    touch(map(size, MAP_PRIVATE), size);
    stay();
}
static void large_and_immune(void)
{
    large_with_adjustment(-1000, 8 * MIB);
}
static void small_and_first(void)
{
    large_with_adjustment(1000, MIB);
}

static void adjustments(void)
{
    pid_t immune = start_and_await(large_and_immune), first = start_and_await(small_and_first);
    pid_t hog = start(anonymous);
    CHECK(is_killed(await(first)));
    CHECK(is_killed(await(hog)));
    CHECK(lives(immune));
    check_counts("adjustments");
}

static void large_and_asleep(void)
{
    touch(map(12 * MIB, MAP_PRIVATE), 12 * MIB);
    stay();
}
static void not_so_large(void)
{
    touch(map(11 * MIB, MAP_PRIVATE), 11 * MIB);
}

/* Who has most ends, although it does nothing, and whoever needs memory gets it. */
static void sleepers(void)
{
    pid_t large = start_and_await(large_and_asleep), other = start_and_await(large_and_asleep);
    pid_t needs = start(not_so_large);
    int status = await(needs);
    CHECK(status == 0);
    CHECK(!lives(large) || !lives(other));
    check_counts("sleepers");

    large = start_and_await(stopped);
    other = start_and_await(stopped);
    CHECK(await(start(not_so_large)) == 0);
    check_counts("stopped");
}

static long score(pid_t pid)
{
    char path[64], number[32];
    snprintf(path, sizeof path, "/proc/%d/oom_score", (int)pid);
    return counts_slurp(path, number, sizeof number) ? atol(number) : -1;
}

static void scores(void)
{
    pid_t large = start_and_await(large_and_asleep), first = start_and_await(small_and_first),
          immune = start_and_await(large_and_immune);
    CHECK(score(1) == 0);
    CHECK(score(immune) == 0);
    CHECK(score(large) > 800 && score(large) < 1333);
    CHECK(score(first) > score(large));
    check_counts("scores");
}

static void mapped_file_ends(void)
{
    int status = await(start(mapped_file));
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGBUS);
    CHECK(can_execute());
    CHECK(unlink("/full/mapped") == 0);
    check_counts("mapped_file");
}

static void clean_files(void)
{
    char path[32];
    end_all();
    for (int i = 0, gone = 0; gone == 0; i++) {
        snprintf(path, sizeof path, "/full/%d", i);
        gone = unlink(path);
    }
}

static void area_limit(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(map_many() > 32760 ? 0 : 1);
    CHECK(await(child) == 0);
    check_counts("area_limit");
    GETS_ERROR(areas);
}

static void mount_usual(void)
{
    mkdir("/proc", 0755);
    mkdir("/dev", 0755);
    mkdir("/full", 0755);
    mount("proc", "/proc", "proc", 0, NULL);
    mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
    mount("none", "/full", "tmpfs", 0, "size=100%");
}

int main(int argc, char **argv)
{
    this_program = argv[0];
    if (getpid() != 1 || argc > 1)
        return 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    mount_usual();
    mlockall(MCL_CURRENT | MCL_FUTURE); /* so that ours is all there from the beginning */
    if (pipe(ready) < 0 || pipe(asked) < 0 || pipe(answered) < 0)
        return 1;
    start(innocent); /* all of it once, so that what is made at the first use is there */
    start_and_await(small_and_first);
    await(start(threads));
    if (!works() || !can_execute())
        return 1;
    end_all();
    counts_read(&before);
    counts_return_to(&before, 0.1, text, sizeof text);
    counts_read(&before);

    KILLED(anonymous);
    KILLED(by_read);
    KILLED(by_brk);
    KILLED(populated);
    KILLED(page_tables);
    KILLED(threads);
    KILLED(shared);
    KILLED(sharers);
    KILLED(forks_of_the_large);
    bombs();
    adjustments();
    sleepers();
    scores();
    hog_gets_error("files", files);
    clean_files();
    check_counts("files");
    mapped_file_ends();
    GETS_ERROR(pipes);
    GETS_ERROR(sockets);
    area_limit();
    return done();
}
