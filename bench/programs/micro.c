/*
 * The micro-benchmarks as one ordinary Linux program: process 1 of a machine of its own, on Linux and on Corrode alike,
 * or started by hand on any Linux.
 *
 *     micro [count|clock] [NAME...|growth]
 *
 * measures all of them, or those named, or those of growth.c, and prints a line "bench NAME NANOSECONDS OPERATIONS" for
 * each: what one takes, and how many were done. Each is done once as a warm-up and then some times; the middle one of
 * what they took counts. `clock` asks the system for the time. `count` reads the time-stamp counter: in a virtual
 * machine that gives each instruction a nanosecond (QEMU's -icount shift=0) it has counted the instructions, whatever
 * the kernel thinks that its clock is.
 *
 * As process 1 it first says how much memory is in use and how long ago the machine was switched on; it makes /dev and
 * leaves all the rest to a child, since process 1 is not treated as others are, and ends by switching the machine
 * off.
 */
#include "bench/programs/micro.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_COUNTED 5
#define ROUNDS_TIMED 21 /* since whatever else the host does lengthens some */

char **micro_environment;
long micro_size;
static bool counting;

static const struct micro *const all[] = {
    micro_calls, micro_memory, micro_processes, micro_talk, micro_bandwidth, micro_growth};

long micro_must(long value, const char *text)
{
    if (value >= 0)
        return value;
    printf("bench: %s: %s\n", text, strerror(errno));
    exit(1);
}

void micro_reap(int pid)
{
    int status;
    must(waitpid(pid, &status, 0));
    if (status != 0) {
        printf("bench: a child has ended with status %d\n", status);
        exit(1);
    }
}

static uint64_t now(void)
{
    struct timespec t;
    if (counting)
        return __builtin_ia32_rdtsc();
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Where a profile begins and ends: bench/profile. */
__attribute__((noinline)) void micro_round_begins(void)
{
    __asm__ volatile("");
}

__attribute__((noinline)) void micro_round_ends(void)
{
    __asm__ volatile("");
}

static uint64_t round_of(const struct micro *micro)
{
    micro_round_begins();
    uint64_t begin = now();
    micro->run(micro->count);
    uint64_t took = now() - begin;
    micro_round_ends();
    return took;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void measure(const struct micro *micro)
{
    uint64_t took[ROUNDS_TIMED];
    int rounds = counting ? ROUNDS_COUNTED : ROUNDS_TIMED;
    if (micro->prepare)
        micro->prepare();
    round_of(micro);
    for (int i = 0; i < rounds; i++)
        took[i] = round_of(micro);
    if (micro->finish)
        micro->finish();
    qsort(took, (size_t)rounds, sizeof took[0], ascending);
    double operations = (double)micro->count * (double)(micro->operations ? micro->operations : 1);
    char size[24] = "";
    if (micro->sizes)
        snprintf(size, sizeof size, "/%ld", micro_size);
    printf(
        "bench %s%s %.1f %.0f\n", micro->name, size, (double)took[rounds / 2] / operations, operations * (rounds + 1));
    fflush(stdout);
}

static void measure_sizes(const struct micro *micro)
{
    for (const long *size = micro->sizes; *size; size++) {
        micro_size = *size;
        measure(micro);
    }
}

/* Growth takes long, and is not among what is wanted where nothing is named. */
static bool is_wanted(const struct micro *micro, char **names)
{
    bool any = *names == NULL && !micro->sizes;
    for (; *names && !any; names++)
        any = strcmp(*names, micro->name) == 0 || (micro->sizes && strcmp(*names, "growth") == 0);
    return any;
}

static void measure_all(char **names)
{
    mkdir(MICRO_FOLDER, 0755);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (const struct micro *micro = all[i]; micro->name; micro++)
            if (is_wanted(micro, names))
                (micro->sizes ? measure_sizes : measure)(micro);
}

static _Noreturn void end_machine(void)
{
    sync();
    reboot(RB_POWER_OFF);
    reboot(RB_AUTOBOOT);
    _exit(1);
}

/*
 * How long the machine has been on at BEGIN, a reading of the time-stamp counter, which was 0 at first: where it does
 * not count nanoseconds, how fast it is is found out in a twentieth of a second.
 */
static double since_power_on(uint64_t begin)
{
    if (counting)
        return (double)begin;
    uint64_t first = __builtin_ia32_rdtsc(), at_first = now(), last = first, at_last = at_first;
    while (at_last - at_first < 50000000) {
        last = __builtin_ia32_rdtsc();
        at_last = now();
    }
    return (double)begin * (double)(at_last - at_first) / (double)(last - first);
}

/* What only process 1 can say, before anything else has been done. */
static void tell_of_boot(uint64_t begin)
{
    struct sysinfo info;
    sysinfo(&info);
    printf("bench free_memory %llu\n", (unsigned long long)info.freeram * info.mem_unit);
    printf("bench boot %.0f\n", since_power_on(begin));
    if (access("/dev/zero", F_OK) != 0) {
        mkdir("/dev", 0755);
        must(mount("devtmpfs", "/dev", "devtmpfs", 0, NULL));
    }
}

int main(int argc, char **argv, char **environment)
{
    uint64_t begin = __builtin_ia32_rdtsc();
    bool first = getpid() == 1;
    micro_environment = environment;
    while (argv[1] && (strcmp(argv[1], "count") == 0 || strcmp(argv[1], "clock") == 0))
        counting = strcmp(*++argv, "count") == 0;
    if (!first) {
        measure_all(argv + 1);
        return 0;
    }
    tell_of_boot(begin);
    fflush(stdout);
    int child = fork();
    if (child == 0) {
        measure_all(argv + 1);
        return 0;
    }
    int status = 1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    printf("bench end %d\n", status);
    fflush(stdout);
    end_machine();
}
