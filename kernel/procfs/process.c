/*
 * The directories of processes: /proc/PID, /proc/PID/task/TID, and the links self and thread-self that lead there.
 */
#include "procfs/process.h"
#include "proc/numbers.h"

#include "lib/errno.h"

#define FOLLOWED(entry_name, what)                                                                                     \
    {.name = (entry_name), .mode = S_IFLNK | 0777, .target = process_show_##what, .follow = process_follow_##what}
#define LOOK(entry_name, file_mode, function)                                                                          \
    {.name = (entry_name), .mode = S_IFREG | (file_mode), .show = (function), .open = subject_open}

/* Entries from COMMON_FIRST on are those of tasks, too. */
#define COMMON_FIRST 2
static const struct pseudo_children task_children;
static const struct pseudo_entry entries[] = {
    PROC_SECRET("mountstats", process_show_mountstats),
    {.name = "task", .mode = S_IFDIR | 0555, .children = &task_children},
    LOOK("auxv", 0400, process_show_auxv),
    PROC_TEXT("cgroup", "0::/\n"),
    PROC_FILE("cmdline", process_show_cmdline),
    {.name = "comm", .mode = S_IFREG | 0644, .show = process_show_comm, .store = process_store_comm},
    FOLLOWED("cwd", cwd),
    LOOK("environ", 0400, process_show_environ),
    FOLLOWED("exe", exe),
#ifdef DEBUG
    {.name = "fail-nth", .mode = S_IFREG | 0644, .file_ops = &process_fail_nth_ops},
#endif
    {.name = "fd", .mode = S_IFDIR | 0500, .children = &process_fd_children},
    {.name = "fdinfo", .mode = S_IFDIR | 0555, .children = &process_fdinfo_children},
    PROC_TEXT("gid_map", "         0          0 4294967295\n"),
    PROC_SECRET("io", process_show_io),
    PROC_FILE("limits", process_show_limits),
    PROC_TEXT("loginuid", "4294967295"),
    LOOK("maps", 0444, process_show_maps),
    PROC_FILE("mountinfo", process_show_mountinfo),
    PROC_FILE("mounts", process_show_mounts),
    PROC_DIRECTORY("net", procfs_net_entries),
    {.name = "ns", .mode = S_IFDIR | 0511, .entries = process_ns_entries},
    PROC_FILE("oom_score", process_show_oom_score),
    {.name = "oom_score_adj",
        .mode = S_IFREG | 0644,
        .show = process_show_oom_adjustment,
        .store = process_store_oom_adjustment},
    PROC_SECRET("personality", process_show_personality),
    FOLLOWED("root", root),
    PROC_FILE("schedstat", process_show_schedstat),
    PROC_TEXT("sessionid", "4294967295"),
    PROC_TEXT("setgroups", "allow\n"),
    LOOK("smaps", 0444, process_show_smaps),
    LOOK("smaps_rollup", 0444, process_show_smaps_rollup),
    PROC_FILE("stat", process_show_stat),
    PROC_FILE("statm", process_show_statm),
    PROC_FILE("status", process_show_status),
    PROC_TEXT("uid_map", "         0          0 4294967295\n"),
    PROC_FILE("wchan", process_show_wchan),
    {},
};

/* ------------------------------------------------------------------------------------------------------------------
 * Tasks of a process
 */

/* They are in no order that counts. */
static bool next_task(const struct pseudo_node *directory, uint64_t *number)
{
    uint64_t lowest = UINT64_MAX;
    spin_lock(&processes_lock);
    struct process *process = subject_process_locked(directory);
    if (process) {
        list_for_each(struct task, task, &process->tasks, in_process)
        {
            uint64_t found = (uint64_t)number_in(task->identity, subject_numbers(directory));
            if (found >= *number && found < lowest)
                lowest = found;
        }
    }
    spin_unlock(&processes_lock);
    *number = lowest;
    return lowest != UINT64_MAX;
}

static int find_task(const struct pseudo_node *directory, uint64_t number, struct pseudo_node *child)
{
    uint64_t next = number;
    if (number == 0 || !next_task(directory, &next) || next != number)
        return -ENOENT;
    spin_lock(&processes_lock);
    const struct number *found = number_find_in_locked(subject_numbers(directory), (int32_t)number);
    child->parts[SUBJECT_TASK] = found ? (uint64_t)found->value : 0;
    spin_unlock(&processes_lock);
    return found ? 0 : -ENOENT;
}

static const struct pseudo_children task_children = {
    .entry = {.mode = S_IFDIR | 0555, .entries = entries + COMMON_FIRST}, .next = next_task, .find = find_task};

/* ------------------------------------------------------------------------------------------------------------------
 * Processes
 */

static bool next_process(const struct pseudo_node *directory, uint64_t *number)
{
    if (*number > INT32_MAX)
        return false;
    spin_lock(&processes_lock);
    const struct number_space *space = subject_numbers(directory);
    const struct number *found;
    int32_t at = (int32_t)*number;
    while ((found = number_next_in_locked(space, at)) != NULL && found->process == NULL)
        at = number_in(found, space) + 1;
    if (found)
        *number = (uint64_t)number_in(found, space);
    spin_unlock(&processes_lock);
    return found != NULL;
}

static int find_process(const struct pseudo_node *directory, uint64_t number, struct pseudo_node *child)
{
    return number > INT32_MAX ? -ENOENT : subject_find(child, (int32_t)number);
}

const struct pseudo_children process_children = {
    .entry = {.mode = S_IFDIR | 0555, .entries = entries}, .next = next_process, .find = find_process};

int process_show_self(struct text *out, const struct pseudo_node *node)
{
    const struct task *self = task_current();
    int32_t number = self ? number_in(self->process->identity, subject_numbers(node)) : 0;
    if (number)
        text_printf(out, "%d", number);
    return number ? 0 : -ENOENT;
}

int process_show_thread_self(struct text *out, const struct pseudo_node *node)
{
    const struct task *self = task_current();
    int32_t number = self ? number_in(self->process->identity, subject_numbers(node)) : 0;
    if (number)
        text_printf(out, "%d/task/%d", number, number_in(self->identity, subject_numbers(node)));
    return number ? 0 : -ENOENT;
}
