/*
 * Waiting for children: see wait.h. Whatever happens to a child wakes its parent's child_event; then the waiter looks
 * at all of its children again. Several tasks of a process may wait at once: who finds an ended child first takes it.
 *
 * Locks: processes_lock for a look at the children.
 *
 * Source: wait(2), wait4(2), waitid(2).
 */
#include "proc/wait.h"

#include "lib/errno.h"
#include "proc/numbers.h"
#include "proc/process_internal.h"

static bool is_meant(const struct process *child, const struct wait_request *request)
{
    if (request->process && child != request->process)
        return false;
    if (request->group >= 0 && number_translate_locked(child->group->number) != request->group)
        return false;
    return request->options & WAIT_ALL || (child->exit_signal != SIGCHLD) == !!(request->options & WAIT_CLONE);
}

static void report(struct process *child, int code, int value, int status, struct wait_report *report)
{
    *report =
        (struct wait_report){.number = number_seen(child->identity), .code = code, .value = value, .status = status};
    const struct task *task = container_of(list_first(&child->tasks), struct task, in_process);
    report->uid = child->ended ? child->credentials->uid : task->credentials->uid;
}

static void report_end(struct process *child, struct wait_report *found)
{
    int status = child->exit_status, signal = status & 0x7f;
    report(child, signal ? CLD_KILLED : CLD_EXITED, signal ? signal : status >> 8, status, found);
    usage_add(&found->usage, &child->used);
    usage_add(&found->usage, &child->children_used);
}

static void report_usage(struct process *child, struct wait_report *found)
{
    process_usage(child, &found->usage);
    usage_add(&found->usage, &child->children_used);
}

static bool take_stop(struct process *child, struct wait_report *found, bool leave)
{
    spin_lock(&child->signal_lock);
    int signal = child->stop_signal;
    bool news = signal && !child->stop_reported && !child->ended;
    if (news) {
        report(child, CLD_STOPPED, signal, signal << 8 | 0x7f, found);
        child->stop_reported = !leave;
    }
    spin_unlock(&child->signal_lock);
    return news;
}

static bool take_continuation(struct process *child, struct wait_report *found, bool leave)
{
    spin_lock(&child->signal_lock);
    bool news = child->continued && !child->ended;
    if (news) {
        report(child, CLD_CONTINUED, SIGCONT, 0xffff, found);
        child->continued = leave;
    }
    spin_unlock(&child->signal_lock);
    return news;
}

/* What the dead leave to their parent. */
static void inherit_usage(struct process *parent, const struct process *child)
{
    usage_add(&parent->children_used, &child->used);
    usage_add(&parent->children_used, &child->children_used);
}

/* Is there news of CHILD? *gone: it has been taken, and nobody finds it any more. */
static bool consider(
    struct process *child, const struct wait_request *request, struct wait_report *found, struct process **gone)
{
    bool leave = request->options & WAIT_LEAVE;
    if (child->ended) {
        if (!(request->options & WAIT_ENDED))
            return false;
        report_end(child, found);
        if (!leave) {
            inherit_usage(child->parent, child);
            process_vanish_locked(child);
            *gone = child;
        }
        return true;
    }
    bool news = (request->options & WAIT_STOPPED && take_stop(child, found, leave)) ||
                (request->options & WAIT_CONTINUED && take_continuation(child, found, leave));
    if (news)
        report_usage(child, found);
    return news;
}

/* 1: there is news; 0: not yet; -ECHILD: there will not be any. */
static int look_at(
    struct process *child, const struct wait_request *request, struct wait_report *found, struct process **gone)
{
    if (!is_meant(child, request))
        return -ECHILD;
    if (consider(child, request, found, gone))
        return 1;
    return child->ended ? -ECHILD : 0; /* there will be no more of it than its end, which is not asked for */
}

/* The same of all children that are meant: of one that is named by its number there is no need to look at the others.
 */
static int look(struct process *self, const struct wait_request *request, struct wait_report *found)
{
    struct process *gone = NULL;
    int result = -ECHILD;
    spin_lock(&processes_lock);
    if (request->number > 0) {
        struct process *child = process_find_locked(request->number);
        if (child && child->parent == self)
            result = look_at(child, request, found, &gone);
    } else {
        list_for_each(struct process, child, &self->children, sibling)
        {
            int one = look_at(child, request, found, &gone);
            result = one == -ECHILD ? result : one;
            if (result == 1)
                break;
        }
    }
    spin_unlock(&processes_lock);
    if (gone)
        process_put(gone);
    return result;
}

int process_wait_child(const struct wait_request *request, struct wait_report *found)
{
    struct process *self = task_current()->process;
    struct waiter waiter;
    int result = look(self, request, found), error = 0;
    if (request->options & WAIT_NO_HANG)
        return result;
    while (result == 0 && error == 0) {
        wait_prepare(&self->child_event, &waiter, false);
        result = look(self, request, found);
        if (result == 0)
            error = thread_block_interruptible(THREAD_FOREVER);
        wait_finish(&self->child_event, &waiter);
    }
    if (result == 0)
        result = look(self, request, found); /* news before the signal that came with it */
    return result ? result : error;
}
