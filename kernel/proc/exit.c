/*
 * The end of tasks and processes: see proc.h. A task that ends gives everything back while it can still be seen; then,
 * under processes_lock, it leaves its process, and with the last one the process has ended: its children get another
 * parent, and its own is told. What is left, number, status and times, waits for that one; if nobody will ask, it goes
 * at once.
 *
 * Source: _exit(2), wait(2), PR_SET_CHILD_SUBREAPER(2const); POSIX.1-2017, _Exit: consequences of process termination.
 */
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/futex.h"
#include "proc/jobs.h"
#include "proc/namespaces.h"
#include "proc/numbers.h"
#include "proc/process_internal.h"
#include "proc/signal_internal.h"
#include "proc/signalfd.h"

void process_give_memory_back(struct process *process)
{
    if (!__atomic_load_n(&process->borrows, __ATOMIC_RELAXED))
        return;
    spin_lock(&processes_lock);
    __atomic_store_n(&process->borrows, false, __ATOMIC_RELEASE);
    if (process->parent)
        wait_queue_wake_all(&process->parent->child_event);
    spin_unlock(&processes_lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Under processes_lock; what nobody will ask about goes to GONE
 */

static void vanish(struct process *process, struct list *gone)
{
    process_vanish_locked(process);
    list_push_back(gone, &process->sibling);
}

/* Who takes the children of PROCESS: the nearest of its ancestors that has said so, else process 1 of its
 * namespace. NULL: nobody. */
static struct process *find_heir(const struct process *process)
{
    const struct number_space *space = process->identity->space;
    struct process *first = space->level ? space->first : process_first();
    for (struct process *at = process->parent; at && at != first; at = at->parent)
        if (at->subreaper && !at->ended && at->identity->space == space)
            return at;
    return first != process ? first : NULL;
}

/* A process has ended that has a parent: it learns that, or nobody needs to. */
static void tell_parent(struct process *process, struct list *gone)
{
    if (signal_tell_end(process))
        vanish(process, gone);
}

/* Those of CHILD's tasks that have asked for a signal when PARENT ends get it. */
static void tell_child(struct process *child, const struct process *parent)
{
    list_for_each(struct task, task, &child->tasks, in_process)
    {
        int signal = __atomic_load_n(&task->parent_death_signal, __ATOMIC_RELAXED);
        if (signal)
            signal_send_from(child, parent, parent->credentials->uid, signal);
    }
}

static void give_child_away(struct process *child, struct process *heir, struct list *gone)
{
    const struct process *lost = child->parent;
    tell_child(child, lost);
    list_remove(&child->sibling);
    process_set_parent_locked(child, heir);
    child->exit_signal = SIGCHLD;
    if (heir)
        list_push_back(&heir->children, &child->sibling);
    if (child->ended && heir)
        tell_parent(child, gone);
    else if (child->ended)
        vanish(child, gone);
    else
        group_may_be_orphaned(child, lost);
}

/* The last task of PROCESS has left it. */
static void process_end_locked(struct process *process, struct list *gone)
{
    struct list_node *node;
    struct process *heir = find_heir(process);
    group_may_be_orphaned(process, NULL);
    while ((node = list_first(&process->children)) != NULL)
        give_child_away(container_of(node, struct process, sibling), heir, gone);
    __atomic_store_n(&process->ended, true, __ATOMIC_RELEASE);
    if (process->identity->space->first == process)
        process->identity->space->first = NULL;
    wait_queue_wake_all(&process->end_event);
    if (process->parent)
        tell_parent(process, gone);
    else if (process->thread)
        wait_queue_wake_all(&process->child_event); /* process_wait */
    else
        vanish(process, gone);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The current task
 */

/* Its memory, descriptors and paths; what they lead to may sleep. */
static void give_back(struct task *task)
{
    struct process *process = task->process;
    semaphore_undo_leave(task->semaphore_undo);
    task->semaphore_undo = NULL;
    futex_leave_memory();
    process_note_peak(process, task->space);
    vm_space_enter(NULL);
    vm_space_put(task_set_space(NULL));
    process_give_memory_back(process);
    files_leave(task_set_files(NULL));
    paths_put(task_set_paths(NULL));
    namespaces_put(task_set_namespaces(NULL));
}

/* Nobody finds the task any more. True: it was the last one. */
static bool leave_process_locked(struct task *task)
{
    struct process *process = task->process;
    struct usage used;
    spin_lock(&process->signal_lock);
    list_remove(&task->in_process);
    bool last = --process->task_count == 0;
    task_usage_locked(task, &used);
    usage_add(&process->used, &used);
    signal_queue_clear(process, &task->signals);
    if (last)
        signal_queue_clear(process, &process->signals);
    else
        signals_pass_on_locked(process, ~task->signal_mask);
    spin_unlock(&process->signal_lock);
    task->identity->task = NULL;
    number_release_locked(task->identity);
    if (process->executor)
        wait_queue_wake_all(&process->child_event);
    if (last) {
        signalfds_leave(process);
        process->credentials = task->credentials;
        task->credentials = NULL;
    }
    return last;
}

/* Children of PROCESS that have ended nobody waits for. Is it the last one in its namespace of numbers? */
static bool reap_all(struct process *process)
{
    struct list gone = LIST_INIT(gone);
    struct list_node *node;
    spin_lock(&processes_lock);
    list_for_each_safe(struct process, child, &process->children, sibling)
    {
        if (child->ended)
            vanish(child, &gone);
    }
    bool last = process->identity->space->processes == 1;
    spin_unlock(&processes_lock);
    while ((node = list_pop_front(&gone)) != NULL)
        process_put(container_of(node, struct process, sibling));
    return last;
}

/*
 * Process 1 of a namespace of numbers is about to end: all others in it end first, by SIGKILL. Those that are its own
 * children by then nobody needs to wait for, whatever signal they would end with.
 */
static void end_others(struct process *process)
{
    struct number_space *space = process->identity->space;
    const struct number *number;
    spin_lock(&process->signal_lock);
    process->actions[SIGCHLD - 1].handler = SIG_IGN;
    spin_unlock(&process->signal_lock);
    spin_lock(&processes_lock);
    space->ended = true;
    for (int32_t at = 2; (number = number_next_in_locked(space, at)) != NULL; at = number_in(number, space) + 1)
        if (number->process && !number->process->ended)
            process_kill(number->process, SIGKILL);
    spin_unlock(&processes_lock);
    wait_event(&process->child_event, reap_all(process));
}

_Noreturn void task_exit(int status)
{
    struct task *task = task_current();
    struct process *process = task->process;
    struct list gone = LIST_INIT(gone);
    struct list_node *node;
    give_back(task);
    if (__atomic_sub_fetch(&process->alive, 1, __ATOMIC_ACQ_REL) == 0) {
        process_set_executable(process, NULL);
        session_leader_ends(process);
        if (process->own_number == 1 && process->identity->space->level)
            end_others(process);
    }
    thread_current()->task = NULL;
    spin_lock(&processes_lock);
    if (!process->exiting)
        process->exit_status = status; /* that of the last one counts */
    if (leave_process_locked(task))
        process_end_locked(process, &gone);
    else
        process_stop_loses_task_locked(process, task);
    spin_unlock(&processes_lock);
    task_free(task);
    while ((node = list_pop_front(&gone)) != NULL)
        process_put(container_of(node, struct process, sibling));
    process_put(process);
    thread_exit(0);
}

/* All tasks but SELF are to end. False: they were to already. */
static bool end_all(struct process *process, const struct task *self, int status)
{
    spin_lock(&process->signal_lock);
    bool first = !process->exiting;
    if (first) {
        process->exit_status = status;
        process->exiting = true;
        list_for_each(struct task, task, &process->tasks, in_process)
        {
            if (task != self)
                thread_interrupt(task->thread, ATTENTION_EXIT);
        }
        wait_queue_wake_all(&process->going_on);
    }
    spin_unlock(&process->signal_lock);
    return first;
}

bool process_kill(struct process *process, int signal)
{
    return end_all(process, NULL, status_of_signal(signal));
}

_Noreturn void process_exit(int status)
{
    struct task *self = task_current();
    end_all(self->process, self, status);
    task_exit(status);
}

_Noreturn void process_end_namespace(int signal)
{
    spin_lock(&processes_lock);
    struct process *first = number_space_current()->first;
    if (first)
        process_kill(first, signal);
    spin_unlock(&processes_lock);
    process_exit(0);
}
