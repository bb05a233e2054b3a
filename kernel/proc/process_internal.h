/*
 * What the files of processes and tasks share: making them, making them known, and taking them apart.
 */
#ifndef CORRODE_PROC_PROCESS_INTERNAL_H
#define CORRODE_PROC_PROCESS_INTERNAL_H

#include "arch/x86_64/user.h"
#include "proc/proc.h"

/*
 * One reference and a number in SPACE, but nobody knows it yet. NULL: -ENOMEM, or -EAGAIN: there is no number.
 * process_discard: it comes to nothing.
 */
struct number_space;
struct process *process_create(const char *name, struct number_space *space, int *error);
void process_discard(struct process *process);
void process_set_name(const char *path); /* the current one: its last component */

/* The file that it runs from; takes the reference over, and drops that to the one before. */
void process_set_executable(struct process *process, struct file *file);

/* What limits are to a program that is loaded under them (execute.c). */
struct program_limits process_program_limits(const struct rlimit *limits);

/* PROCESS is a child of PARENT, or with NULL the kernel's. processes_lock is held. */
void process_set_parent_locked(struct process *process, struct process *parent);

/*
 * PROCESS with TASK, its first one, is there from now on, a child of PARENT (NULL: the kernel's) in GROUP. It takes
 * over the caller's reference, and has one more for the task. process_vanish_locked: it is gone, and the caller puts
 * the reference without the lock. processes_lock is held.
 */
void process_publish_locked(
    struct process *process, struct task *task, struct process *parent, struct process_group *group);
void process_vanish_locked(struct process *process);

/* One task more of the current process, which takes over a reference to it. -ERESTARTNOINTR: it is about to end. */
int process_add_task(struct task *task);

/* Number 1; NULL: none yet, or it has ended. processes_lock is held. */
struct process *process_first(void);

/*
 * exit.c: PROCESS, which is not the kernel's, ends with all of its tasks as by SIGNAL, whatever it does about signals.
 * False: it was about to. processes_lock is held.
 */
bool process_kill(struct process *process, int signal);

/*
 * kill.c: a signal from SENDER, whose real user was UID, who is called what PROCESS calls him. processes_lock is held.
 */
int signal_send_from(struct process *process, const struct process *sender, uint32_t uid, int signal);

/* Lets the parent go on that waits for its memory, if it does. */
void process_give_memory_back(struct process *process);

/* usage.c: the process leaves SPACE; and, with signal_lock, a task's. */
void process_note_peak(struct process *process, const struct vm_space *space);
void task_usage_locked(struct task *task, struct usage *usage);
void process_usage_locked(struct process *process, struct usage *usage); /* with signal_lock */

/*
 * alone.c: all other tasks of the current process end, and the current one gets the number of the first.
 * -ERESTARTNOINTR: it has to end itself.
 */
int task_become_alone(void);

/* A task of PROCESS with nothing yet but the number (NULL: the process's own); NULL: no memory. task_free ends it. */
struct task *task_create(struct process *process, struct number *identity);
/* The first task of a process of the kernel's making; takes PROGRAM's space over. NULL: *error says why. */
struct task *task_create_first(struct process *process, const struct program *program, int *error);
struct task_paths *paths_share(struct task_paths *paths);
struct task_paths *paths_copy(struct task_paths *paths); /* NULL: no memory */
void paths_put(struct task_paths *paths);                /* NULL is allowed */

/* All of a task but its process. The current thread is in no space of it any more. */
void task_free(struct task *task);

/* The first code of a task's thread; the argument is the task. */
long task_begin(void *argument);

#endif
