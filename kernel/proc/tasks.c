/*
 * Going through tasks: see tasks.h.
 */
#include "proc/tasks.h"

#include "proc/accounts.h"
#include "proc/numbers.h"

void tasks_visit_one(int32_t number, task_visitor *visit, void *argument)
{
    spin_lock(&processes_lock);
    struct task *task = number ? task_find_locked(number) : task_current();
    if (task)
        visit(task, argument);
    spin_unlock(&processes_lock);
}

static void visit_process(struct process *process, task_visitor *visit, void *argument)
{
    list_for_each(struct task, task, &process->tasks, in_process) visit(task, argument);
}

void tasks_visit_group(int32_t number, task_visitor *visit, void *argument)
{
    spin_lock(&processes_lock);
    struct process_group *group = number ? process_group_find_locked(number) : task_current()->process->group;
    if (group)
        list_for_each(struct process, process, &group->members, in_group) visit_process(process, visit, argument);
    spin_unlock(&processes_lock);
}

void tasks_visit_user(uint32_t uid, task_visitor *visit, void *argument)
{
    struct process *process;
    spin_lock(&processes_lock);
    for (int32_t number = 1; (process = process_next_locked(number)) != NULL; number = process->number + 1) {
        if (number_seen(process->identity) == 0)
            continue;
        list_for_each(struct task, task, &process->tasks, in_process) if (task->account && task->account->uid == uid)
            visit(task, argument);
    }
    spin_unlock(&processes_lock);
}
