/*
 * New processes out of old ones: fork, vfork, clone.
 *
 * A child's memory, descriptors and paths are copies; after vfork the memory is its parent's, which waits until the
 * child has executed something or ended. Its thread begins (process.c) with the registers that the parent's system
 * call has saved, but for RAX, which is 0.
 *
 * Source: clone(2), vfork(2).
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/accounts.h"
#include "proc/process_internal.h"
#include "proc/timers.h"

#define CLONE_KNOWN                                                                                                    \
    (0xffu | CLONE_VM | CLONE_VFORK | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID)

/* May the current user have one more? */
static int charge(struct task *task)
{
    const struct task *self = task_current();
    const struct credentials *credentials = self->credentials;
    bool unlimited = credentials->uid == 0 || credentials_capable(credentials, CAP_SYS_RESOURCE) ||
                     credentials_capable(credentials, CAP_SYS_ADMIN);
    int error = account_add_task(self->account, unlimited ? UINT64_MAX : self->process->limits[RLIMIT_NPROC].current);
    if (error == 0)
        task->account = self->account;
    return error;
}

/* What the new task has of the current one. False: no memory, and what is there is task_free's. */
static bool copy_task(struct task *task, const struct clone_arguments *arguments)
{
    struct task *self = task_current();
    bool shares = arguments->flags & CLONE_VM;
    if (shares)
        vm_space_get(self->space);
    task->space = shares ? self->space : vm_space_fork(self->space);
    task->files = files_copy(self->files);
    task->paths = paths_copy(self->paths);
    task->credentials = credentials_get(self->credentials);
    task->signal_mask = self->signal_mask;
    task->timer_slack = self->timer_slack;
    task->io_priority = self->io_priority;
    task->policy = self->policy;
    if (!shares || arguments->flags & CLONE_VFORK)
        task->alternate_stack = self->alternate_stack;
    task->start = *self->frame;
    task->start.rax = 0;
    if (arguments->stack)
        task->start.rsp = arguments->stack;
    bool interrupts = cpu_interrupts_disable();
    user_bases_save(&thread_current()->bases);
    task->start_bases = thread_current()->bases;
    if (interrupts)
        cpu_interrupts_enable();
    if (arguments->flags & CLONE_SETTLS)
        task->start_bases.fs = arguments->tls;
    task->clear_child_tid = arguments->flags & CLONE_CHILD_CLEARTID ? arguments->child_tid : 0;
    task->set_child_tid = arguments->flags & CLONE_CHILD_SETTID ? arguments->child_tid : 0;
    return task->space && task->files && task->paths;
}

static struct process *copy_process(struct process *parent, int *error)
{
    struct process *process = process_create(parent->name, error);
    if (process == NULL)
        return NULL;
    spin_lock(&parent->signal_lock);
    memcpy(process->actions, parent->actions, sizeof process->actions);
    spin_unlock(&parent->signal_lock);
    memcpy(process->limits, parent->limits, sizeof process->limits);
    process->personality = parent->personality;
    process->oom_adjustment = parent->oom_adjustment;
    process->undumpable = parent->undumpable;
    process->over_limit = parent->over_limit;
    process->executable = process_executable(parent);
    return process;
}

/* The thread of TASK, ready to be started. NULL: no memory. */
static struct thread *create_thread(struct task *task)
{
    struct thread *thread = thread_create_stopped(thread_current()->name, task_begin, task);
    if (thread == NULL)
        return NULL;
    if (fpu_copy(&thread->fpu, &thread_current()->fpu) < 0) {
        thread_discard(thread);
        return NULL;
    }
    thread->task = task;
    task->thread = thread;
    if (thread_current()->nice)
        thread_set_nice(thread, thread_current()->nice);
    thread->allowed = thread_current()->allowed;
    return thread;
}

/*
 * From here on others find the child. -ERESTARTNOINTR: a signal has gone to the group meanwhile, which would miss it:
 * so the parent takes the signal first, and then forks.
 */
static int publish(struct process *process, struct task *task, uint32_t sent)
{
    struct process *self = task_current()->process;
    spin_lock(&processes_lock);
    bool crossed = self->group->sent != sent && thread_is_interrupted();
    if (!crossed)
        process_publish_locked(process, task, self, self->group);
    spin_unlock(&processes_lock);
    return crossed ? -ERESTARTNOINTR : 0;
}

/* Until CHILD needs the parent's memory no more, or the parent is to end: the memory lasts as long as either. */
static void wait_for_memory(const struct process *child)
{
    struct wait_queue *queue = &task_current()->process->child_event;
    struct waiter waiter;
    for (int ends = 0; ends == 0 && __atomic_load_n(&child->borrows, __ATOMIC_ACQUIRE);) {
        wait_prepare(queue, &waiter, false);
        if (__atomic_load_n(&child->borrows, __ATOMIC_ACQUIRE))
            ends = thread_block_attentive(ATTENTION_EXIT, THREAD_FOREVER);
        wait_finish(queue, &waiter);
    }
}

/* The child runs. */
static void launch(struct process *process, struct thread *thread, const struct clone_arguments *arguments)
{
    process_get(process);
    process_limit_processor(process);
    thread_start(thread);
    thread_detach(thread);
    if (arguments->flags & CLONE_VFORK)
        wait_for_memory(process);
    process_put(process);
}

long task_clone(const struct clone_arguments *arguments)
{
    int error = -ENOMEM;
    if (arguments->flags & ~(uint64_t)CLONE_KNOWN || (arguments->flags & (CLONE_VM | CLONE_VFORK)) == CLONE_VM)
        return -EINVAL;
    if (arguments->flags & CLONE_SETTLS && arguments->tls >= USER_END)
        return -EPERM;
    uint32_t sent = __atomic_load_n(&task_current()->process->group->sent, __ATOMIC_ACQUIRE);
    struct process *process = copy_process(task_current()->process, &error);
    if (process == NULL)
        return error;
    process->borrows = arguments->flags & CLONE_VFORK;
    process->exit_signal = (int)(arguments->flags & 0xff);
    struct task *task = task_create(process, NULL);
    error = -ENOMEM;
    if (task == NULL)
        goto out_process;
    error = charge(task);
    if (error)
        goto out_task;
    struct thread *thread = copy_task(task, arguments) ? create_thread(task) : NULL;
    error = -ENOMEM;
    if (thread == NULL)
        goto out_task;
    error = publish(process, task, sent);
    if (error)
        goto out_thread;
    int32_t number = process->number;
    if (arguments->flags & CLONE_PARENT_SETTID)
        (void)copy_to_user(arguments->parent_tid, &number);
    launch(process, thread, arguments);
    return number;

out_thread:
    thread_discard(thread);
out_task:
    task_free(task);
out_process:
    process_discard(process);
    return error;
}
