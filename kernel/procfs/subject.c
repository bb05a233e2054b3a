/*
 * Finding processes and tasks, and who may look into them: see subject.h.
 *
 * Source: ptrace(2), "Ptrace access mode checking" (PTRACE_MODE_READ_FSCREDS); proc(5).
 */
#include "procfs/subject.h"

#include "lib/errno.h"
#include "proc/namespaces.h"
#include "proc/numbers.h"

struct process *subject_process_locked(const struct pseudo_node *node)
{
    struct process *process = process_known_locked((int32_t)node->parts[SUBJECT_PROCESS]);
    return process && process->started == node->parts[SUBJECT_STARTED] ? process : NULL;
}

struct task *subject_task_locked(const struct pseudo_node *node)
{
    struct process *process = subject_process_locked(node);
    if (process == NULL)
        return NULL;
    if (node->parts[SUBJECT_TASK] == 0) {
        struct list_node *first = list_first(&process->tasks);
        return first ? container_of(first, struct task, in_process) : NULL;
    }
    const struct number *number = number_find_locked((int32_t)node->parts[SUBJECT_TASK]);
    struct task *task = number ? number->task : NULL;
    return task && task->process == process ? task : NULL;
}

struct number_space *subject_numbers(const struct pseudo_node *node)
{
    return node->super ? node->super->data : number_space_current();
}

struct number_space *subject_own_numbers(const struct pseudo_node *node)
{
    spin_lock(&processes_lock);
    const struct process *process = subject_process_locked(node);
    struct number_space *space = process ? process->identity->space : NULL;
    if (space)
        namespace_get(&space->namespace);
    spin_unlock(&processes_lock);
    return space;
}

/* The number of a task that is not its process's first names the process, too, though no directory lists it. */
int subject_find(struct pseudo_node *node, int32_t number)
{
    spin_lock(&processes_lock);
    const struct number *found = number_find_in_locked(subject_numbers(node), number);
    struct process *process = found ? found->process : NULL;
    struct task *task = found && !process ? found->task : NULL;
    if (task)
        process = task->process;
    if (process) {
        node->parts[SUBJECT_PROCESS] = (uint64_t)process->number;
        node->parts[SUBJECT_STARTED] = process->started;
        node->parts[SUBJECT_TASK] = task ? (uint64_t)task->number : 0;
    }
    spin_unlock(&processes_lock);
    return process ? 0 : -ENOENT;
}

struct process *subject_process(const struct pseudo_node *node)
{
    spin_lock(&processes_lock);
    struct process *process = subject_process_locked(node);
    if (process)
        process_get(process);
    spin_unlock(&processes_lock);
    return process;
}

/* PART of the subject's task by GET, which takes a reference. */
#define TASK_PART(node, get)                                                                                           \
    __extension__({                                                                                                    \
        spin_lock(&processes_lock);                                                                                    \
        struct task *part_task = subject_task_locked(node);                                                            \
        __auto_type part = part_task ? get(part_task) : NULL;                                                          \
        spin_unlock(&processes_lock);                                                                                  \
        part;                                                                                                          \
    })

struct vm_space *subject_space(const struct pseudo_node *node)
{
    return TASK_PART(node, task_space);
}

struct task_files *subject_files(const struct pseudo_node *node)
{
    return TASK_PART(node, task_files);
}

struct namespaces *subject_namespaces(const struct pseudo_node *node)
{
    return TASK_PART(node, task_namespaces);
}

/* One that has ended has left its own. */
const struct credentials *subject_credentials(const struct pseudo_node *node)
{
    spin_lock(&processes_lock);
    struct process *process = subject_process_locked(node);
    struct task *task = subject_task_locked(node);
    const struct credentials *credentials = task ? task_credentials(task) : NULL;
    if (credentials == NULL && process && process->credentials)
        credentials = credentials_get(process->credentials);
    spin_unlock(&processes_lock);
    return credentials;
}

static bool get_path(
    const struct pseudo_node *node, struct path *path, bool (*get)(struct task *task, struct path *path))
{
    spin_lock(&processes_lock);
    struct task *task = subject_task_locked(node);
    bool there = task && get(task, path);
    spin_unlock(&processes_lock);
    return there;
}

bool subject_root(const struct pseudo_node *node, struct path *root)
{
    return get_path(node, root, task_root);
}

bool subject_working(const struct pseudo_node *node, struct path *working)
{
    return get_path(node, working, task_working);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Who may look
 */

static bool is_alike(const struct credentials *reader, const struct credentials *subject)
{
    uint32_t uid = reader->fsuid, gid = reader->fsgid;
    bool same = uid == subject->uid && uid == subject->euid && uid == subject->suid && gid == subject->gid &&
                gid == subject->egid && gid == subject->sgid;
    return same && (subject->permitted & ~reader->effective) == 0;
}

int subject_may_look(const struct pseudo_node *node)
{
    const struct task *self = task_current();
    if (self == NULL || (uint64_t)self->process->number == node->parts[SUBJECT_PROCESS])
        return 0;
    struct process *process = subject_process(node);
    const struct credentials *credentials = process ? subject_credentials(node) : NULL;
    bool may = credentials && (credentials_capable(self->credentials, CAP_SYS_PTRACE) ||
                                  (!process->undumpable && is_alike(self->credentials, credentials)));
    if (process)
        process_put(process);
    if (credentials == NULL)
        return -ESRCH;
    credentials_put(credentials);
    return may ? 0 : -EACCES;
}

int subject_open(const struct pseudo_node *node, unsigned flags)
{
    return subject_may_look(node);
}

int subject_refresh(struct inode *inode, const struct pseudo_node *node)
{
    if (node->parts[SUBJECT_PROCESS] == 0)
        return 0;
    spin_lock(&processes_lock);
    struct process *process = subject_process_locked(node);
    struct task *task = process ? subject_task_locked(node) : NULL;
    bool there = process && (task || node->parts[SUBJECT_TASK] == 0);
    const struct credentials *credentials = task ? task_credentials(task) : NULL;
    if (there && credentials == NULL && process->credentials)
        credentials = credentials_get(process->credentials);
    bool of_root = there && process->undumpable && node->entry->mode != (S_IFDIR | 0555);
    spin_unlock(&processes_lock);
    if (credentials) {
        inode->uid = of_root ? 0 : credentials->euid;
        inode->gid = of_root ? 0 : credentials->egid;
        credentials_put(credentials);
    }
    return there ? 0 : -ENOENT;
}
