/*
 * Measurements inside the kernel, in build/bench.elf, which is the kernel with these in place of its purpose. bench/run
 * boots it, once where each instruction takes a nanosecond and the time-stamp counter counts instructions (QEMU's
 * -icount shift=0), and once with several processors and the host's time.
 *
 *     BENCH(page_allocate)
 *     {
 *         BENCH_LOOP(rounds) page_free(page_allocate(0, 0), 0);
 *         return cycles;
 *     }
 *
 * is called with `rounds`, how often it shall do its operation, and returns how many cycles that took: what comes
 * before and after the loop is not measured. Some do several operations a round and say so (BENCH_EACH). A RATE has
 * every CPU of the first COUNT call a function over and over, and reports how often they did in a second, together.
 *
 * The kernel prints a line for each, "bench NAME VALUE UNIT", which is all that bench/run reads.
 */
#ifndef CORRODE_BENCH_KERNEL_BENCH_H
#define CORRODE_BENCH_KERNEL_BENCH_H

#include "arch/x86_64/io.h"
#include "lib/types.h"

struct bench {
    const char *name;
    uint64_t (*run)(uint64_t rounds); /* cycles */
    unsigned operations;              /* in a round */
    unsigned cpus;                    /* of the machine that it is measured on: 1 or 2 */
};

struct rate {
    const char *name;
    void (*operation)(unsigned cpu);
    unsigned cpus; /* how many CPUs at least; 1 for most */
    bool one;      /* only one CPU calls it: what takes time is that others answer */
};

/* All of them, in the order of linking. */
extern const struct bench *const __start_benches[], *const __stop_benches[];
extern const struct rate *const __start_rates[], *const __stop_rates[];

#define BENCH_REGISTER(section_name, type, id)                                                                         \
    static const struct type *const id##_entry __attribute__((section(section_name), used, retain)) = &id

#define BENCH_DEFINE(bench_name, operations_a_round, how_many_cpus)                                                    \
    static uint64_t bench_run_##bench_name(uint64_t rounds);                                                           \
    static const struct bench bench_##bench_name = {                                                                   \
        .name = #bench_name, .run = bench_run_##bench_name, .operations = operations_a_round, .cpus = how_many_cpus};  \
    BENCH_REGISTER("benches", bench, bench_##bench_name);                                                              \
    static uint64_t bench_run_##bench_name(uint64_t rounds)
#define BENCH(bench_name) BENCH_DEFINE(bench_name, 1, 1)
#define BENCH_EACH(bench_name, operations_a_round) BENCH_DEFINE(bench_name, operations_a_round, 1)
#define BENCH_TWO_CPUS(bench_name, operations_a_round) BENCH_DEFINE(bench_name, operations_a_round, 2)

#define RATE_OF(rate_name, least_cpus, only_one)                                                                       \
    static void rate_run_##rate_name(unsigned cpu);                                                                    \
    static const struct rate rate_##rate_name = {                                                                      \
        .name = #rate_name, .operation = rate_run_##rate_name, .cpus = least_cpus, .one = only_one};                   \
    BENCH_REGISTER("rates", rate, rate_##rate_name);                                                                   \
    static void rate_run_##rate_name(unsigned cpu)
#define RATE(rate_name) RATE_OF(rate_name, 1, false)

/* Declares `cycles`, and runs the statement that follows COUNT times; `cycles` is how many that took. */
#define BENCH_LOOP(count)                                                                                              \
    uint64_t cycles = cpu_tsc();                                                                                       \
    for (uint64_t bench_left = (count); bench_left > 0 || (cycles = cpu_tsc() - cycles, false); bench_left--)

#endif
