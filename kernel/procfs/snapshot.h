/*
 * What a process, or one of its tasks, is and does at one moment: all that stat and status show of it, copied under the
 * locks, so that it can be printed without.
 */
#ifndef CORRODE_PROCFS_SNAPSHOT_H
#define CORRODE_PROCFS_SNAPSHOT_H

#include "proc/numbers.h"
#include "procfs/subject.h"
#include "sched/sched.h"

struct snapshot {
    int32_t process, task, parent, group, session; /* as the mount's namespace calls them; 0: it knows none */
    struct snapshot_numbers {
        int32_t process, task, group, session;
    } numbers[NUMBER_LEVELS_MAX + 1]; /* by level: in the namespaces from the first down to its own */
    unsigned first_level, levels;     /* those of the mount and below; one more than the last */
    uint32_t terminal;                /* device; 0: none */
    int32_t foreground;               /* group of the terminal; -1: there is no terminal */
    char name[THREAD_NAME_SIZE];
    char state; /* one of RSDTZ */
    bool exiting, has_executed;
    uint32_t tasks;
    int exit_status, exit_signal;
    uint64_t started; /* ns */

    int nice, policy;
    unsigned cpu;
    struct cpu_mask allowed;
    struct usage used, children_used;

    uint64_t pending, shared_pending, blocked, ignored, caught; /* bit n-1: signal n */
    uint32_t signals_queued;
    uint32_t umask;
    bool has_umask;
    struct rlimit limits[RLIMIT_COUNT];
};

/* 0 or -ESRCH. */
int snapshot_take(const struct pseudo_node *node, struct snapshot *snapshot);

#endif
