/*
 * What the micro-benchmarks share: see micro.c, which runs them, and bench/README.md, which tells what each measures.
 *
 * A benchmark has its files and processes made by `prepare`, does the thing COUNT times in `run`, which is what is
 * timed, and gives all back in `finish`. Whatever fails in it ends the program with a message: a figure of a call that
 * failed says nothing.
 *
 * One with sizes is measured once for each, with micro_size telling `prepare` how large the thing around it is to be:
 * how many processes, pages, files there are while it is done. Only micro_growth has such.
 */
#ifndef CORRODE_BENCH_MICRO_H
#define CORRODE_BENCH_MICRO_H

#include <stddef.h>

struct micro {
    const char *name;        /* one word, by which scripts know it */
    void (*prepare)(void);   /* NULL: nothing to do */
    void (*run)(long count); /* what is timed */
    void (*finish)(void);    /* NULL: nothing to do */
    long count;              /* how often in one round */
    long operations;         /* that one of COUNT does; 0: one */
    const long *sizes;       /* ascending, then 0; NULL: it has none */
};

/* Each ends with an entry without a name. */
extern const struct micro micro_calls[], micro_memory[], micro_processes[], micro_talk[], micro_bandwidth[],
    micro_growth[];

/* The size that is being measured: see above. */
extern long micro_size;

/* The environment of programs that are started; and whatever is made lies here, in memory. */
extern char **micro_environment;
#define MICRO_FOLDER "/bench"
#define MICRO_NOTHING "/nothing" /* a program that ends at once: nothing.c */

/* VALUE, of a call that was made as TEXT, unless it is negative: then the program ends. */
long micro_must(long value, const char *text);
#define must(call) micro_must((long)(call), #call)

/* Waits for the end of process PID, which must be one of success. */
void micro_reap(int pid);

/* Called before and after each round. */
void micro_round_begins(void);
void micro_round_ends(void);

#endif
