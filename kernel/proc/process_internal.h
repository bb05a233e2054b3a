/*
 * What process.c and clone.c share: making processes and tasks, and taking them apart.
 */
#ifndef CORRODE_PROC_PROCESS_INTERNAL_H
#define CORRODE_PROC_PROCESS_INTERNAL_H

#include "arch/x86_64/user.h"
#include "proc/proc.h"

/* One reference, and no task yet; NULL: no memory. */
struct process *process_create(const char *name);
void process_set_name(struct process *process, const char *path); /* its last component */

/* The file that it runs from; takes the reference over, and drops that to the one before. */
void process_set_executable(struct process *process, struct file *file);

/* What its limits are to a program that it loads (execute.c). */
struct program_limits process_program_limits(const struct process *process);

/* PROCESS becomes a child of PARENT, the current one. */
void process_adopt(struct process *parent, struct process *process);

/* Lets the parent go on that waits for its memory, if it does. */
void process_give_memory_back(struct process *process);

struct task_paths *paths_copy(const struct task_paths *paths); /* NULL: no memory */

/* All of a task but its process. The current thread is in no space of it any more. */
void task_free(struct task *task);

/* The first code of a task's thread; the argument is the task. */
long task_begin(void *argument);

#endif
