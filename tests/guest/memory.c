/*
 * A program's memory: brk, mmap, munmap, mprotect, and malloc on top of them.
 *
 * guest: pie
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096ul
#define NOWHERE ((void *)0x7ffffffff000) /* the last page that there could be: programs do not get it */

static void *map(size_t size, int protection)
{
    return mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void heap(void)
{
    long start = syscall(SYS_brk, 0);
    CHECK(syscall(SYS_brk, start + 100000) == start + 100000);
    memset((char *)start, 1, 100000);
    CHECK(syscall(SYS_brk, start) == start);
    CHECK(syscall(SYS_brk, 1) == start);
    void *pieces[200];
    for (unsigned i = 0; i < 200; i++)
        if ((pieces[i] = malloc(i * 997)))
            memset(pieces[i], (int)i, i * 997);
    bool sound = true;
    for (unsigned i = 1; i < 200; i++) {
        const uint8_t *piece = pieces[i];
        sound = sound && piece && piece[0] == i && piece[i * 997 - 1] == i;
        free(pieces[i]);
    }
    CHECK(sound);
    free(pieces[0]);
}

static void maps(void)
{
    char *area = map(64 * PAGE, PROT_READ | PROT_WRITE);
    CHECK(area != MAP_FAILED);
    CHECK(area[0] == 0 && area[64 * PAGE - 1] == 0);
    area[5 * PAGE] = 'x';
    CHECK(munmap(area + 2 * PAGE, PAGE) == 0);
    CHECK(area[5 * PAGE] == 'x');
    CHECK(mmap(area + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area + 2 * PAGE);
    CHECK(mmap(area, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED &&
          errno == EEXIST);
    CHECK(mprotect(area, PAGE, PROT_READ) == 0);
    FAILS(ENOMEM, mprotect(area + 64 * PAGE * 1024 * 1024, PAGE, PROT_READ));
    FAILS(EINVAL, syscall(SYS_mprotect, area + 1, PAGE, PROT_READ));
    CHECK(munmap(area, 64 * PAGE) == 0);
    FAILS(EINVAL, munmap(area + 1, PAGE));
    FAILS(EINVAL, munmap(area, 0));
    CHECK(map(0, PROT_READ) == MAP_FAILED && errno == EINVAL);
    CHECK(map(1ul << 62, PROT_READ) == MAP_FAILED && errno == ENOMEM);
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF);
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 1) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(NOWHERE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED &&
          errno == ENOMEM);
    char *large = mmap(NULL, 64ul << 30, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(large != MAP_FAILED);
    CHECK(mprotect(large + (32ul << 30), PAGE, PROT_READ | PROT_WRITE) == 0);
    large[32ul << 30] = 1;
    CHECK(munmap(large, 64ul << 30) == 0);
}

static void code(void)
{
    static const uint8_t instructions[] = {0xb8, 0x2a, 0, 0, 0, 0xc3}; /* mov $42, %eax; ret */
    char *area = map(PAGE, PROT_READ | PROT_WRITE);
    memcpy(area, instructions, sizeof instructions);
    CHECK(mprotect(area, PAGE, PROT_READ | PROT_EXEC) == 0);
    CHECK(((int (*)(void))(uintptr_t)area)() == 42);
    munmap(area, PAGE);
}

static void files(const char *self)
{
    int fd = open(self, O_RDONLY);
    CHECK(fd >= 0);
    char *shared = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    char *private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(shared != MAP_FAILED && private != MAP_FAILED);
    CHECK(memcmp(shared, "\177ELF", 4) == 0 && memcmp(private, "\177ELF", 4) == 0);
    private[1] = 'x';
    CHECK(shared[1] == 'E');
    CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EACCES);
    CHECK(munmap(shared, PAGE) == 0 && munmap(private, PAGE) == 0 && close(fd) == 0);
}

int main(int argc, char **argv)
{
    heap();
    maps();
    code();
    files(argv[0]);
    return done();
}
