/* Memory: what a first touch costs, and maps that come and go. */
#include "bench/programs/micro.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 512
#define LARGE (8L << 20)

static int file;
static char *shared_with_child;

static char *map(size_t size, int protection, int flags, int from)
{
    char *at = mmap(NULL, size, protection, flags, from, 0);
    must(at == MAP_FAILED ? -1 : 0);
    return at;
}

static void make_file(void)
{
    char page[PAGE];
    memset(page, 1, sizeof page);
    file = (int)must(open(MICRO_FOLDER "/pages", O_RDWR | O_CREAT | O_TRUNC, 0644));
    for (int i = 0; i < PAGES; i++)
        must(write(file, page, PAGE));
}

static void remove_file(void)
{
    close(file);
    must(unlink(MICRO_FOLDER "/pages"));
}

static void touch_by_reading(const char *at, size_t size)
{
    for (size_t i = 0; i < size; i += PAGE)
        (void)((volatile const char *)at)[i];
}

static void touch_by_writing(char *at, size_t size)
{
    for (size_t i = 0; i < size; i += PAGE)
        ((volatile char *)at)[i] = 1;
}

/* The map and its end are in the figure, PAGES times less often than the faults. */
static void anonymous_fault(long count)
{
    for (; count > 0; count--) {
        char *at = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
        touch_by_writing(at, PAGES * PAGE);
        munmap(at, PAGES * PAGE);
    }
}

/* Every 16th page, from the end to the beginning, so that what is mapped around a fault is of little use. */
static void file_fault(long count)
{
    for (; count > 0; count--) {
        char *at = map(PAGES * PAGE, PROT_READ, MAP_SHARED, file);
        for (long i = PAGES - 16; i >= 0; i -= 16)
            (void)((volatile const char *)at)[i * PAGE];
        munmap(at, PAGES * PAGE);
    }
}

static void copy_fault(long count)
{
    for (; count > 0; count--) {
        char *at = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file);
        touch_by_reading(at, PAGES * PAGE);
        touch_by_writing(at, PAGES * PAGE);
        munmap(at, PAGES * PAGE);
    }
}

/* With a child that has the same pages until all have been written to; its fork and end are in the figure. */
static void fork_copy_fault(long count)
{
    for (; count > 0; count--) {
        int gate[2];
        char byte;
        must(pipe(gate));
        int pid = (int)must(fork());
        if (pid == 0) {
            close(gate[1]);
            _exit(read(gate[0], &byte, 1) == 0 ? 0 : 1);
        }
        touch_by_writing(shared_with_child, PAGES * PAGE);
        close(gate[0]);
        close(gate[1]);
        micro_reap(pid);
    }
}

static void make_pages(void)
{
    shared_with_child = map(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    touch_by_writing(shared_with_child, PAGES * PAGE);
}

static void drop_pages(void)
{
    munmap(shared_with_child, PAGES * PAGE);
}

static void map_and_touch(long count)
{
    for (; count > 0; count--) {
        char *at = map(LARGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);
        for (long i = 0; i < LARGE; i += 16 * PAGE)
            ((volatile char *)at)[i] = 1;
        munmap(at, LARGE);
    }
}

static void map_and_unmap(long count)
{
    for (; count > 0; count--)
        munmap(map(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1), PAGE);
}

/* musl's sbrk() does not. */
static void grow_break(long count)
{
    long end = syscall(SYS_brk, 0);
    for (; count > 0; count--) {
        must(syscall(SYS_brk, end + 16 * PAGE) == end + 16 * PAGE ? 0 : -1);
        touch_by_writing((char *)end, 16 * PAGE);
        syscall(SYS_brk, end);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The file's contents, which are in memory
 */

static char buffer[16 * PAGE];

static void reread(long count)
{
    for (; count > 0; count--) {
        must(lseek(file, 0, SEEK_SET));
        while (must(read(file, buffer, sizeof buffer)) > 0) {
        }
    }
}

static void reread_mapped(long count)
{
    for (; count > 0; count--) {
        char *at = map(PAGES * PAGE, PROT_READ, MAP_SHARED, file);
        for (size_t i = 0; i < PAGES * PAGE; i += 64)
            (void)((volatile const char *)at)[i];
        munmap(at, PAGES * PAGE);
    }
}

const struct micro micro_memory[] = {
    {"fault_anonymous", NULL, anonymous_fault, NULL, 1, PAGES, NULL},
    {"fault_file", make_file, file_fault, remove_file, 10, PAGES / 16, NULL},
    {"fault_copy", make_file, copy_fault, remove_file, 1, PAGES, NULL},
    {"fault_fork", make_pages, fork_copy_fault, drop_pages, 1, PAGES, NULL},
    {"mmap_munmap", NULL, map_and_unmap, NULL, 500, 0, NULL},
    {"mmap_touch_munmap_8m", NULL, map_and_touch, NULL, 2, 0, NULL},
    {"brk_64k", NULL, grow_break, NULL, 20, 0, NULL},
    {"reread_64k", make_file, reread, remove_file, 1, PAGES / 16, NULL},
    {"reread_mmap_2m", make_file, reread_mapped, remove_file, 2, 0, NULL},
    {0},
};
