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
#include "proc/process_internal.h"

#define CLONE_KNOWN                                                                                                    \
    (0xffu | CLONE_VM | CLONE_VFORK | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID)

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

static struct process *copy_process(const struct process *parent)
{
    struct process *process = process_create(parent->name);
    if (process == NULL)
        return NULL;
    memcpy(process->actions, parent->actions, sizeof process->actions);
    memcpy(process->limits, parent->limits, sizeof process->limits);
    process->executable = process_executable((struct process *)parent);
    return process;
}

/* From here on the child runs. A reference to it stays with the caller. */
static void launch(struct process *process, struct thread *thread, bool borrows)
{
    process->references = 3; /* its task's, its parent's, ours */
    process->borrows = borrows;
    process_adopt(task_current()->process, process);
    thread_start(thread);
    thread_detach(thread);
}

long task_clone(const struct clone_arguments *arguments)
{
    struct process *self = task_current()->process, *process;
    bool borrows = arguments->flags & CLONE_VFORK;
    if (arguments->flags & ~(uint64_t)CLONE_KNOWN || (arguments->flags & CLONE_VM && !borrows))
        return -EINVAL;
    if (arguments->flags & CLONE_SETTLS && arguments->tls >= USER_END)
        return -EPERM;
    struct task *task = kmalloc(sizeof *task, ALLOC_ZERO);
    process = task ? copy_process(self) : NULL;
    if (process == NULL)
        goto out_task;
    task->process = process;
    task->number = process->number;
    spin_lock_init(&task->parts_lock, LOCK_RANK_PARTS);
    if (!copy_task(task, arguments))
        goto out_parts;
    struct thread *thread = thread_create_stopped(process->name, task_begin, task);
    if (thread == NULL)
        goto out_parts;
    thread->task = task;
    int32_t number = process->number;
    if (fpu_copy(&thread->fpu, &thread_current()->fpu) < 0)
        task->stillborn = true; /* it ends as soon as it begins: there is no other way to end a thread */
    if (arguments->flags & CLONE_PARENT_SETTID)
        (void)copy_to_user(arguments->parent_tid, &number);
    launch(process, thread, borrows);
    if (borrows)
        wait_event(&self->child_event, !__atomic_load_n(&process->borrows, __ATOMIC_ACQUIRE));
    process_put(process);
    return number;

out_parts:
    task_free(task);
    process_put(process);
    return -ENOMEM;
out_task:
    kfree(task);
    return -ENOMEM;
}
