/*
 * Clocks of programs: see clocks.h.
 *
 * Locks: `listening` (sleeping, rank SUBSYSTEM) guards the list of listeners, and is held while they are told.
 */
#include "proc/clocks.h"

#include "fs/timerfd.h"
#include "lib/errno.h"
#include "proc/process_internal.h"

/* In numbers below 0: the complement of a process's or task's number, and three bits. */
#define CPU_CLOCK_KIND 3u
#define CPU_CLOCK_OF_TASK 4u
enum { CPU_CLOCK_ALL, CPU_CLOCK_USER, CPU_CLOCK_EXACT };

static const struct program_clock clocks[] = {
    [CLOCK_REALTIME] = {.kind = PROGRAM_CLOCK_WALL},
    [CLOCK_MONOTONIC] = {.kind = PROGRAM_CLOCK_STEADY},
    [CLOCK_PROCESS_CPUTIME_ID] = {.kind = PROGRAM_CLOCK_PROCESS},
    [CLOCK_THREAD_CPUTIME_ID] = {.kind = PROGRAM_CLOCK_TASK},
    [CLOCK_MONOTONIC_RAW] = {.kind = PROGRAM_CLOCK_STEADY, .only_read = true},
    [CLOCK_REALTIME_COARSE] = {.kind = PROGRAM_CLOCK_WALL, .coarse = true, .only_read = true},
    [CLOCK_MONOTONIC_COARSE] = {.kind = PROGRAM_CLOCK_STEADY, .coarse = true, .only_read = true},
    [CLOCK_BOOTTIME] = {.kind = PROGRAM_CLOCK_STEADY}, /* this machine never sleeps */
    [CLOCK_TAI] = {.kind = PROGRAM_CLOCK_WALL},        /* nobody has told the leap seconds */
};

/* Those that would wake a machine that sleeps, which need a device for that, and a number that is not used. */
static bool is_missing(int id)
{
    return (unsigned)id >= ARRAY_LENGTH(clocks) || (id > CLOCK_BOOTTIME && id < CLOCK_TAI);
}

int program_clock_find(int id, struct program_clock *clock)
{
    if (id >= 0) {
        if (is_missing(id))
            return -EINVAL;
        *clock = clocks[id];
        return 0;
    }
    unsigned kind = (unsigned)id & CPU_CLOCK_KIND;
    if (kind > CPU_CLOCK_EXACT)
        return -EINVAL;
    *clock = (struct program_clock){
        .kind = (unsigned)id & CPU_CLOCK_OF_TASK ? PROGRAM_CLOCK_TASK : PROGRAM_CLOCK_PROCESS,
        .only_user = kind == CPU_CLOCK_USER,
        .number = ~(id >> 3),
    };
    return 0;
}

static uint64_t time_in(const struct program_clock *clock, const struct usage *usage)
{
    return usage->user_ns + (clock->only_user ? 0 : usage->system_ns);
}

/* One task of PROCESS, or all of them. */
int program_clock_read_locked(struct process *process, const struct program_clock *clock, uint64_t *ns)
{
    struct usage usage;
    if (clock->kind == PROGRAM_CLOCK_PROCESS) {
        process_usage_locked(process, &usage);
        *ns = time_in(clock, &usage);
        return 0;
    }
    list_for_each(struct task, task, &process->tasks, in_process)
    {
        if (task->own_number != clock->number)
            continue;
        task_usage_locked(task, &usage);
        *ns = time_in(clock, &usage);
        return 0;
    }
    return -EINVAL;
}

static int read_of(struct process *process, const struct program_clock *clock, uint64_t *ns)
{
    spin_lock(&process->signal_lock);
    int error = program_clock_read_locked(process, clock, ns);
    spin_unlock(&process->signal_lock);
    return error;
}

void program_clock_fix(struct program_clock *clock)
{
    const struct task *task = task_current();
    if (clock->number == 0)
        clock->number = clock->kind == PROGRAM_CLOCK_TASK ? task->own_number : task->process->own_number;
}

bool program_clock_is_foreign(const struct program_clock *clock)
{
    return clock->kind == PROGRAM_CLOCK_PROCESS && clock->number &&
           clock->number != task_current()->process->own_number;
}

/* Of tasks only those of the caller's own process. */
static int read_processor(const struct program_clock *clock, uint64_t *ns)
{
    struct program_clock exact = *clock;
    program_clock_fix(&exact);
    if (!program_clock_is_foreign(clock))
        return read_of(task_current()->process, &exact, ns);
    struct process *process = process_find(exact.number);
    if (process == NULL)
        return -EINVAL;
    int error = read_of(process, &exact, ns);
    process_put(process);
    return error;
}

int program_clock_read(const struct program_clock *clock, uint64_t *ns)
{
    switch (clock->kind) {
    case PROGRAM_CLOCK_WALL: *ns = clock_wall(); return 0;
    case PROGRAM_CLOCK_STEADY: *ns = clock_monotonic(); return 0;
    default: return read_processor(clock, ns);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The time of day
 */

static struct mutex listening = MUTEX_INIT(listening, SUBSYSTEM);
static struct list listeners = LIST_INIT(listeners);

void clock_listen(struct clock_listener *listener)
{
    mutex_lock(&listening);
    list_push_back(&listeners, &listener->link);
    mutex_unlock(&listening);
}

void clock_unlisten(struct clock_listener *listener)
{
    mutex_lock(&listening);
    list_remove(&listener->link);
    mutex_unlock(&listening);
}

void time_of_day_set(uint64_t ns)
{
    mutex_lock(&listening);
    clock_set_wall(ns);
    timerfd_clock_was_set();
    list_for_each(struct clock_listener, listener, &listeners, link) listener->clock_was_set(listener);
    mutex_unlock(&listening);
}
