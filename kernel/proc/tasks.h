/*
 * Going through tasks: all that a process group or a user has. VISIT is called with processes_lock held, so it neither
 * sleeps nor ends anything.
 */
#ifndef CORRODE_PROC_TASKS_H
#define CORRODE_PROC_TASKS_H

#include "proc/proc.h"

typedef void task_visitor(struct task *task, void *argument);

/* The one with that number, 0: the current one; all of a group, 0: of the current one's; all of a real user. */
void tasks_visit_one(int32_t number, task_visitor *visit, void *argument);
void tasks_visit_group(int32_t number, task_visitor *visit, void *argument);
void tasks_visit_user(uint32_t uid, task_visitor *visit, void *argument);

#endif
