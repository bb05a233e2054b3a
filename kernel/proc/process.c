/*
 * Processes as such: made, known by number, named, started by the kernel. See proc.h. process_start loads the program
 * first, so that an error is the caller's; the new thread then only enters the address space and goes to the program.
 */
#include "proc/process_internal.h"

#include "fs/device.h"
#include "fs/names.h"
#include "ipc/ipc.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log.h"
#include "mm/slab.h"
#include "proc/accounts.h"
#include "proc/futex.h"
#include "proc/jobs.h"
#include "proc/namespaces.h"
#include "proc/numbers.h"
#include "proc/oom.h"
#include "proc/timers.h"
#include "proc/vdso.h"

#define LOG_NAME "process"
#define CONSOLE "/dev/console"

struct spinlock processes_lock = SPINLOCK_INIT(PROCESSES);
static uint64_t count;

/* ------------------------------------------------------------------------------------------------------------------
 * The object
 */

#define UNLIMITED {RLIM_INFINITY, RLIM_INFINITY}
static struct rlimit first_limits[RLIMIT_COUNT] = {
    [RLIMIT_CPU] = UNLIMITED,
    [RLIMIT_FSIZE] = UNLIMITED,
    [RLIMIT_DATA] = UNLIMITED,
    [RLIMIT_STACK] = {MIB(8), RLIM_INFINITY},
    [RLIMIT_CORE] = {0, RLIM_INFINITY},
    [RLIMIT_RSS] = UNLIMITED,
    [RLIMIT_NOFILE] = {1024, 4096},
    [RLIMIT_MEMLOCK] = {MIB(8), MIB(8)},
    [RLIMIT_AS] = UNLIMITED,
    [RLIMIT_LOCKS] = UNLIMITED,
    [RLIMIT_MSGQUEUE] = {819200, 819200},
    [RLIMIT_RTTIME] = UNLIMITED,
}; /* NPROC and SIGPENDING: by the machine's memory; NICE and RTPRIO: none */

static void limits_init(void)
{
    uint64_t half = account_tasks_max() / 2;
    first_limits[RLIMIT_NPROC] = first_limits[RLIMIT_SIGPENDING] = (struct rlimit){half, half};
}

struct process *process_create(const char *name, struct number_space *space, int *error)
{
    struct process *process = kmalloc(sizeof *process, ALLOC_ZERO);
    *error = -ENOMEM;
    if (process == NULL)
        return NULL;
    process->identity = number_create(space, error);
    if (process->identity == NULL) {
        kfree(process);
        return NULL;
    }
    process->references = 1;
    process->number = process->identity->value;
    process->own_number = process->identity->own;
    process->started = clock_monotonic();
    list_init(&process->children);
    list_init(&process->tasks);
    list_node_init(&process->sibling);
    list_node_init(&process->in_group);
    wait_queue_init(&process->child_event);
    wait_queue_init(&process->end_event);
    wait_queue_init(&process->going_on);
    spin_lock_init(&process->signal_lock, LOCK_RANK_SIGNALS);
    signal_queue_init(&process->signals);
    list_init(&process->signalfds);
    process->unkillable = process->own_number == 1;
    strlcpy(process->name, name, sizeof process->name);
    memcpy(process->limits, first_limits, sizeof process->limits);
    __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
    return process;
}

void process_put(struct process *process)
{
    if (__atomic_sub_fetch(&process->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    __atomic_fetch_sub(&count, 1, __ATOMIC_RELAXED);
    process_timers_free(process);
    if (process->credentials)
        credentials_put(process->credentials);
    kfree(process);
}

void process_discard(struct process *process)
{
    process_set_executable(process, NULL);
    number_release(process->identity);
    process_put(process);
}

uint64_t process_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

static const char *last_component(const char *path)
{
    const char *name = path;
    for (; *path; path++)
        if (*path == '/' && path[1])
            name = path + 1;
    return name;
}

void process_set_name(const char *path)
{
    task_set_name(last_component(path));
}

void process_limits_changed(struct process *process)
{
    struct vm_space *space = NULL;
    process_limit_processor(process);
    spin_lock(&process->signal_lock);
    if (!list_is_empty(&process->tasks))
        space = task_space(container_of(list_first(&process->tasks), struct task, in_process));
    spin_unlock(&process->signal_lock);
    if (space == NULL)
        return;
    const struct program_limits limits = process_program_limits(process->limits);
    vm_set_limits(space, limits.stack, limits.data, limits.address_space);
    vm_space_put(space);
}

/* ------------------------------------------------------------------------------------------------------------------
 * By number
 */

void process_set_parent_locked(struct process *process, struct process *parent)
{
    process->parent = parent;
    __atomic_store_n(
        &process->parent_number, parent ? number_in(parent->identity, process->identity->space) : 0, __ATOMIC_RELAXED);
}

static void enter_spaces(struct process *process)
{
    struct number_space *space = process->identity->space;
    if (process->own_number == 1)
        space->first = process;
    for (; space->level; space = space->parent)
        space->processes++;
}

/* Process 1 of a namespace that ends waits for all others (exit.c). */
static void leave_spaces(const struct process *process)
{
    for (struct number_space *space = process->identity->space; space->level; space = space->parent) {
        __atomic_fetch_sub(&space->processes, 1, __ATOMIC_RELEASE);
        if (space->ended && space->first)
            wait_queue_wake_all(&space->first->child_event);
    }
}

void process_publish_locked(
    struct process *process, struct task *task, struct process *parent, struct process_group *group)
{
    process->references++;
    process->identity->process = process;
    process->identity->task = task;
    enter_spaces(process);
    list_push_back(&process->tasks, &task->in_process);
    process->task_count = process->alive = 1;
    process_set_parent_locked(process, parent);
    if (parent)
        list_push_back(&parent->children, &process->sibling);
    group_join(group, process);
}

int process_add_task(struct task *task)
{
    struct process *process = task->process;
    int error = -ERESTARTNOINTR;
    spin_lock(&processes_lock);
    spin_lock(&process->signal_lock);
    if (!process->exiting && process->executor == NULL) {
        task->identity->task = task;
        list_push_back(&process->tasks, &task->in_process);
        process->task_count++;
        __atomic_fetch_add(&process->alive, 1, __ATOMIC_RELAXED);
        if (process->stop_signal)
            thread_interrupt(task->thread, ATTENTION_STOP);
        error = 0;
    }
    spin_unlock(&process->signal_lock);
    spin_unlock(&processes_lock);
    return error;
}

void process_vanish_locked(struct process *process)
{
    list_remove(&process->sibling);
    group_leave(process);
    leave_spaces(process);
    process->identity->process = NULL;
    number_release_locked(process->identity);
}

struct process *process_find_locked(int32_t number)
{
    const struct number *found = number_find_seen_locked(number);
    return found ? found->process : NULL;
}

struct process *process_known_locked(int32_t number)
{
    const struct number *found = number_find_locked(number);
    return found ? found->process : NULL;
}

struct task *task_find_locked(int32_t number)
{
    const struct number *found = number_find_seen_locked(number);
    return found ? found->task : NULL;
}

struct process *process_next_locked(int32_t number)
{
    const struct number *found;
    while ((found = number_next_locked(number)) != NULL && found->process == NULL)
        number = found->value + 1;
    return found ? found->process : NULL;
}

static struct process *with_reference(struct process *process)
{
    if (process)
        process_get(process);
    return process;
}

struct process *process_find(int32_t number)
{
    spin_lock(&processes_lock);
    struct process *process = with_reference(process_find_locked(number));
    spin_unlock(&processes_lock);
    return process;
}

struct process *process_next(int32_t number)
{
    spin_lock(&processes_lock);
    struct process *process = with_reference(process_next_locked(number));
    spin_unlock(&processes_lock);
    return process;
}

struct process *process_first(void)
{
    struct process *process = process_known_locked(1);
    return process && !process->ended ? process : NULL;
}

int32_t process_parent_number(void)
{
    return __atomic_load_n(&task_current()->process->parent_number, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Started by the kernel
 */

/* Takes PROGRAM's space over when it succeeds. */
static int process_populate(struct process *process, const struct program *program)
{
    int error;
    struct task *task = task_create_first(process, program, &error);
    if (task == NULL)
        return error;
    struct thread *thread = thread_create_stopped(process->name, task_begin, task);
    if (thread == NULL) {
        task->space = NULL; /* the caller's still */
        task_free(task);
        return -ENOMEM;
    }
    thread->task = task;
    task->thread = thread;
    process->thread = thread;
    process->executable = program->file;
    process->references++; /* process_wait's */
    spin_lock(&processes_lock);
    process_publish_locked(process, task, NULL, &group_of_kernel);
    spin_unlock(&processes_lock);
    thread_start(thread);
    return 0;
}

struct process *process_start(const char *path, const struct program_arguments *arguments, int *error)
{
    struct program_request request = {
        .path = path, .arguments = *arguments, .limits = process_program_limits(first_limits)};
    struct program program;
    fs_root_walk(&request.walk);
    *error = program_load(&request, &program); /* first: what cannot be run gets no number */
    if (*error)
        return NULL;
    struct process *process = process_create(last_component(path), &number_space_first, error);
    if (process == NULL)
        goto out_program;
    *error = process_populate(process, &program);
    if (*error == 0)
        return process;
    process_discard(process);
out_program:
    program_put(&program);
    return NULL;
}

int process_wait(struct process *process)
{
    thread_join(process->thread); /* of its first task */
    wait_event(&process->child_event, __atomic_load_n(&process->ended, __ATOMIC_ACQUIRE));
    int status = process->exit_status;
    spin_lock(&processes_lock);
    process_vanish_locked(process);
    spin_unlock(&processes_lock);
    process_put(process);
    process_put(process);
    return status;
}

/* Every trap of a program comes by here on its way back to it. */
static void return_to_program(struct trap_frame *frame)
{
    struct thread *self = thread_current();
    if (__builtin_expect(self->attention == 0, 1) || self->task == NULL)
        return;
    self->task->frame = frame;
    task_attend(frame);
}

static const struct credentials *current_credentials(void)
{
    const struct task *task = task_current();
    return task ? task->credentials : &credentials_root;
}

static int32_t current_number(void)
{
    return task_current() ? task_current()->process->number : 0;
}

void processes_init(void)
{
    trap_set_return_hook(return_to_program);
    credentials_set_source(current_credentials);
    ipc_set_process_source(current_number);
    program_faults_init();
    session_terminals_init();
    namespaces_init();
    futexes_init();
    vdso_init();
    accounts_init();
    limits_init();
    process_timers_init();
    process_oom_init();
}
