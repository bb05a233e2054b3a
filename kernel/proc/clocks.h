/*
 * The clocks that programs name by number: the time of day, time since the start, and processor time of processes and
 * tasks. All are read in nanoseconds.
 *
 * The time of day may be set; who waits for a moment of it must look again then (clock_listener).
 *
 * Source: clock_gettime(2), clock_getcpuclockid(3).
 */
#ifndef CORRODE_PROC_CLOCKS_H
#define CORRODE_PROC_CLOCKS_H

#include "lib/list.h"
#include "time/clock.h"

#define CLOCK_REALTIME 0
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define CLOCK_THREAD_CPUTIME_ID 3
#define CLOCK_MONOTONIC_RAW 4
#define CLOCK_REALTIME_COARSE 5
#define CLOCK_MONOTONIC_COARSE 6
#define CLOCK_BOOTTIME 7
#define CLOCK_TAI 11

enum program_clock_kind {
    PROGRAM_CLOCK_WALL,    /* the time of day */
    PROGRAM_CLOCK_STEADY,  /* clock_monotonic */
    PROGRAM_CLOCK_PROCESS, /* processor time */
    PROGRAM_CLOCK_TASK,
};

struct program_clock {
    enum program_clock_kind kind;
    bool coarse;    /* Linux's are coarse; ours are not, but say so */
    bool only_read; /* one can neither sleep by it nor set timers */
    bool only_user; /* of processor time, what the program itself has used */
    int32_t number; /* of the process or task; 0: the current one */
};

/* -EINVAL: there is no such clock. That what it measures exists, program_clock_read finds out. */
int program_clock_find(int id, struct program_clock *clock);

/* -EINVAL: the process or task does not exist, or is not for the caller to look at. */
int program_clock_read(const struct program_clock *clock, uint64_t *ns);

/* Does it measure another process? Then there are no timers of it. And: CLOCK becomes one whose number is not 0, if it
 * measures anybody at all. */
bool program_clock_is_foreign(const struct program_clock *clock);
void program_clock_fix(struct program_clock *clock);

/* The same as the current task of PROCESS would see it, any context, with its signal_lock; only processor time of
 * itself. */
struct process;
int program_clock_read_locked(struct process *process, const struct program_clock *clock, uint64_t *ns);

/*
 * Sets the time of day, and tells everyone who listens: in this thread, with no spin lock held. Listeners come and go
 * in threads that may sleep.
 */
struct clock_listener {
    struct list_node link;
    void (*clock_was_set)(struct clock_listener *listener);
};
void clock_listen(struct clock_listener *listener);
void clock_unlisten(struct clock_listener *listener); /* it is not being told, and will not be */
void time_of_day_set(uint64_t ns);

#endif
