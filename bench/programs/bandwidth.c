/*
 * Memory, without the kernel: 8 MiB that are there already, gone through word by word, copied and cleared. What the
 * kernel has to do with it is which pages it gave, how large they are in the tables, and what interrupts it takes.
 */
#include "bench/programs/micro.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define SIZE (8L << 20)
#define WORDS (SIZE / (long)sizeof(uint64_t))

static uint64_t *source, *target;

static uint64_t *make_memory(void)
{
    void *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(at == MAP_FAILED ? -1 : 0);
    memset(at, 1, SIZE);
    return at;
}

static void make_one(void)
{
    source = make_memory();
}

static void make_two(void)
{
    source = make_memory();
    target = make_memory();
}

static void drop_one(void)
{
    munmap(source, SIZE);
}

static void drop_two(void)
{
    munmap(source, SIZE);
    munmap(target, SIZE);
}

static void read_all(long count)
{
    for (; count > 0; count--)
        for (long i = 0; i < WORDS; i += 4) {
            const volatile uint64_t *at = source + i;
            (void)(at[0] + at[1] + at[2] + at[3]);
        }
}

static void write_all(long count)
{
    for (; count > 0; count--)
        for (long i = 0; i < WORDS; i += 4) {
            volatile uint64_t *at = source + i;
            at[0] = at[1] = at[2] = at[3] = (uint64_t)count;
        }
}

static void copy_all(long count)
{
    for (; count > 0; count--) {
        memcpy(target, source, SIZE);
        __asm__ volatile("" ::: "memory");
    }
}

static void clear_all(long count)
{
    for (; count > 0; count--) {
        memset(source, 0, SIZE);
        __asm__ volatile("" ::: "memory");
    }
}

const struct micro micro_bandwidth[] = {
    {"memory_read", make_one, read_all, drop_one, 1, SIZE >> 20, NULL},
    {"memory_write", make_one, write_all, drop_one, 1, SIZE >> 20, NULL},
    {"memory_copy", make_two, copy_all, drop_two, 1, SIZE >> 20, NULL},
    {"memory_clear", make_one, clear_all, drop_one, 1, SIZE >> 20, NULL},
    {0},
};
