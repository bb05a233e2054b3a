/*
 * Files that are processes: see pidfd.h. The file holds a reference to the process, which keeps no more than the
 * structure.
 */
#include "proc/pidfd.h"

#include "lib/errno.h"
#include "proc/inspect.h"
#include "proc/numbers.h"

static unsigned poll(struct file *file, struct poll_table *table)
{
    struct process *process = file->data;
    poll_wait(table, &process->end_event);
    return __atomic_load_n(&process->ended, __ATOMIC_ACQUIRE) ? POLLIN | POLLRDNORM : 0;
}

static void release(struct file *file)
{
    process_put(file->data);
}

static const struct file_ops pidfd_ops = {.poll = poll, .release = release, .stream = true};

struct file *pidfd_create(struct process *process, unsigned flags)
{
    struct file *file = file_create_anonymous("anon_inode:[pidfd]", &pidfd_ops, process, O_RDWR | flags, 0600);
    if (file)
        process_get(process);
    return file;
}

struct process *pidfd_process(const struct file *file)
{
    return file->ops == &pidfd_ops ? file->data : NULL;
}

struct file *pidfd_get_file(struct process *process, int fd, int *error)
{
    spin_lock(&processes_lock);
    struct task *task = process_any_task_locked(process);
    *error = task == NULL ? -ESRCH : task_may_inspect(task, INSPECT_ATTACH) ? 0 : -EPERM;
    struct task_files *files = *error ? NULL : task_files(task);
    spin_unlock(&processes_lock);
    if (files == NULL) {
        *error = *error ? *error : -ESRCH;
        return NULL;
    }
    struct file *file = files_find_any(files, fd);
    files_put(files);
    *error = file ? 0 : -EBADF;
    return file;
}

int32_t pidfd_number(struct process *process)
{
    spin_lock(&processes_lock);
    bool there = process_known_locked(process->number) == process;
    int32_t number = there ? number_seen(process->identity) : -1;
    spin_unlock(&processes_lock);
    return number;
}
