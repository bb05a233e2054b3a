/*
 * Who may look into other processes: see inspect.h.
 */
#include "proc/inspect.h"

static bool is_alike(const struct credentials *self, const struct credentials *other, enum inspect_mode mode)
{
    uint32_t uid = mode == INSPECT_READ ? self->fsuid : self->uid, gid = mode == INSPECT_READ ? self->fsgid : self->gid;
    uint64_t has = mode == INSPECT_READ ? self->effective : self->permitted;
    return uid == other->uid && uid == other->euid && uid == other->suid && gid == other->gid && gid == other->egid &&
           gid == other->sgid && (other->permitted & ~has) == 0;
}

bool task_may_inspect(struct task *task, enum inspect_mode mode)
{
    const struct task *self = task_current();
    if (self->process == task->process || credentials_capable(self->credentials, CAP_SYS_PTRACE))
        return true;
    const struct credentials *other = task_credentials(task);
    bool alike = other && !task->process->undumpable && is_alike(self->credentials, other, mode);
    if (other)
        credentials_put(other);
    return alike;
}

struct task *process_any_task_locked(struct process *process)
{
    struct list_node *node = list_first(&process->tasks);
    return node ? container_of(node, struct task, in_process) : NULL;
}
