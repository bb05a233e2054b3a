/*
 * The life of a process: see proc.h. process_start loads the program first, so that an error is the caller's; the new
 * thread then only enters the address space and goes to the program. task_exit takes everything apart again but struct
 * process, which holds the status until process_wait has it.
 */
#include "proc/proc.h"

#include "arch/x86_64/user.h"
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

static void process_put(struct process *process)
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

static struct process *process_create(const char *name)
{
    struct process *process = kmalloc(sizeof *process, ALLOC_ZERO);
    if (process == NULL)
        return NULL;
    process->references = 1;
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
    path_get(&paths->root);
    path_get(&paths->working);
    return paths;
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
static void task_free(struct task *task)
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
    task->program = *program;
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
static long begin(void *argument)
{
    struct task *task = argument;
    static const struct user_bases none;
    struct trap_frame frame;
    vm_space_enter(task->space);
    if (fpu_enable(&thread_current()->fpu) < 0)
        task_exit(status_of_signal(SIGKILL));
    user_bases_load(&none);
    program_registers(&task->program, &frame);
    user_enter(&frame);
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
    process->exit_status = status;
    process_put(process);
    thread_exit(0);
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
    struct thread *thread = thread_create_stopped(process->name, begin, task);
    if (thread == NULL) {
        task->space = NULL; /* the caller's still */
        task_free(task);
        return -ENOMEM;
    }
    thread->task = task;
    process->thread = thread;
    __atomic_fetch_add(&process->references, 1, __ATOMIC_RELAXED);
    thread_start(thread);
    return 0;
}

struct process *process_start(const char *path, const struct program_arguments *arguments, int *error)
{
    struct walk walk;
    struct program program;
    fs_root_walk(&walk);
    *error = program_load(&walk, path, arguments, &program);
    if (*error)
        return NULL;
    struct process *process = process_create(last_component(path));
    *error = process ? process_populate(process, &program) : -ENOMEM;
    if (*error == 0)
        return process;
    if (process)
        process_put(process);
    vm_space_put(program.space);
    return NULL;
}

int process_wait(struct process *process)
{
    thread_join(process->thread);
    int status = process->exit_status;
    process_put(process);
    return status;
}

void processes_init(void)
{
    struct walk walk;
    fs_root_walk(&walk);
    int error = name_create(&walk, "/dev", S_IFDIR | 0755, 0);
    if (!error || error == -EEXIST)
        error = name_create(&walk, CONSOLE, S_IFCHR | 0600, DEVICE_CONSOLE);
    if (error && error != -EEXIST)
        log_error("there is no " CONSOLE ": error %d", -error);
    program_faults_init();
}
