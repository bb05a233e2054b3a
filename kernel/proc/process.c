/*
 * The life of a process: see proc.h. process_start loads the program first, so that an error is the caller's; the new
 * thread then only enters the address space and goes to the program. task_exit takes everything apart again but struct
 * process, which holds the status until process_wait has it.
 */
#include "proc/process_internal.h"

#include "fs/device.h"
#include "fs/names.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "log.h"
#include "mm/slab.h"
#include "panic.h"

#define LOG_NAME "process"
#define CONSOLE "/dev/console"

static int32_t last_number;
static uint64_t count;

void process_put(struct process *process)
{
    if (__atomic_sub_fetch(&process->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    __atomic_fetch_sub(&count, 1, __ATOMIC_RELAXED);
    kfree(process);
}

uint64_t process_count(void)
{
    return __atomic_load_n(&count, __ATOMIC_RELAXED);
}

struct process *process_create(const char *name)
{
    struct process *process = kmalloc(sizeof *process, ALLOC_ZERO);
    if (process == NULL)
        return NULL;
    process->references = 1;
    process->children = (struct list)LIST_INIT(process->children);
    wait_queue_init(&process->child_event);
    process->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
    strlcpy(process->name, name, sizeof process->name);
    for (unsigned i = 0; i < RLIMIT_COUNT; i++)
        process->limits[i] = (struct rlimit){RLIM_INFINITY, RLIM_INFINITY};
    process->limits[RLIMIT_STACK].current = MIB(8);
    process->limits[RLIMIT_CORE].current = 0;
    process->limits[RLIMIT_NOFILE] = (struct rlimit){FILES_MAX, FILES_MAX};
    __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED);
    return process;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Tasks
 */

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

struct task_paths *paths_copy(const struct task_paths *paths)
{
    struct task_paths *copy = kmalloc(sizeof *copy, 0);
    if (copy == NULL)
        return NULL;
    *copy = (struct task_paths){.references = 1, .root = paths->root, .working = paths->working, .umask = paths->umask};
    spin_lock_init(&copy->lock, LOCK_RANK_PARTS);
    path_get(&copy->root);
    path_get(&copy->working);
    return copy;
}

static void paths_put(struct task_paths *paths)
{
    if (paths == NULL || __atomic_sub_fetch(&paths->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    path_put(&paths->root);
    path_put(&paths->working);
    kfree(paths);
}

void task_walk(struct walk *walk)
{
    const struct task *task = task_current();
    *walk = (struct walk){.root = task->paths->root, .start = task->paths->working, .credentials = task->credentials};
}

/* All but the process. The current thread is in no space of it any more. */
void task_free(struct task *task)
{
    vm_space_put(task->space);
    files_put(task->files);
    paths_put(task->paths);
    if (task->credentials)
        credentials_put(task->credentials);
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

/* With its parts, but without a thread. */
static struct task *task_create(struct process *process, const struct program *program, int *error)
{
    struct task *task = kmalloc(sizeof *task, ALLOC_ZERO);
    *error = -ENOMEM;
    if (task == NULL)
        return NULL;
    task->process = process;
    task->number = process->number;
    spin_lock_init(&task->parts_lock, LOCK_RANK_PARTS);
    program_registers(program, &task->start);
    task->credentials = credentials_get(&credentials_root);
    task->files = files_create();
    task->paths = paths_create();
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
    if (task->stillborn || fpu_enable(&self->fpu) < 0)
        task_exit(status_of_signal(SIGKILL));
    if (task->set_child_tid)
        (void)copy_to_user(task->set_child_tid, &task->number);
    user_enter(&task->start);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The end, and who waits for it
 */

static struct spinlock tree_lock = SPINLOCK_INIT(PROCESSES);
static struct process *first_process; /* number 1; NULL: none yet, or it has ended */

void process_adopt(struct process *parent, struct process *process)
{
    spin_lock(&tree_lock);
    process->parent = parent;
    list_push_back(&parent->children, &process->sibling);
    spin_unlock(&tree_lock);
}

void process_give_memory_back(struct process *process)
{
    spin_lock(&tree_lock);
    if (process->borrows) {
        process->borrows = false;
        wait_queue_wake_all(&process->parent->child_event);
    }
    spin_unlock(&tree_lock);
}

void process_set_executable(struct process *process, struct file *file)
{
    spin_lock(&tree_lock);
    struct file *old = process->executable;
    process->executable = file;
    spin_unlock(&tree_lock);
    if (old)
        file_put(old);
}

struct file *process_executable(struct process *process)
{
    spin_lock(&tree_lock);
    struct file *file = process->executable;
    if (file)
        file_get(file);
    spin_unlock(&tree_lock);
    return file;
}

/* Nobody will wait for a child of nobody: those that have ended already go, the others when they end. */
static void disown_children(struct process *process, struct list *gone)
{
    struct list_node *node;
    struct process *heir = first_process != process ? first_process : NULL;
    while ((node = list_first(&process->children)) != NULL) {
        struct process *child = container_of(node, struct process, sibling);
        list_remove(node);
        child->parent = heir;
        if (heir) {
            list_push_back(&heir->children, node);
            wait_queue_wake_all(&heir->child_event);
        } else if (child->ended) {
            list_push_back(gone, node);
        }
    }
}

/* The current process ends with STATUS; the reference of its task goes. */
static void process_end(struct process *process, int status)
{
    struct list gone = LIST_INIT(gone);
    struct list_node *node;
    process_give_memory_back(process);
    process_set_executable(process, NULL);
    spin_lock(&tree_lock);
    if (process == first_process)
        first_process = NULL;
    disown_children(process, &gone);
    process->exit_status = status;
    process->ended = true;
    bool orphan = process->parent == NULL && process->thread == NULL;
    if (process->parent)
        wait_queue_wake_all(&process->parent->child_event);
    spin_unlock(&tree_lock);
    while ((node = list_first(&gone)) != NULL) {
        list_remove(node);
        process_put(container_of(node, struct process, sibling));
    }
    if (orphan)
        process_put(process);
    process_put(process);
}

_Noreturn void task_exit(int status)
{
    struct thread *self = thread_current();
    struct task *task = self->task;
    struct process *process = task->process;
    uint32_t zero = 0;
    if (task->clear_child_tid)
        (void)copy_to_user(task->clear_child_tid, &zero);
    self->task = NULL;
    vm_space_enter(NULL);
    task_free(task);
    process_end(process, status);
    thread_exit(0);
}

int32_t process_parent_number(void)
{
    spin_lock(&tree_lock);
    const struct process *parent = task_current()->process->parent;
    int32_t number = parent ? parent->number : 0;
    spin_unlock(&tree_lock);
    return number;
}

/* A child that has ended, taken out of the list; *any: there is one at all that PID means. */
static struct process *take_ended(struct process *parent, int32_t pid, bool *any)
{
    struct process *found = NULL;
    *any = false;
    spin_lock(&tree_lock);
    for (struct list_node *node = parent->children.head.next; node != &parent->children.head && !found;
        node = node->next) {
        struct process *child = container_of(node, struct process, sibling);
        if (pid > 0 && child->number != pid)
            continue;
        *any = true;
        if (child->ended)
            found = child;
    }
    if (found)
        list_remove(&found->sibling);
    spin_unlock(&tree_lock);
    return found;
}

long process_wait_child(int32_t pid, bool no_hang, int *status)
{
    struct process *self = task_current()->process, *child = NULL;
    bool any;
    child = take_ended(self, pid, &any);
    if (!child && any && !no_hang)
        wait_event(&self->child_event, child != NULL || (child = take_ended(self, pid, &any)) != NULL || !any);
    if (!child)
        return any ? 0 : -ECHILD;
    int32_t number = child->number;
    *status = child->exit_status;
    process_put(child);
    return number;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processes
 */

static const char *last_component(const char *path)
{
    const char *name = path;
    for (; *path; path++)
        if (*path == '/' && path[1])
            name = path + 1;
    return name;
}

/* Takes PROGRAM's space over when it succeeds. */
static int process_populate(struct process *process, const struct program *program)
{
    int error;
    struct task *task = task_create(process, program, &error);
    if (task == NULL)
        return error;
    struct thread *thread = thread_create_stopped(process->name, task_begin, task);
    if (thread == NULL) {
        task->space = NULL; /* the caller's still */
        task_free(task);
        return -ENOMEM;
    }
    thread->task = task;
    process->thread = thread;
    process->executable = program->file;
    if (process->number == 1)
        first_process = process;
    __atomic_fetch_add(&process->references, 1, __ATOMIC_RELAXED);
    thread_start(thread);
    return 0;
}

void process_set_name(struct process *process, const char *path)
{
    strlcpy(process->name, last_component(path), sizeof process->name);
}

struct process *process_start(const char *path, const struct program_arguments *arguments, int *error)
{
    struct program_request request = {.path = path, .arguments = *arguments};
    struct program program;
    struct process *process = process_create(last_component(path));
    *error = -ENOMEM;
    if (process == NULL)
        return NULL;
    fs_root_walk(&request.walk);
    request.limits = process_program_limits(process);
    *error = program_load(&request, &program);
    if (*error)
        goto out_process;
    *error = process_populate(process, &program);
    if (*error == 0)
        return process;
    program_put(&program);
out_process:
    process_put(process);
    return NULL;
}

int process_wait(struct process *process)
{
    thread_join(process->thread);
    int status = process->exit_status;
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

void processes_init(void)
{
    trap_set_return_hook(return_to_program);
    struct walk walk;
    fs_root_walk(&walk);
    int error = name_create(&walk, "/dev", S_IFDIR | 0755, 0);
    if (!error || error == -EEXIST)
        error = name_create(&walk, CONSOLE, S_IFCHR | 0600, DEVICE_CONSOLE);
    if (error && error != -EEXIST)
        log_error("there is no " CONSOLE ": error %d", -error);
    program_faults_init();
}
