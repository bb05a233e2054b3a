/*
 * mmap: shared memory, maps of files, places, limits, and every way to ask for it wrongly; mprotect and brk with them.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MAP_SHARED_VALIDATE
#define MAP_SHARED_VALIDATE 3
#endif

/* As FAILS, for calls that return an address. */
#define NO_MAP(error, call)                                                                                            \
    point((errno = 0, (void *)(call) == MAP_FAILED && errno == (error)), #call " is " #error, __LINE__)

static sigjmp_buf back;
static siginfo_t fault;

static void handler(int signal, siginfo_t *info, void *context)
{
    fault = *info;
    siglongjmp(back, signal);
}

/* The signal of an access; 0: it went through. */
static int reads(const volatile char *address)
{
    int got = sigsetjmp(back, 1);
    if (got == 0)
        (void)*address;
    return got;
}

static int writes(volatile char *address)
{
    int got = sigsetjmp(back, 1);
    if (got == 0)
        *address = 'w';
    return got;
}

static char *map(size_t size, int protection, int flags)
{
    return mmap(NULL, size, protection, flags, -1, 0);
}

static int in_child(bool (*function)(char *), char *argument)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(function(argument) ? 42 : 1);
    return waitpid(child, &status, 0) == child ? status : -1;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Shared memory
 */

static bool write_there(char *shared)
{
    shared[0] = 'c';
    shared[5 * PAGE] = 'd';
    return shared[PAGE] == 'p';
}

static void shared_memory(void)
{
    char *shared = map(8 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS), *private = map(8 * PAGE, RW, ANONYMOUS);
    CHECK(shared != MAP_FAILED && shared[0] == 0 && shared[8 * PAGE - 1] == 0);
    shared[PAGE] = private[PAGE] = 'p';
    CHECK(in_child(write_there, shared) == 42 << 8 && shared[0] == 'c' && shared[5 * PAGE] == 'd');
    CHECK(in_child(write_there, private) == 42 << 8 && private[0] == 0 && private[5 * PAGE] == 0);
    CHECK(mprotect(shared, PAGE, PROT_READ) == 0 && shared[0] == 'c' && writes(shared) == SIGSEGV);
    CHECK(mprotect(shared, PAGE, RW) == 0 && writes(shared) == 0);
    CHECK(munmap(shared + PAGE, PAGE) == 0 && shared[0] == 'w' && shared[5 * PAGE] == 'd');
    CHECK(reads(shared + PAGE) == SIGSEGV && fault.si_code == SEGV_MAPERR && fault.si_addr == shared + PAGE);
    CHECK(munmap(shared, 8 * PAGE) == 0 && munmap(private, 8 * PAGE) == 0);
    char *large = map(1ul << 30, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE);
    CHECK(large != MAP_FAILED && (large[(1ul << 30) - 1] = 1) && large[1ul << 29] == 0);
    CHECK(munmap(large, 1ul << 30) == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files
 */

static void maps_of_files(void)
{
    char buffer[8];
    int fd = open("file", O_RDWR | O_CREAT, 0644), reader = open("file", O_RDONLY), writer = open("file", O_WRONLY);
    CHECK(fd >= 0 && reader >= 0 && writer >= 0 && ftruncate(fd, 2 * PAGE + 100) == 0);
    char *shared = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0),
         *private = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, reader, 0);
    CHECK(shared != MAP_FAILED && private != MAP_FAILED);
    memcpy(shared + 10, "shared", 6);
    CHECK(pread(fd, buffer, 6, 10) == 6 && memcmp(buffer, "shared", 6) == 0 && memcmp(private + 10, "shared", 6) == 0);
    CHECK(pwrite(fd, "writer", 6, PAGE) == 6 && memcmp(shared + PAGE, "writer", 6) == 0);
    memcpy(private + PAGE, "copied", 6);
    CHECK(pread(fd, buffer, 6, PAGE) == 6 && memcmp(buffer, "writer", 6) == 0);

    /* Beyond the end: to the end of its page there are zeros, and then nothing. */
    CHECK(shared[2 * PAGE + 100] == 0 && reads(shared + 3 * PAGE - 1) == 0);
    CHECK(reads(shared + 3 * PAGE) == SIGBUS && fault.si_code == BUS_ADRERR && fault.si_addr == shared + 3 * PAGE);
    CHECK(writes(shared + 3 * PAGE) == SIGBUS && reads(private + 3 * PAGE) == SIGBUS);
    CHECK(ftruncate(fd, 4 * PAGE) == 0 && reads(shared + 3 * PAGE) == 0 && shared[3 * PAGE] == 0);
    CHECK(ftruncate(fd, PAGE) == 0 && reads(shared + PAGE) == SIGBUS && reads(private + PAGE) == SIGBUS);
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    FAILS(EFAULT, write(pipes[1], shared + PAGE, 1));
    CHECK(munmap(shared, 4 * PAGE) == 0 && munmap(private, 4 * PAGE) == 0);

    char *second = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
    CHECK(second != MAP_FAILED && reads(second) == SIGBUS && munmap(second, PAGE) == 0);
    NO_MAP(EACCES, mmap(NULL, PAGE, RW, MAP_SHARED, reader, 0));
    NO_MAP(EACCES, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, writer, 0));
    NO_MAP(EACCES, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writer, 0));
    char *only_read = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);
    CHECK(only_read != MAP_FAILED);
    FAILS(EACCES, mprotect(only_read, PAGE, RW));
    CHECK(mprotect(only_read, PAGE, PROT_READ | PROT_EXEC) == 0 && munmap(only_read, PAGE) == 0);
    NO_MAP(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1));
    NO_MAP(EINVAL, mmap(NULL, 0, PROT_READ, MAP_PRIVATE, fd, 0));
    NO_MAP(EINVAL, mmap(NULL, PAGE, PROT_READ, 0, fd, 0));
    NO_MAP(EINVAL, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN, fd, 0));
    NO_MAP(EOVERFLOW, syscall(SYS_mmap, NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, -PAGE));
    NO_MAP(EOPNOTSUPP, mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 0x200, fd, 0));
    char *valid = mmap(NULL, PAGE, PROT_READ, MAP_SHARED_VALIDATE, fd, 0);
    CHECK(valid != MAP_FAILED && munmap(valid, PAGE) == 0);
    NO_MAP(EBADF, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0));
    NO_MAP(EBADF, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 1000, 0));
    NO_MAP(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, pipes[0], 0));
    close(fd);
    close(reader);
    close(writer);
    close(pipes[0]);
    close(pipes[1]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Places
 */

static void places(void)
{
    char *area = map(16 * PAGE, RW, ANONYMOUS);
    CHECK(munmap(area + 4 * PAGE, 4 * PAGE) == 0);
    CHECK(mmap(area + 4 * PAGE, PAGE, RW, ANONYMOUS, -1, 0) == area + 4 * PAGE); /* a wish that can be granted */
    CHECK(mmap(area, PAGE, RW, ANONYMOUS, -1, 0) != area);                       /* and one that cannot */
    CHECK(mmap(area + 5 * PAGE + 7, PAGE, RW, ANONYMOUS, -1, 0) != MAP_FAILED);
    area[0] = 'x';
    CHECK(mmap(area, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0) == area && area[0] == 0);
    NO_MAP(EEXIST, mmap(area, PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    CHECK(mmap(area + 6 * PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == area + 6 * PAGE);
    NO_MAP(EINVAL, mmap(area + 1, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
    NO_MAP(ENOMEM, mmap((void *)0x7ffffffff000, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
    NO_MAP(ENOMEM, mmap((void *)-PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
    NO_MAP(ENOMEM, map(1ul << 47, PROT_NONE, ANONYMOUS | MAP_NORESERVE));
    NO_MAP(ENOMEM, map(-1ul, PROT_NONE, ANONYMOUS));
    NO_MAP(ENOMEM, map(1ul << 46, RW, ANONYMOUS)); /* more than there could ever be */
    char *reserve = map(1ul << 42, PROT_NONE, ANONYMOUS);
    CHECK(reserve != MAP_FAILED && reads(reserve) == SIGSEGV && fault.si_code == SEGV_ACCERR);
    CHECK(mprotect(reserve + (1ul << 41), PAGE, RW) == 0 && writes(reserve + (1ul << 41)) == 0);
    FAILS(ENOMEM, mprotect(reserve, 1ul << 42, RW));
    CHECK(munmap(reserve, 1ul << 42) == 0);
    char *low = map(PAGE, RW, ANONYMOUS | MAP_32BIT);
    CHECK(low != MAP_FAILED && (uintptr_t)low < 1ul << 31);
    NO_MAP(EINVAL, map(PAGE, RW, MAP_ANONYMOUS));
    NO_MAP(EINVAL, map(PAGE, RW, MAP_ANONYMOUS | MAP_SHARED_VALIDATE));
    NO_MAP(EINVAL, map(PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN));
    NO_MAP(ENOMEM, map(2ul << 20, RW, ANONYMOUS | MAP_HUGETLB));
    char *ready = map(4 * PAGE, RW, ANONYMOUS | MAP_POPULATE);
    unsigned char there[4] = {0};
    CHECK(ready != MAP_FAILED && mincore(ready, 4 * PAGE, there) == 0 && there[0] & there[1] & there[2] & there[3] & 1);
    CHECK(map(PAGE, RW, ANONYMOUS | MAP_STACK | MAP_NORESERVE) != MAP_FAILED);

    /* It grows down by being touched below its start, as long as nothing is near. */
    char *room = map(1024 * PAGE, PROT_NONE, ANONYMOUS);
    munmap(room, 1024 * PAGE);
    char *stack = mmap(room + 1000 * PAGE, 8 * PAGE, RW, ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    CHECK(stack != MAP_FAILED && writes(stack - 1) == 0 && writes(stack - 20 * PAGE) == 0 &&
          reads(stack - 21 * PAGE) == 0);
    FAILS(EINVAL, mprotect(ready, PAGE, PROT_READ | PROT_GROWSDOWN));
    CHECK(mprotect(stack, PAGE, PROT_READ | PROT_GROWSDOWN) == 0 && writes(stack - 10 * PAGE) == SIGSEGV);
    munmap(room, 1024 * PAGE);
}

static void protection(void)
{
    char *area = map(4 * PAGE, RW, ANONYMOUS);
    CHECK(mprotect(area + PAGE, PAGE, PROT_NONE) == 0);
    CHECK(writes(area) == 0 && reads(area + PAGE) == SIGSEGV && writes(area + 2 * PAGE) == 0);
    CHECK(fault.si_signo == SIGSEGV && fault.si_code == SEGV_ACCERR);
    CHECK(mprotect(area + PAGE, PAGE, PROT_READ) == 0 && reads(area + PAGE) == 0 && writes(area + PAGE) == SIGSEGV);
    CHECK(mprotect(area, 4 * PAGE, RW | PROT_EXEC) == 0); /* all at once, if a program wants it */
    CHECK(mprotect(area, 1, RW) == 0 && mprotect(area, 0, PROT_NONE) == 0 && writes(area) == 0);
    FAILS(EINVAL, syscall(SYS_mprotect, area + 1, PAGE, RW));
    FAILS(EINVAL, mprotect(area, PAGE, 0x100));
    FAILS(EINVAL, mprotect(area, PAGE, PROT_READ | PROT_GROWSUP | PROT_GROWSDOWN));
    FAILS(ENOMEM, mprotect(area, -PAGE, RW));
    CHECK(munmap(area + 3 * PAGE, PAGE) == 0);
    FAILS(ENOMEM, mprotect(area, 4 * PAGE, RW));
    FAILS(ENOMEM, mprotect((void *)0x7ffffffff000, PAGE, RW));
    FAILS(EINVAL, munmap(area + 1, PAGE));
    FAILS(EINVAL, munmap(area, 0));
    FAILS(EINVAL, munmap(area, -PAGE));
    CHECK(munmap(area, 64 * PAGE) == 0); /* much of it is not there */
    FAILS(EINVAL, syscall(SYS_pkey_mprotect, area, PAGE, RW, 5));
    FAILS(EINVAL, syscall(SYS_pkey_free, 5));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Limits
 */

static struct rlimit limit(int which, rlim_t current)
{
    struct rlimit old, new;
    getrlimit(which, &old);
    new = old;
    new.rlim_cur = current;
    setrlimit(which, &new);
    return old;
}

static bool under_address_limit(char *unused)
{
    limit(RLIMIT_AS, 64ul << 20);
    char *large = map(128ul << 20, PROT_NONE, ANONYMOUS), *small = map(16ul << 20, RW, ANONYMOUS);
    bool refused = large == MAP_FAILED && small != MAP_FAILED;
    for (int i = 0; i < 10; i++) /* in place of what is there is no more */
        refused = refused && mmap(small, 16ul << 20, RW, ANONYMOUS | MAP_FIXED, -1, 0) == small;
    return refused && mremap(small, 16ul << 20, 128ul << 20, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM;
}

static bool under_data_limit(char *unused)
{
    limit(RLIMIT_DATA, 16ul << 20);
    char *none = map(64ul << 20, PROT_NONE, ANONYMOUS), *large = map(64ul << 20, RW, ANONYMOUS);
    char *now = sbrk(0);
    return none != MAP_FAILED && large == MAP_FAILED && errno == ENOMEM && mprotect(none, 64ul << 20, RW) == -1 &&
           errno == ENOMEM && mprotect(none, 1ul << 20, RW) == 0 && syscall(SYS_brk, now + (64l << 20)) == (long)now &&
           map(1ul << 20, RW, MAP_SHARED | MAP_ANONYMOUS) != MAP_FAILED;
}

static __attribute__((noinline)) int deep(int levels)
{
    volatile char page[PAGE];
    page[0] = (char)levels;
    return levels > 0 ? deep(levels - 1) + page[0] : 0;
}

static bool under_stack_limit(char *unused)
{
    limit(RLIMIT_STACK, 512 * 1024);
    signal(SIGSEGV, SIG_DFL);
    deep(32);
    pid_t child = fork();
    if (child == 0)
        _exit(deep(1000) == 12345);
    int status;
    return waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void limits(void)
{
    CHECK(in_child(under_address_limit, NULL) == 42 << 8);
    CHECK(in_child(under_data_limit, NULL) == 42 << 8);
    CHECK(in_child(under_stack_limit, NULL) == 42 << 8);
    char *now = sbrk(0);
    CHECK(syscall(SYS_brk, now + 100 * PAGE) == (long)(now + 100 * PAGE) && writes(now + 99 * PAGE) == 0);
    CHECK(syscall(SYS_brk, now) == (long)now);
    CHECK(syscall(SYS_brk, now + (1l << 46)) == (long)now);
    CHECK(syscall(SYS_brk, -1l) == (long)now);
}

int main(void)
{
    static char stack[65536];
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaltstack(&alternate, NULL);
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    shared_memory();
    maps_of_files();
    places();
    protection();
    limits();
    return done();
}
