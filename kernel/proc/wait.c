/*
 * Waiting for children: see proc.h.
 *
 * Source: wait(2), wait4(2), waitid(2).
 */
#include "lib/errno.h"
#include "proc/process_internal.h"

/* A child that has ended, which nobody finds any more; *any: there is one at all that PID means. */
static struct process *take_ended(struct process *parent, int32_t pid, bool *any)
{
    struct process *found = NULL;
    *any = false;
    spin_lock(&processes_lock);
    list_for_each(struct process, child, &parent->children, sibling)
    {
        if (pid > 0 && child->number != pid)
            continue;
        *any = true;
        if (child->ended)
            found = child;
        if (found)
            break;
    }
    if (found)
        process_vanish_locked(found);
    spin_unlock(&processes_lock);
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
