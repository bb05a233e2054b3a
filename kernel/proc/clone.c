/*
 * New processes and tasks out of old ones: fork, vfork, clone.
 *
 * What a new task has of the current one is a copy, or the same where a flag says so: memory, descriptors, paths; after
 * vfork the memory is its parent's, which waits until the child has executed something or ended. Its thread begins
 * (task.c) with the registers that the parent's system call has saved, but for RAX, which is 0.
 *
 * All is made before anybody knows of it, so that what fails leaves nothing.
 *
 * Source: clone(2), vfork(2).
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/accounts.h"
#include "proc/namespaces.h"
#include "proc/numbers.h"
#include "proc/pidfd.h"
#include "proc/process_internal.h"
#include "proc/timers.h"

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
    int error;
    bool shares = arguments->flags & CLONE_VM;
    if (shares)
        vm_space_get(self->space);
    task->space = shares ? self->space : vm_space_fork(self->space);
    task->files = arguments->flags & CLONE_FILES ? files_share(self->files) : files_copy(self->files);
    task->paths = arguments->flags & CLONE_FS ? paths_share(self->paths) : paths_copy(self->paths);
    task->credentials = credentials_get(self->credentials);
    if (task->paths)
        task->namespaces = namespaces_copy(arguments->flags, task->paths, task->identity->space, &error);
    task->signal_mask = self->signal_mask;
    task->timer_slack = self->timer_slack;
    task->machine_check = self->machine_check;
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
    bool undoes = arguments->flags & CLONE_SYSVSEM;
    if (undoes)
        task->semaphore_undo = semaphore_undo_share(&self->semaphore_undo);
    return task->space && task->files && task->namespaces && (task->semaphore_undo || !undoes);
}

/* Handlers are functions of the program; CLONE_CLEAR_SIGHAND. */
static void forget_handlers(struct process *process)
{
    for (unsigned i = 0; i < SIGNALS; i++)
        if (process->actions[i].handler != SIG_IGN)
            process->actions[i] = (struct signal_action){.handler = SIG_DFL};
}

static struct process *copy_process(struct process *parent, struct number_space *space, int *error)
{
    struct process *process = process_create(parent->name, space, error);
    if (process == NULL)
        return NULL;
    spin_lock(&parent->signal_lock);
    memcpy(process->actions, parent->actions, sizeof process->actions);
    spin_unlock(&parent->signal_lock);
    memcpy(process->limits, parent->limits, sizeof process->limits);
    process->personality = parent->personality;
    process->oom_adjustment = parent->oom_adjustment;
    process->undumpable = parent->undumpable;
    process->small_pages = parent->small_pages;
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

/* A task of PROCESS with a thread that nobody knows yet. NULL: *error says why, and nothing is left. */
static struct task *create(
    struct process *process, struct number *identity, const struct clone_arguments *arguments, int *error)
{
    struct task *task = task_create(process, identity);
    *error = -ENOMEM;
    if (task == NULL)
        return NULL;
    *error = charge(task);
    if (*error == 0) {
        *error = -ENOMEM;
        if (copy_task(task, arguments) && create_thread(task))
            return task;
    }
    task_free(task);
    return NULL;
}

static void discard(struct task *task)
{
    thread_discard(task->thread);
    task_free(task);
}

/* Others know TASK: now it runs. Its number. */
static int32_t launch(struct task *task, const struct clone_arguments *arguments)
{
    int32_t number = number_seen(task->identity);
    struct thread *thread = task->thread;
    if (arguments->flags & CLONE_PARENT_SETTID)
        (void)copy_to_user(arguments->parent_tid, &number);
    thread_start(thread);
    thread_detach(thread); /* the task may be gone */
    return number;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Threads
 */

static long clone_task(const struct clone_arguments *arguments)
{
    struct process *process = task_current()->process;
    int error;
    struct number *identity = number_create(task_current()->identity->space, &error);
    if (identity == NULL)
        return error;
    struct task *task = create(process, identity, arguments, &error);
    if (task == NULL)
        goto out_number;
    process_get(process);
    error = process_add_task(task);
    if (error == 0)
        return launch(task, arguments);
    process_put(process);
    discard(task);
out_number:
    number_release(identity);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processes
 */

/* May PROCESS come into its namespace of numbers? Only with process 1, or after it. processes_lock is held. */
static int check_space(const struct process *process)
{
    const struct number_space *space = process->identity->space;
    if (number_space_has_ended(space))
        return -ENOMEM;
    return space->level == 0 || space->first || process->own_number == 1 ? 0 : -EAGAIN;
}

/*
 * From here on others find the child. -ERESTARTNOINTR: a signal has gone to the group meanwhile, which would miss it:
 * so the parent takes the signal first, and then forks.
 */
static int publish(struct task *task, uint64_t flags, uint32_t sent)
{
    struct process *self = task_current()->process, *process = task->process, *parent = self;
    spin_lock(&processes_lock);
    bool crossed = self->group->sent != sent && thread_is_interrupted();
    if (flags & CLONE_PARENT) {
        parent = self->parent;
        process->exit_signal = self->exit_signal;
    }
    int error = crossed ? -ERESTARTNOINTR : check_space(process);
    if (error == 0)
        process_publish_locked(process, task, parent, self->group);
    spin_unlock(&processes_lock);
    return error;
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

/* A descriptor for the new process, told at TO, which its parent has and it has not. */
static int open_pidfd(struct process *process, uint64_t to)
{
    struct task *self = task_current();
    struct file *file = pidfd_create(process, 0);
    if (file == NULL)
        return -ENOMEM;
    int fd = files_add(self->files, file, true, self->process->limits[RLIMIT_NOFILE].current);
    if (fd < 0) {
        file_put(file);
        return fd;
    }
    if (copy_to_user(to, &fd) == 0)
        return fd;
    files_close(self->files, fd);
    return -EFAULT;
}

/* That in which the child is; with a reference, which its number has as well, as soon as there is one. */
static struct number_space *space_for_child(uint64_t flags, int *error)
{
    struct number_space *space = task_current()->namespaces->children;
    if (flags & CLONE_NEWPID)
        return number_space_create(space, error);
    namespace_get(&space->namespace);
    return space;
}

static struct process *create_child(uint64_t flags, int *error)
{
    struct number_space *space = space_for_child(flags, error);
    if (space == NULL)
        return NULL;
    struct process *process = copy_process(task_current()->process, space, error);
    namespace_put(&space->namespace);
    return process;
}

static long clone_process(const struct clone_arguments *arguments)
{
    int error;
    uint32_t sent = __atomic_load_n(&task_current()->process->group->sent, __ATOMIC_ACQUIRE);
    struct process *process = create_child(arguments->flags, &error);
    if (process == NULL)
        return error;
    process->borrows = arguments->flags & CLONE_VFORK;
    process->exit_signal = arguments->exit_signal;
    if (arguments->flags & CLONE_CLEAR_SIGHAND)
        forget_handlers(process);
    struct task *task = create(process, NULL, arguments, &error);
    if (task == NULL)
        goto out_process;
    int fd = -1;
    error = 0;
    if (arguments->flags & CLONE_PIDFD)
        error = fd = open_pidfd(process, arguments->pidfd);
    if (error >= 0)
        error = publish(task, arguments->flags, sent);
    if (error)
        goto out_pidfd;
    process_get(process);
    process_limit_processor(process);
    int32_t number = launch(task, arguments);
    if (arguments->flags & CLONE_VFORK)
        wait_for_memory(process);
    process_put(process);
    return number;

out_pidfd:
    if (fd >= 0)
        files_close(task_current()->files, fd);
    discard(task);
out_process:
    process_discard(process);
    return error;
}

static int check(const struct clone_arguments *arguments)
{
    uint64_t flags = arguments->flags;
    const struct task *self = task_current();
    if ((flags & (CLONE_NEWNS | CLONE_FS)) == (CLONE_NEWNS | CLONE_FS))
        return -EINVAL;
    if ((flags & CLONE_THREAD && !(flags & CLONE_SIGHAND)) || (flags & CLONE_SIGHAND && !(flags & CLONE_VM)))
        return -EINVAL;
    if (flags & CLONE_SIGHAND && flags & CLONE_CLEAR_SIGHAND)
        return -EINVAL;
    if ((flags & CLONE_PIDFD && flags & (CLONE_THREAD | CLONE_DETACHED)) ||
        (flags & CLONE_THREAD && flags & CLONE_VFORK))
        return -EINVAL;
    if (flags & CLONE_PARENT && self->process->unkillable)
        return -EINVAL;
    if (flags & CLONE_NEWPID && (flags & CLONE_PARENT || self->namespaces->children != self->identity->space))
        return -EINVAL;
    if (flags & CLONE_THREAD && (flags & CLONE_NEWPID || self->namespaces->children != self->identity->space))
        return -EINVAL;
    if ((flags & (CLONE_NEWIPC | CLONE_SYSVSEM)) == (CLONE_NEWIPC | CLONE_SYSVSEM))
        return -EINVAL;
    int error = namespaces_check(flags);
    if (error)
        return error;
    if (flags & CLONE_SETTLS && arguments->tls >= USER_END)
        return -EPERM;
    return 0;
}

long task_clone(const struct clone_arguments *arguments)
{
    unsigned tries = 0;
    long result = check(arguments);
    if (result)
        return result;
    do
        result = arguments->flags & CLONE_THREAD ? clone_task(arguments) : clone_process(arguments);
    while (
        result == -ENOMEM && !number_space_has_ended(task_current()->namespaces->children) && vm_await_memory(&tries));
    return result;
}
