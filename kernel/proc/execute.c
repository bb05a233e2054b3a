/*
 * A new program in an old process: execve. The program is loaded beside the old one (program.c), so that up to then
 * every error is the caller's. Then the process changes over: memory, name, what signals do, descriptors that close
 * themselves; and the registers with which its system call returns are the new program's.
 *
 * Source: execve(2).
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/accounts.h"
#include "proc/futex.h"
#include "proc/process_internal.h"
#include "proc/timers.h"

#define ADDR_NO_RANDOMIZE 0x40000u /* of personality(2) */

/* Handlers are functions of the program that is gone. */
static void reset_actions(struct process *process)
{
    for (unsigned i = 0; i < SIGNALS; i++)
        process->actions[i] = (struct signal_action){.handler = process->actions[i].handler == SIG_IGN};
}

static void reset_registers(struct thread *self)
{
    static const struct user_bases none;
    fpu_reset();
    bool interrupts = cpu_interrupts_disable();
    self->bases = none;
    user_bases_load(&none);
    if (interrupts)
        cpu_interrupts_enable();
}

static void take_space(struct task *task, struct program *program)
{
    futex_leave_memory();
    struct vm_space *old = task_set_space(program->space);
    process_note_peak(task->process, old);
    vm_space_enter(program->space);
    vm_space_put(old);
    process_give_memory_back(task->process);
    task->process->barriers = 0;
    futex_owner_begins(task);
    task->alternate_stack = (struct signal_stack){0};
    task->restart.function = NULL;
}

struct program_limits process_program_limits(const struct rlimit *limits)
{
    return (struct program_limits){.stack = limits[RLIMIT_STACK].current,
        .data = limits[RLIMIT_DATA].current,
        .address_space = limits[RLIMIT_AS].current};
}

/* The real user stays: nothing can fail. */
static void take_rights(struct task *task, const struct program *program)
{
    const struct credentials *old = task->credentials;
    task->process->undumpable = old->euid != old->uid || old->egid != old->gid;
    if (program->secure)
        task->parent_death_signal = 0;
    if (program->credentials)
        task_change_credentials(program->credentials);
}

int task_execute(struct program_request *request)
{
    struct task *task = task_current();
    struct process *process = task->process;
    struct program program;
    if (process->over_limit && account_is_over(task->account, process->limits[RLIMIT_NPROC].current))
        return -EAGAIN;
    process->over_limit = false;
    request->limits = process_program_limits(process->limits);
    request->fixed_places = process->personality & ADDR_NO_RANDOMIZE;
    unsigned tries = 0;
    int error;
    do
        error = program_load(request, &program);
    while (error == -ENOMEM && !program.broken && vm_await_memory(&tries));
    request->fatal = error && program.broken;
    if (error)
        return error;
    struct task_files *files = NULL;
    error = -ENOMEM;
    if (__atomic_load_n(&task->files->tasks, __ATOMIC_ACQUIRE) > 1 && (files = files_copy(task->files)) == NULL)
        goto out_program;
    error = task_become_alone();
    if (error)
        goto out_files;
    if (files)
        files_leave(task_set_files(files));
    __atomic_store_n(&process->has_executed, true, __ATOMIC_RELEASE); /* before a parent in vfork may look */
    take_space(task, &program);
    process_set_executable(process, program.file);
    take_rights(task, &program);
    files_close_on_exec(task->files);
    reset_actions(process);
    process_timers_forget();
    process->exit_signal = SIGCHLD;
    process_set_name(request->name ? request->name : request->path);
    reset_registers(thread_current());
    program_registers(&program, task->frame);
    return 0;

out_files:
    files_leave(files);
out_program:
    program_put(&program);
    return error;
}
