/*
 * Looking into other processes, and reaching in: who may, as ptrace has it.
 *
 * Source: ptrace(2), "Ptrace access mode checking".
 */
#ifndef CORRODE_PROC_INSPECT_H
#define CORRODE_PROC_INSPECT_H

#include "proc/proc.h"

/*
 * May the current task look into TASK (INSPECT_READ: by its file system user), or reach in (INSPECT_ATTACH: by its real
 * user)? Of its own process it may everything. processes_lock is held, or the task cannot go away otherwise.
 */
enum inspect_mode { INSPECT_READ, INSPECT_ATTACH };
bool task_may_inspect(struct task *task, enum inspect_mode mode);

/* A task that runs for PROCESS; NULL: it has ended. processes_lock is held. */
struct task *process_any_task_locked(struct process *process);

#endif
