/*
 * Smaller things about a process: limits, counters, and what is here but a fact for everybody.
 */
#include "procfs/process.h"
#include "procfs/snapshot.h"

#include "fs/dentry.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "proc/oom.h"

int process_show_limits(struct text *out, const struct pseudo_node *node)
{
    static const struct {
        const char *name, *unit;
    } limits[RLIMIT_COUNT] = {
        [RLIMIT_CPU] = {"Max cpu time", "seconds"},
        [RLIMIT_FSIZE] = {"Max file size", "bytes"},
        [RLIMIT_DATA] = {"Max data size", "bytes"},
        [RLIMIT_STACK] = {"Max stack size", "bytes"},
        [RLIMIT_CORE] = {"Max core file size", "bytes"},
        [RLIMIT_RSS] = {"Max resident set", "bytes"},
        [RLIMIT_NPROC] = {"Max processes", "processes"},
        [RLIMIT_NOFILE] = {"Max open files", "files"},
        [RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
        [RLIMIT_AS] = {"Max address space", "bytes"},
        [RLIMIT_LOCKS] = {"Max file locks", "locks"},
        [RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
        [RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
        [RLIMIT_NICE] = {"Max nice priority", ""},
        [RLIMIT_RTPRIO] = {"Max realtime priority", ""},
        [RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
    };
    struct snapshot snapshot;
    int error = snapshot_take(node, &snapshot);
    if (error)
        return error;
    text_printf(out, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
    for (unsigned i = 0; i < RLIMIT_COUNT; i++) {
        const uint64_t values[] = {snapshot.limits[i].current, snapshot.limits[i].maximum};
        text_printf(out, "%-25s ", limits[i].name);
        for (unsigned j = 0; j < ARRAY_LENGTH(values); j++) {
            if (values[j] == RLIM_INFINITY)
                text_printf(out, "%-20s ", "unlimited");
            else
                text_printf(out, "%-20lu ", values[j]);
        }
        text_printf(out, "%-10s\n", limits[i].unit);
    }
    return 0;
}

int process_show_wchan(struct text *out, const struct pseudo_node *node)
{
    text_puts(out, "0");
    return 0;
}

int process_show_schedstat(struct text *out, const struct pseudo_node *node)
{
    struct snapshot snapshot;
    int error = snapshot_take(node, &snapshot);
    if (!error)
        text_printf(out, "%lu 0 %lu\n", snapshot.used.user_ns + snapshot.used.system_ns,
            snapshot.used.waits + snapshot.used.preemptions);
    return error;
}

/* Nothing is read from or written to a disk: there is none. */
int process_show_io(struct text *out, const struct pseudo_node *node)
{
    struct snapshot snapshot;
    int error = subject_may_look(node);
    if (!error)
        error = snapshot_take(node, &snapshot);
    if (error)
        return error;
    const struct io_usage *io = &snapshot.used.io;
    text_printf(out, "rchar: %lu\nwchar: %lu\nsyscr: %lu\nsyscw: %lu\n", io->read_bytes, io->written_bytes, io->reads,
        io->writes);
    text_puts(out, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n");
    return 0;
}

int process_show_personality(struct text *out, const struct pseudo_node *node)
{
    int error = subject_may_look(node);
    struct process *process = error ? NULL : subject_process(node);
    if (process == NULL)
        return error ? error : -ESRCH;
    text_printf(out, "%08x\n", process->personality);
    process_put(process);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Who should go first when memory runs out (proc/oom.c)
 */

static int get_adjustment(const struct pseudo_node *node, int *adjustment)
{
    struct process *process = subject_process(node);
    if (process == NULL)
        return -ESRCH;
    *adjustment = __atomic_load_n(&process->oom_adjustment, __ATOMIC_RELAXED);
    process_put(process);
    return 0;
}

int process_show_oom_score(struct text *out, const struct pseudo_node *node)
{
    struct process *process = subject_process(node);
    if (process == NULL)
        return -ESRCH;
    text_printf(out, "%ld\n", process_oom_score(process));
    process_put(process);
    return 0;
}

int process_show_oom_adjustment(struct text *out, const struct pseudo_node *node)
{
    int adjustment, error = get_adjustment(node, &adjustment);
    if (!error)
        text_printf(out, "%d\n", adjustment);
    return error;
}

/* A number with its sign, blanks around it. */
static bool parse_adjustment(const char *text, size_t length, int *value)
{
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' '))
        length--;
    bool negative = length > 0 && text[0] == '-';
    *value = 0;
    for (size_t i = negative; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || *value > OOM_ADJUSTMENT_MAX)
            return false;
        *value = *value * 10 + (text[i] - '0');
    }
    *value = negative ? -*value : *value;
    return length > negative && *value >= -OOM_ADJUSTMENT_MAX && *value <= OOM_ADJUSTMENT_MAX;
}

int process_store_oom_adjustment(const struct pseudo_node *node, const char *text, size_t length)
{
    int value, before, error = parse_adjustment(text, length, &value) ? get_adjustment(node, &before) : -EINVAL;
    struct process *process = error ? NULL : subject_process(node);
    if (process == NULL)
        return error ? error : -ESRCH;
    if (value < before && !procfs_reader_can(CAP_SYS_RESOURCE))
        error = -EACCES;
    else
        __atomic_store_n(&process->oom_adjustment, (int16_t)value, __ATOMIC_RELAXED);
    process_put(process);
    return error;
}
