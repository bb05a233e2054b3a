/*
 * Tasks: made with all that they have, begun, and taken apart. See proc.h.
 */
#include "proc/process_internal.h"

#include "debug/counter.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/accounts.h"
#include "proc/namespaces.h"
#include "proc/numbers.h"

#define CONSOLE "/dev/console"

COUNTER(tasks_created, "tasks of programs that were ever made");

static struct task_paths *paths_create(void)
{
    struct task_paths *paths = kmalloc(sizeof *paths, 0);
    struct walk walk;
    if (paths == NULL)
        return NULL;
    fs_root_walk(&walk);
    *paths = (struct task_paths){.references = 1, .root = walk.root, .working = walk.start, .umask = 022};
    spin_lock_init(&paths->lock, LOCK_RANK_PARTS);
    path_get(&paths->root);
    path_get(&paths->working);
    return paths;
}

struct task_paths *paths_share(struct task_paths *paths)
{
    __atomic_fetch_add(&paths->references, 1, __ATOMIC_RELAXED);
    return paths;
}

struct task_paths *paths_copy(struct task_paths *paths)
{
    struct task_paths *copy = kmalloc(sizeof *copy, 0);
    if (copy == NULL)
        return NULL;
    spin_lock(&paths->lock);
    *copy = (struct task_paths){.references = 1, .root = paths->root, .working = paths->working, .umask = paths->umask};
    path_get(&copy->root);
    path_get(&copy->working);
    spin_unlock(&paths->lock);
    spin_lock_init(&copy->lock, LOCK_RANK_PARTS);
    return copy;
}

void paths_put(struct task_paths *paths)
{
    if (paths == NULL || __atomic_sub_fetch(&paths->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    path_put(&paths->root);
    path_put(&paths->working);
    kfree(paths);
}

void task_set_name(const char *name)
{
    const struct task *task = task_current();
    strlcpy(task->thread->name, name, sizeof task->thread->name);
    if (task->number == task->process->number)
        strlcpy(task->process->name, name, sizeof task->process->name);
}

void task_walk(struct walk *walk, struct walk_hold *hold)
{
    const struct task *task = task_current();
    struct task_paths *paths = task->paths;
    hold->held = __atomic_load_n(&paths->references, __ATOMIC_ACQUIRE) > 1;
    if (hold->held) {
        spin_lock(&paths->lock);
        hold->root = paths->root;
        hold->working = paths->working;
        path_get(&hold->root);
        path_get(&hold->working);
        spin_unlock(&paths->lock);
        *walk = (struct walk){.root = hold->root, .start = hold->working};
    } else {
        *walk = (struct walk){.root = paths->root, .start = paths->working};
    }
    walk->credentials = task->credentials;
}

void task_walk_release(struct walk_hold *hold)
{
    path_put(&hold->root);
    path_put(&hold->working);
}

/* All but the process. The current thread is in no space of it any more. */
void task_free(struct task *task)
{
    vm_space_put(task->space);
    files_leave(task->files);
    paths_put(task->paths);
    semaphore_undo_leave(task->semaphore_undo);
    namespaces_put(task->namespaces);
    if (task->credentials)
        credentials_put(task->credentials);
    if (task->account)
        account_remove_task(task->account);
    kfree(task);
}

/* Descriptors 0, 1 and 2. */
static int open_console(struct task_files *files)
{
    struct walk walk;
    int error;
    fs_root_walk(&walk);
    struct file *console = file_open(&walk, CONSOLE, O_RDWR, 0, &error);
    if (console == NULL)
        return error;
    for (unsigned i = 0; i < 3; i++) {
        file_get(console);
        files_add(files, console, false, FILES_MAX);
    }
    file_put(console);
    return 0;
}

struct task *task_create(struct process *process, struct number *identity)
{
    struct task *task = kmalloc(sizeof *task, ALLOC_ZERO);
    if (task == NULL)
        return NULL;
    counter_add(tasks_created, 1);
    task->process = process;
    task->identity = identity ? identity : process->identity;
    task->number = task->identity->value;
    task->own_number = task->identity->own;
    spin_lock_init(&task->parts_lock, LOCK_RANK_PARTS);
    list_node_init(&task->in_process);
    signal_queue_init(&task->signals);
    return task;
}

struct task *task_create_first(struct process *process, const struct program *program, int *error)
{
    struct task *task = task_create(process, NULL);
    *error = -ENOMEM;
    if (task == NULL)
        return NULL;
    program_registers(program, &task->start);
    task->credentials = credentials_get(&credentials_root);
    task->namespaces = namespaces_first();
    struct account *account = account_find(0);
    *error = account ? account_add_task(account, UINT64_MAX) : -ENOMEM;
    if (*error == 0)
        task->account = account;
    account_put(account);
    task->files = files_create();
    task->paths = paths_create();
    if (*error == 0)
        *error = task->files && task->paths ? open_console(task->files) : -ENOMEM;
    if (*error) {
        task_free(task);
        return NULL;
    }
    task->space = program->space;
    return task;
}

/* The first code of a task's thread. */
long task_begin(void *argument)
{
    struct task *task = argument;
    struct thread *self = thread_current();
    self->bases = task->start_bases;
    vm_space_enter(task->space);
    user_bases_load(&task->start_bases);
    if (fpu_enable(&self->fpu) < 0)
        task_exit(status_of_signal(SIGKILL));
    if (task->set_child_tid)
        (void)copy_to_user(task->set_child_tid, &task->own_number);
    task->frame = &task->start;
    cpu_interrupts_disable(); /* whoever asks for attention from here on sends an interrupt */
    if (self->attention)
        task_attend(&task->start);
    user_enter(&task->start);
}
