/*
 * madvise, msync, mincore; mlock and its relatives, with their limit.
 *
 * guest: root
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#define KERNEL ((void *)0xffff800000000000ul)

#define WIPEONFORK 18
#define KEEPONFORK 19
#define COLD 20
#define PAGEOUT 21
#define POPULATE_READ 22
#define POPULATE_WRITE 23
#define DONTNEED_LOCKED 24

static char *map(size_t pages, int protection, int flags)
{
    return mmap(NULL, pages * PAGE, protection, flags, -1, 0);
}

static bool is_resident(char *address)
{
    unsigned char resident = 0;
    return mincore(address, PAGE, &resident) == 0 && resident & 1;
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

static bool is_there(char *area)
{
    return is_resident(area) && area[0] == 'x';
}

static bool is_gone(char *area)
{
    unsigned char resident;
    return mincore(area, PAGE, &resident) == -1 && errno == ENOMEM;
}

static bool is_empty(char *area)
{
    return area[0] == 0 && area[PAGE] == 0;
}

static void forgetting(void)
{
    char *area = map(8, RW, ANONYMOUS);
    memset(area, 'x', 8 * PAGE);
    CHECK(madvise(area + PAGE, 2 * PAGE, MADV_DONTNEED) == 0);
    CHECK(area[0] == 'x' && area[PAGE] == 0 && area[2 * PAGE + 5] == 0 && area[3 * PAGE] == 'x');
    CHECK(madvise(area, 1, MADV_DONTNEED) == 0 && area[PAGE - 1] == 0);
    CHECK(madvise(area + 4 * PAGE, PAGE, MADV_FREE) == 0 && (area[4 * PAGE] == 0 || area[4 * PAGE] == 'x'));
    CHECK(madvise(area + 3 * PAGE, 0, MADV_DONTNEED) == 0 && area[3 * PAGE] == 'x');

    int fd = open("file", O_RDWR | O_CREAT, 0644);
    CHECK(ftruncate(fd, 2 * PAGE) == 0 && pwrite(fd, "file", 4, 0) == 4);
    char *file = mmap(NULL, 2 * PAGE, RW, MAP_PRIVATE, fd, 0), *shared = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
    memcpy(file, "copy", 4);
    memcpy(shared + PAGE, "keep", 4);
    CHECK(madvise(file, PAGE, MADV_DONTNEED) == 0 && memcmp(file, "file", 4) == 0);
    CHECK(madvise(shared, 2 * PAGE, MADV_DONTNEED) == 0 && memcmp(shared + PAGE, "keep", 4) == 0);
    FAILS(EINVAL, madvise(file, PAGE, MADV_FREE));
    FAILS(EINVAL, madvise(file, PAGE, WIPEONFORK));
    FAILS(EINVAL, madvise(shared, PAGE, WIPEONFORK));
    munmap(file, 2 * PAGE);
    munmap(shared, 2 * PAGE);
    close(fd);
    munmap(area, 8 * PAGE);
}

static void forking(void)
{
    char *area = map(4, RW, ANONYMOUS);
    memset(area, 'x', 4 * PAGE);
    CHECK(in_child(is_there, area + PAGE) == 42 << 8);
    CHECK(madvise(area + PAGE, PAGE, MADV_DONTFORK) == 0);
    CHECK(in_child(is_gone, area + PAGE) == 42 << 8 && in_child(is_there, area) == 42 << 8);
    CHECK(madvise(area + PAGE, PAGE, MADV_DOFORK) == 0 && in_child(is_there, area + PAGE) == 42 << 8);
    CHECK(madvise(area, 2 * PAGE, WIPEONFORK) == 0 && area[0] == 'x');
    CHECK(in_child(is_empty, area) == 42 << 8 && in_child(is_there, area + 2 * PAGE) == 42 << 8);
    CHECK(madvise(area, 2 * PAGE, KEEPONFORK) == 0 && in_child(is_there, area) == 42 << 8);
    munmap(area, 4 * PAGE);
}

static void populating(void)
{
    char *area = map(8, RW, ANONYMOUS), *closed = map(2, PROT_NONE, ANONYMOUS),
         *read_only = map(2, PROT_READ, ANONYMOUS);
    CHECK(!is_resident(area) && madvise(area, 4 * PAGE, POPULATE_WRITE) == 0);
    CHECK(is_resident(area) && is_resident(area + 3 * PAGE) && !is_resident(area + 4 * PAGE));
    CHECK(madvise(area + 4 * PAGE, PAGE, POPULATE_READ) == 0 && is_resident(area + 4 * PAGE));
    FAILS(EINVAL, madvise(read_only, PAGE, POPULATE_WRITE));
    FAILS(EINVAL, madvise(closed, PAGE, POPULATE_READ));
    CHECK(madvise(read_only, 2 * PAGE, POPULATE_READ) == 0);
    munmap(area + 6 * PAGE, PAGE);
    FAILS(ENOMEM, madvise(area, 8 * PAGE, POPULATE_WRITE));
    munmap(area, 8 * PAGE);
    munmap(closed, 2 * PAGE);
    munmap(read_only, 2 * PAGE);
}

static void advice(void)
{
    static const int harmless[] = {
        MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_DONTDUMP, MADV_DODUMP, COLD, PAGEOUT};
    char *area = map(8, RW, ANONYMOUS);
    memset(area, 'x', 8 * PAGE);
    for (unsigned i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        CHECK(madvise(area, 4 * PAGE, harmless[i]) == 0 && area[0] == 'x');
    FAILS(EINVAL, madvise(area, PAGE, 999));
    FAILS(EINVAL, madvise(area, PAGE, -1));
    FAILS(EINVAL, madvise(area, PAGE, 5));
    FAILS(EINVAL, madvise(area + 1, PAGE, MADV_NORMAL));
    FAILS(EINVAL, madvise(area, -1ul, MADV_NORMAL));
    FAILS(EINVAL, madvise(area, -2 * PAGE + 1, MADV_NORMAL));
    munmap(area + 2 * PAGE, PAGE);
    FAILS(ENOMEM, madvise(area, 8 * PAGE, MADV_NORMAL));
    FAILS(ENOMEM, madvise(area, 8 * PAGE, MADV_DONTNEED));
    CHECK(area[0] == 0 && area[7 * PAGE] == 0); /* what is there has been forgotten all the same */
    FAILS(ENOMEM, madvise((void *)0x7ffffffff000, PAGE, MADV_NORMAL));
    munmap(area, 8 * PAGE);
}

static void asking(void)
{
    unsigned char resident[16];
    char *area = map(8, RW, ANONYMOUS);
    area[2 * PAGE] = 1;
    CHECK(mincore(area, 8 * PAGE, resident) == 0 && !(resident[0] & 1) && resident[2] & 1 && !(resident[7] & 1));
    CHECK(mincore(area, 7 * PAGE + 1, resident) == 0 && mincore(area, 0, resident) == 0);
    FAILS(EINVAL, mincore(area + 1, PAGE, resident));
    FAILS(EFAULT, mincore(area, PAGE, KERNEL));
    FAILS(ENOMEM, mincore(KERNEL, PAGE, resident));
    FAILS(ENOMEM, mincore(area, -PAGE, resident));
    munmap(area + 4 * PAGE, PAGE);
    FAILS(ENOMEM, mincore(area, 8 * PAGE, resident));
    munmap(area, 8 * PAGE);

    area = map(8, RW, MAP_SHARED | MAP_ANONYMOUS);
    CHECK(msync(area, 8 * PAGE, MS_SYNC) == 0 && msync(area, PAGE, MS_ASYNC) == 0 && msync(area, 0, 0) == 0);
    CHECK(msync(area, PAGE, MS_SYNC | MS_INVALIDATE) == 0);
    FAILS(EINVAL, msync(area, PAGE, MS_SYNC | MS_ASYNC));
    FAILS(EINVAL, msync(area, PAGE, 0x100));
    FAILS(EINVAL, msync(area + 1, PAGE, MS_SYNC));
    munmap(area + 4 * PAGE, PAGE);
    FAILS(ENOMEM, msync(area, 8 * PAGE, MS_SYNC));
    FAILS(ENOMEM, msync(area, -PAGE, MS_SYNC));
    munmap(area, 8 * PAGE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Locking
 */

static void limit(rlim_t current)
{
    struct rlimit new = {current, current};
    setrlimit(RLIMIT_MEMLOCK, &new);
}

static void locking(void)
{
    char *area = map(16, RW, ANONYMOUS);
    CHECK(mlock(area, 4 * PAGE) == 0 && is_resident(area) && is_resident(area + 3 * PAGE) &&
          !is_resident(area + 4 * PAGE));
    CHECK(mlock(area + 4 * PAGE + 100, 1) == 0 && is_resident(area + 4 * PAGE));
    FAILS(EINVAL, madvise(area, PAGE, MADV_DONTNEED));
    area[0] = 'x';
    CHECK(madvise(area, PAGE, DONTNEED_LOCKED) == 0 && area[0] == 0);
    CHECK(munlock(area, 5 * PAGE) == 0 && madvise(area, PAGE, MADV_DONTNEED) == 0);
    CHECK(syscall(SYS_mlock2, area + 8 * PAGE, PAGE, 1) == 0 && !is_resident(area + 8 * PAGE));
    CHECK(syscall(SYS_mlock2, area + 8 * PAGE, PAGE, 0) == 0 && is_resident(area + 8 * PAGE));
    FAILS(EINVAL, syscall(SYS_mlock2, area, PAGE, 2));
    CHECK(mlock(area, -1ul) == 0); /* as if it were 0 */
    munmap(area + 12 * PAGE, PAGE);
    FAILS(ENOMEM, mlock(area + 10 * PAGE, 6 * PAGE));
    FAILS(ENOMEM, munlock(area + 10 * PAGE, 6 * PAGE));
    CHECK(mlock(area, 0) == 0 && munlock(area, 8 * PAGE) == 0);
    char *locked = map(4, RW, ANONYMOUS | MAP_LOCKED);
    CHECK(locked != MAP_FAILED && is_resident(locked + 3 * PAGE));
    FAILS(EBUSY, msync(locked, PAGE, MS_INVALIDATE));
    CHECK(munmap(locked, 4 * PAGE) == 0);

    CHECK(mlockall(MCL_CURRENT) == 0 && is_resident(area + 5 * PAGE));
    CHECK(munlockall() == 0);
    CHECK(mlockall(MCL_FUTURE) == 0);
    locked = map(4, RW, ANONYMOUS);
    CHECK(locked != MAP_FAILED && is_resident(locked) && munlockall() == 0);
    CHECK(!is_resident(map(4, RW, ANONYMOUS)));
    FAILS(EINVAL, mlockall(0));
    FAILS(EINVAL, mlockall(MCL_ONFAULT));
    FAILS(EINVAL, mlockall(0x100));
}

static bool without_rights(char *area)
{
    limit(4 * PAGE);
    if (setuid(1000) < 0)
        return false;
    bool right = mlock(area, 4 * PAGE) == 0 && mlock(area, 5 * PAGE) == -1 && errno == ENOMEM;
    right = right && mlock(area + PAGE, 3 * PAGE) == 0; /* it counts once */
    right = right && mmap(NULL, PAGE, RW, ANONYMOUS | MAP_LOCKED, -1, 0) == MAP_FAILED && errno == EAGAIN;
    right = right && munlock(area, PAGE) == 0 && mlock(area + 8 * PAGE, PAGE) == 0;
    right = right && mlockall(MCL_CURRENT) == -1 && errno == ENOMEM && munlock(area, 16 * PAGE) == 0;
    limit(0);
    right = right && mlock(area, PAGE) == -1 && errno == EPERM && mlockall(MCL_FUTURE) == -1 && errno == EPERM;
    return right && syscall(SYS_mmap, NULL, PAGE, RW, ANONYMOUS | MAP_LOCKED, -1, 0) == -1 && errno == EPERM &&
           munlock(area, PAGE) == 0;
}

int main(void)
{
    forgetting();
    forking();
    populating();
    advice();
    asking();
    locking();
    CHECK(in_child(without_rights, map(16, RW, ANONYMOUS)) == 42 << 8);
    return done();
}
