/*
 * What tasks and processes have used: processor time, page faults, memory. A task's numbers are counted where things
 * happen, in its thread; when it ends they go to its process, and when a process has been waited for, to its parent.
 *
 * Processor time is exact in sum; how it is divided between program and kernel is an estimate (sched/sample.c) that
 * gets better, so that care is taken that neither part ever seems to shrink.
 *
 * Locks: process->signal_lock for used, and what tasks remember of the division; processes_lock for children_used.
 *
 * Source: getrusage(2), times(2).
 */
#include "proc/process_internal.h"

void usage_add(struct usage *usage, const struct usage *more)
{
    usage->user_ns += more->user_ns;
    usage->system_ns += more->system_ns;
    usage->minor_faults += more->minor_faults;
    usage->major_faults += more->major_faults;
    usage->waits += more->waits;
    usage->preemptions += more->preemptions;
    usage->peak_pages = max_u64(usage->peak_pages, more->peak_pages);
    usage->io.reads += more->io.reads;
    usage->io.writes += more->io.writes;
    usage->io.read_bytes += more->io.read_bytes;
    usage->io.written_bytes += more->io.written_bytes;
}

/* Brings user_ns and system_ns up to date. */
static void divide_time(struct task *task)
{
    const struct thread *thread = task->thread;
    uint64_t total = thread_run_time(task->thread), seen = thread->samples, in_program = thread->samples_user;
    uint64_t user = seen ? total / seen * in_program + total % seen * in_program / seen : total;
    user = max_u64(user, task->user_ns);
    if (total - user < task->system_ns)
        user = total - task->system_ns;
    task->user_ns = user;
    task->system_ns = total - user;
}

void task_usage_locked(struct task *task, struct usage *usage)
{
    const struct thread *thread = task->thread;
    uint64_t gone = thread->blocks + 1; /* the switch that began it took nothing away */
    divide_time(task);
    *usage = (struct usage){.user_ns = task->user_ns,
        .system_ns = task->system_ns,
        .minor_faults = thread->faults - thread->major_faults,
        .major_faults = thread->major_faults,
        .waits = thread->blocks,
        .preemptions = thread->switches > gone ? thread->switches - gone : 0,
        .io = task->io};
}

void task_usage(struct task *task, struct usage *usage)
{
    spin_lock(&task->process->signal_lock);
    task_usage_locked(task, usage);
    spin_unlock(&task->process->signal_lock);
}

static void add_space(struct task *task, struct usage *usage)
{
    struct vm_space *space = task->space;
    if (space)
        usage->peak_pages = max_u64(usage->peak_pages, space->pages_peak);
}

void process_usage_locked(struct process *process, struct usage *usage)
{
    struct usage one;
    *usage = process->used;
    list_for_each(struct task, task, &process->tasks, in_process)
    {
        task_usage_locked(task, &one);
        spin_lock(&task->parts_lock);
        add_space(task, &one);
        spin_unlock(&task->parts_lock);
        usage_add(usage, &one);
    }
}

void process_usage(struct process *process, struct usage *usage)
{
    spin_lock(&process->signal_lock);
    process_usage_locked(process, usage);
    spin_unlock(&process->signal_lock);
}

void process_children_usage(struct process *process, struct usage *usage)
{
    spin_lock(&processes_lock);
    *usage = process->children_used;
    spin_unlock(&processes_lock);
}

void process_note_peak(struct process *process, const struct vm_space *space)
{
    spin_lock(&process->signal_lock);
    process->used.peak_pages = max_u64(process->used.peak_pages, space->pages_peak);
    spin_unlock(&process->signal_lock);
}
