/*
 * Hostile arguments to every system call of the kernel's own table: each pointer nowhere, forbidden, the kernel's, not
 * an address at all, or with its object across the end of what is mapped; each size 0, negative or absurd; each
 * descriptor and number out of range; one at a time, the others being harmless. Each case runs in a process of its own,
 * as nobody in an empty directory.
 *
 * A point for each call: every case has come back or been stopped. What came of the cases is printed as well, one
 * letter and number each (e: the error, s: the signal that ended it, =: it succeeded), for whoever compares kernels.
 */
#include "kernel/syscall/table.h"
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <limits.h>
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
#include <time.h>
#include <unistd.h>

#define NOBODY 65534
#define PAGE 0x1000ul
#define GOOD 0x14000000ul /* 64 KiB of zeros to write to */
#define READ_ONLY 0x15000000ul
#define FORBIDDEN 0x16000000ul
#define NOWHERE 0x17000000ul
#define EDGE 0x18000000ul /* a page, and nothing behind it */
#define NAME 0x19000000ul /* "f" */
#define LONG_NAME (NAME + PAGE)
#define EMPTY_NAME (NAME + 3 * PAGE)
#define KERNEL 0xffffffff80000000ul
#define NON_CANONICAL 0x800000000000ul
#define LAST_PAGE 0x7ffffffff000ul

#define FILE_DESCRIPTOR 3
#define SUCCESS 200 /* exit status; errors are below */
#define PATIENCE_MS 300
#define FILE_SIZE (1u << 20)

enum state { WHOLE, PARTIAL, REFUSED, ABSENT };
static const struct call {
    long number;
    const char *name, *kinds;
    enum state state;
} calls[] = {
#define ROW(number, name, kinds, state, note) {number, #name, kinds, state},
    SYSCALLS(ROW)};

/* These end the caller, make another, wait for a signal, take the machine away, or leave behind what stays when the
 * test has ended: other tests have them. */
static const char *const left_out[] = {"exit", "exit_group", "fork", "vfork", "clone", "clone3", "rt_sigreturn",
    "pause", "rt_sigsuspend", "reboot", "ptrace", "restart_syscall", "shmget", "msgget"};

static const uint64_t bad_pointers[] = {
    0, NOWHERE, FORBIDDEN, READ_ONLY, EDGE + PAGE - 3, LAST_PAGE, NON_CANONICAL, KERNEL, UINT64_MAX};
static const uint64_t bad_names[] = {
    0, NOWHERE, FORBIDDEN, EDGE + PAGE - 3, NON_CANONICAL, KERNEL, LONG_NAME, EMPTY_NAME};
static const uint64_t bad_sizes[] = {0, 1ull << 31, 1ull << 62, UINT64_MAX};
static const uint64_t bad_descriptors[] = {UINT64_MAX, 40, 1000000, 1ull << 31};
static const uint64_t bad_numbers[] = {UINT64_MAX, INT32_MAX, 1ull << 31, 1ull << 62};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static const uint64_t *bad_values(char kind, size_t *count)
{
    switch (kind) {
    case 'a':
    case 'b':
    case 'r':
    case 's':
    case 'e':
    case 'v':
    case 'w': *count = LENGTH(bad_pointers); return bad_pointers;
    case 'p': *count = LENGTH(bad_names); return bad_names;
    case 'z': *count = LENGTH(bad_sizes); return bad_sizes;
    case 'f':
    case 'd': *count = LENGTH(bad_descriptors); return bad_descriptors;
    default: *count = LENGTH(bad_numbers); return bad_numbers;
    }
}

static uint64_t harmless(char kind)
{
    switch (kind) {
    case 'a':
    case 'b':
    case 'r':
    case 's':
    case 'e':
    case 'v':
    case 'w': return GOOD;
    case 'p': return NAME;
    case 'z': return 8;
    case 'f': return FILE_DESCRIPTOR;
    case 'd': return (uint64_t)AT_FDCWD;
    default: return 0;
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

/* In a child, which may have lost its libc's memory afterwards. */
static void try(const struct call *call, const uint64_t arguments[6])
{
    long result = raw(call->number, arguments);
    const uint64_t status[6] = {result >= -133 && result < 0 ? (uint64_t)-result : SUCCESS};
    raw(SYS_exit_group, status);
}

static int wait_patiently(pid_t child)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    int status;
    for (int ms = 0; ms < PATIENCE_MS; ms++) {
        if (waitpid(child, &status, WNOHANG) == child)
            return status;
        if (ms < 3)
            sched_yield();
        else
            nanosleep(&nap, NULL);
    }
    kill(child, SIGKILL);
    return waitpid(child, &status, 0) == child ? status : -1;
}

static bool fresh_file(void)
{
    (void)unlink("f");
    int fd = open("f", O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (fd >= 0 && fd != FILE_DESCRIPTOR) {
        (void)dup2(fd, FILE_DESCRIPTOR);
        close(fd);
    }
    return fd >= 0;
}

static bool run_case(const struct call *call, const uint64_t arguments[6])
{
    fresh_file();
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        try(call, arguments);
    int status = child > 0 ? wait_patiently(child) : -1;
    if (status == -1)
        return false;
    if (WIFSIGNALED(status))
        printf(" s%d", WTERMSIG(status));
    else if (WEXITSTATUS(status) == SUCCESS)
        printf(" =");
    else
        printf(" e%d", WEXITSTATUS(status));
    return true;
}

static bool sweep(const struct call *call)
{
    uint64_t arguments[6] = {0};
    size_t count = strlen(call->kinds), values;
    bool all = true;
    printf("# %s:", call->name);
    for (size_t i = 0; i < count; i++)
        arguments[i] = harmless(call->kinds[i]);
    all = run_case(call, arguments);
    for (size_t i = 0; i < count; i++) {
        const uint64_t *bad = bad_values(call->kinds[i], &values);
        printf(" |");
        for (size_t j = 0; j < values; j++) {
            uint64_t tried[6];
            memcpy(tried, arguments, sizeof tried);
            tried[i] = bad[j];
            all = run_case(call, tried) && all;
        }
    }
    printf("\n");
    return all;
}

static bool is_left_out(const struct call *call)
{
    for (size_t i = 0; i < LENGTH(left_out); i++)
        if (strcmp(call->name, left_out[i]) == 0)
            return true;
    return call->state == ABSENT;
}

static void *place(uint64_t at, size_t size, int protection)
{
    return mmap((void *)at, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static bool lay_out(void)
{
    int both = PROT_READ | PROT_WRITE;
    if (place(GOOD, 16 * PAGE, both) == MAP_FAILED || place(READ_ONLY, PAGE, PROT_READ) == MAP_FAILED ||
        place(FORBIDDEN, PAGE, PROT_NONE) == MAP_FAILED || place(EDGE, PAGE, both) == MAP_FAILED ||
        place(NAME, 4 * PAGE, both) == MAP_FAILED)
        return false;
    memset((void *)EDGE, 'e', PAGE);
    strcpy((char *)NAME, "f");
    memset((void *)LONG_NAME, 'n', 2 * PAGE - 1);
    return true;
}

int main(void)
{
    char directory[256];
    const char *parent = getenv("TMPDIR");
    umask(022);
    if (parent == NULL)
        (void)mkdir(parent = "/tmp", 01777);
    snprintf(directory, sizeof directory, "%s/hostile.XXXXXX", parent);
    CHECK(lay_out());
    CHECK(mkdtemp(directory) != NULL && chown(directory, NOBODY, NOBODY) == 0 && chdir(directory) == 0);
    if (getuid() == 0)
        CHECK(setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
    CHECK(fresh_file());
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit file_size = {FILE_SIZE, FILE_SIZE}; /* how much room there is differs between machines */
    CHECK(setrlimit(RLIMIT_FSIZE, &file_size) == 0);
    pid_t bystander = fork(); /* so that there is somebody for kill(-1) */
    if (bystander == 0) {
        pause();
        _exit(0);
    }
    for (size_t i = 0; i < LENGTH(calls); i++)
        if (!is_left_out(&calls[i]))
            point(sweep(&calls[i]), calls[i].name, __LINE__);
    (void)kill(bystander, SIGKILL);
    (void)unlink("f");
    (void)rmdir(directory);
    return done();
}
