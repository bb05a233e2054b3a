/*
 * mremap: growing, shrinking and moving memory of every kind, and asking for it wrongly.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#define NO_MAP(error, call)                                                                                            \
    point((errno = 0, (void *)(call) == MAP_FAILED && errno == (error)), #call " is " #error, __LINE__)

static char *map(size_t pages, int flags)
{
    return mmap(NULL, pages * PAGE, RW, flags, -1, 0);
}

/* A place for so many pages where nothing is, with nothing around it. */
static char *place(size_t pages)
{
    char *area = mmap(NULL, (pages + 2) * PAGE, PROT_NONE, ANONYMOUS, -1, 0);
    munmap(area, (pages + 2) * PAGE);
    return area + PAGE;
}

static void number(char *area, size_t pages)
{
    for (size_t i = 0; i < pages; i++)
        memset(area + i * PAGE, (int)('a' + i % 26), PAGE);
}

static bool is_numbered(const char *area, size_t pages)
{
    for (size_t i = 0; i < pages; i++)
        if (area[i * PAGE] != (char)('a' + i % 26) || area[i * PAGE + PAGE - 1] != (char)('a' + i % 26))
            return false;
    return true;
}

static bool is_mapped(char *address)
{
    unsigned char resident;
    return mincore(address, PAGE, &resident) == 0;
}

static void sizes(void)
{
    char *area = mmap(place(64), 8 * PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
    number(area, 8);
    CHECK(mremap(area, 8 * PAGE, 8 * PAGE, 0) == area);
    CHECK(mremap(area, 8 * PAGE, 4 * PAGE, 0) == area && is_numbered(area, 4) && !is_mapped(area + 4 * PAGE));
    CHECK(mremap(area, 4 * PAGE, 16 * PAGE, 0) == area && is_numbered(area, 4) && area[15 * PAGE] == 0);
    CHECK(mremap(area, 16 * PAGE, 12 * PAGE + 1, 0) == area && is_mapped(area + 12 * PAGE));
    char *block = mmap(area + 13 * PAGE, PAGE, RW, ANONYMOUS | MAP_FIXED, -1, 0);
    NO_MAP(ENOMEM, mremap(area, 13 * PAGE, 20 * PAGE, 0));
    char *moved = mremap(area, 13 * PAGE, 20 * PAGE, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && moved != area && is_numbered(moved, 4) && moved[19 * PAGE] == 0);
    CHECK(!is_mapped(area) && is_mapped(block));
    munmap(block, PAGE);
    char *half = mremap(moved + 10 * PAGE, 5 * PAGE, 30 * PAGE, MREMAP_MAYMOVE); /* out of the middle */
    CHECK(half != MAP_FAILED && is_mapped(moved + 9 * PAGE) && is_mapped(moved + 15 * PAGE) &&
          !is_mapped(moved + 12 * PAGE));
    munmap(half, 30 * PAGE);
    munmap(moved, 20 * PAGE);

    area = map(2048, ANONYMOUS); /* as malloc does it */
    number(area, 2048);
    for (size_t pages = 2048; pages < 40000 && area != MAP_FAILED; pages *= 2)
        area = mremap(area, pages * PAGE, 2 * pages * PAGE, MREMAP_MAYMOVE);
    CHECK(area != MAP_FAILED && is_numbered(area, 2048) && area[32768 * PAGE] == 0);
    munmap(area, 65536 * PAGE);
}

static void fixed(void)
{
    char *from = map(8, ANONYMOUS), *to = place(32);
    number(from, 8);
    CHECK(mremap(from, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to && is_numbered(to, 8));
    CHECK(!is_mapped(from));
    char *over = map(8, ANONYMOUS);
    memset(over, 'o', 8 * PAGE);
    CHECK(mremap(to, 8 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, over) == over && is_numbered(over, 4));
    CHECK(over[4 * PAGE] == 'o' && !is_mapped(to) && !is_mapped(to + 7 * PAGE));
    CHECK(mremap(over, 4 * PAGE, 16 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to && is_numbered(to, 4));
    CHECK(to[15 * PAGE] == 0);
    NO_MAP(EINVAL, mremap(to, 4 * PAGE, 4 * PAGE, MREMAP_FIXED, over));
    NO_MAP(EINVAL, mremap(to, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, over + 1));
    NO_MAP(EINVAL, mremap(to, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to + 2 * PAGE));
    NO_MAP(EINVAL, mremap(to, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)0x7ffffffff000));
    NO_MAP(EINVAL, mremap(to, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)0x800000000000));
    munmap(to, 16 * PAGE);
}

static void stays(void)
{
    char *from = map(4, ANONYMOUS);
    number(from, 4);
    char *to = mremap(from, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    CHECK(
        to != MAP_FAILED && to != from && is_numbered(to, 4) && is_mapped(from) && from[0] == 0 && from[3 * PAGE] == 0);
    from[0] = 'z';
    CHECK(to[0] == 'a');
    NO_MAP(EINVAL, mremap(from, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL));
    NO_MAP(EINVAL, mremap(from, 4 * PAGE, 4 * PAGE, MREMAP_DONTUNMAP, NULL));
    munmap(from, 4 * PAGE);
    munmap(to, 4 * PAGE);
}

static void shared(void)
{
    char *one = map(8, MAP_SHARED | MAP_ANONYMOUS);
    number(one, 8);
    char *two = mremap(one, 0, 8 * PAGE, MREMAP_MAYMOVE); /* another place for the same */
    CHECK(two != MAP_FAILED && two != one && is_numbered(two, 8));
    two[0] = 'T';
    CHECK(one[0] == 'T');
    char *three = mremap(two + 2 * PAGE, 0, 2 * PAGE, MREMAP_MAYMOVE);
    CHECK(three != MAP_FAILED && three[0] == 'c' && three[PAGE] == 'd');
    int status;
    pid_t child = fork();
    if (child == 0) {
        three[0] = 'C';
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && one[2 * PAGE] == 'C');
    munmap(one, 8 * PAGE);
    CHECK(two[0] == 'T' && three[0] == 'C');
    char *private = map(2, ANONYMOUS);
    NO_MAP(EINVAL, mremap(private, 0, 2 * PAGE, MREMAP_MAYMOVE));
    munmap(private, 2 * PAGE);

    int fd = open("file", O_RDWR | O_CREAT, 0644);
    CHECK(ftruncate(fd, 16 * PAGE) == 0);
    char *file = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 4 * PAGE);
    number(file, 4);
    file = mremap(file, 4 * PAGE, 12 * PAGE, MREMAP_MAYMOVE);
    CHECK(file != MAP_FAILED && is_numbered(file, 4));
    file[11 * PAGE] = 'e';
    char byte;
    CHECK(pread(fd, &byte, 1, 15 * PAGE) == 1 && byte == 'e');
    char *copy = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 4 * PAGE);
    copy[0] = 'P';
    copy = mremap(copy, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
    CHECK(copy != MAP_FAILED && copy[0] == 'P' && copy[PAGE] == 'b' && file[0] == 'a');
    munmap(file, 12 * PAGE);
    munmap(copy, 8 * PAGE);
    close(fd);
}

static void wrong(void)
{
    char *area = map(8, ANONYMOUS);
    NO_MAP(EINVAL, mremap(area + 1, PAGE, PAGE, 0));
    NO_MAP(EINVAL, mremap(area, PAGE, 0, 0));
    NO_MAP(EINVAL, mremap(area, PAGE, PAGE, 0x100));
    NO_MAP(EFAULT, mremap(place(4), PAGE, 2 * PAGE, MREMAP_MAYMOVE));
    NO_MAP(EFAULT, mremap(place(4), PAGE, PAGE, 0));
    CHECK(munmap(area + 4 * PAGE, PAGE) == 0);
    NO_MAP(EFAULT, mremap(area, 8 * PAGE, 16 * PAGE, MREMAP_MAYMOVE)); /* a hole in it */
    NO_MAP(ENOMEM, mremap(area, 4 * PAGE, 1ul << 46, MREMAP_MAYMOVE));
    CHECK(is_mapped(area));
    munmap(area, 8 * PAGE);
}

int main(void)
{
    sizes();
    fixed();
    stays();
    shared();
    wrong();
    return done();
}
