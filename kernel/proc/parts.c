/*
 * The parts of a task at which others look: who opens /proc/PID/maps, cwd or fd sees those of another task while that
 * executes a program, changes its directory or ends. So the task changes the pointers under a lock, and others take a
 * reference under it. The task itself reads them without: nobody else changes them.
 *
 * The root and working directory of tasks that share them (CLONE_FS) have a lock of their own.
 */
#include "proc/process_internal.h"

#define TAKE_OVER(part, value)                                                                                         \
    __extension__({                                                                                                    \
        struct task *self = task_current();                                                                            \
        spin_lock(&self->parts_lock);                                                                                  \
        __auto_type before = self->part;                                                                               \
        self->part = (value);                                                                                          \
        spin_unlock(&self->parts_lock);                                                                                \
        before;                                                                                                        \
    })

struct vm_space *task_set_space(struct vm_space *space)
{
    return TAKE_OVER(space, space);
}

struct task_files *task_set_files(struct task_files *files)
{
    return TAKE_OVER(files, files);
}

struct task_paths *task_set_paths(struct task_paths *paths)
{
    return TAKE_OVER(paths, paths);
}

struct namespaces *task_set_namespaces(struct namespaces *set)
{
    return TAKE_OVER(namespaces, set);
}

void task_set_credentials(const struct credentials *credentials)
{
    credentials_put(TAKE_OVER(credentials, credentials));
}

static void set_path(struct task_paths *paths, struct path *which, const struct path *path)
{
    spin_lock(&paths->lock);
    struct path before = *which;
    *which = *path;
    spin_unlock(&paths->lock);
    path_put(&before);
}

void task_set_root(const struct path *root)
{
    struct task_paths *paths = task_current()->paths;
    set_path(paths, &paths->root, root);
}

void task_set_working(const struct path *working)
{
    struct task_paths *paths = task_current()->paths;
    set_path(paths, &paths->working, working);
}

struct vm_space *task_space(struct task *task)
{
    spin_lock(&task->parts_lock);
    struct vm_space *space = task->space;
    if (space)
        vm_space_get(space);
    spin_unlock(&task->parts_lock);
    return space;
}

struct task_files *task_files(struct task *task)
{
    spin_lock(&task->parts_lock);
    struct task_files *files = task->files;
    if (files)
        files_get(files);
    spin_unlock(&task->parts_lock);
    return files;
}

const struct credentials *task_credentials(struct task *task)
{
    spin_lock(&task->parts_lock);
    const struct credentials *credentials = task->credentials ? credentials_get(task->credentials) : NULL;
    spin_unlock(&task->parts_lock);
    return credentials;
}

/* Two locks of one rank: that of the task before that of its paths. */
static bool get_path(struct task *task, size_t offset, struct path *path)
{
    spin_lock(&task->parts_lock);
    struct task_paths *paths = task->paths;
    if (paths) {
        spin_lock_nested(&paths->lock);
        *path = *(const struct path *)((const char *)paths + offset);
        path_get(path);
        spin_unlock(&paths->lock);
    }
    spin_unlock(&task->parts_lock);
    return paths != NULL;
}

bool task_root(struct task *task, struct path *root)
{
    return get_path(task, offsetof(struct task_paths, root), root);
}

bool task_working(struct task *task, struct path *working)
{
    return get_path(task, offsetof(struct task_paths, working), working);
}

void process_set_executable(struct process *process, struct file *file)
{
    spin_lock(&processes_lock);
    struct file *old = process->executable;
    process->executable = file;
    spin_unlock(&processes_lock);
    if (old)
        file_put(old);
}

struct file *process_executable(struct process *process)
{
    spin_lock(&processes_lock);
    struct file *file = process->executable;
    if (file)
        file_get(file);
    spin_unlock(&processes_lock);
    return file;
}
