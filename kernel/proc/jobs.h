/*
 * Groups and sessions, for those who make and unmake processes. processes_lock is held for all of these.
 */
#ifndef CORRODE_PROC_JOBS_H
#define CORRODE_PROC_JOBS_H

#include "proc/proc.h"

/* What the kernel starts belongs to group 0 of session 0, which nobody can name. */
extern struct process_group group_of_kernel;

void group_join(struct process_group *group, struct process *process);
void group_leave(struct process *process); /* and the group goes with the last one, its session with the last group */

/*
 * PROCESS, which ends or has a parent other than LOST now, may have been what kept its group in touch with its session:
 * if so and if somebody in the group is stopped, it gets SIGHUP and SIGCONT. LOST: the parent from whom it has been
 * taken; NULL: it ends itself.
 */
void group_may_be_orphaned(struct process *process, const struct process *lost);

/* Is there nobody, IGNORED not counted, whose parent is in another group of the same session? */
bool group_is_orphaned(const struct process_group *group, const struct process *ignored);

/* terminal.c. Without the lock: PROCESS is about to end, and with it, if it leads it, its session's hold on a terminal.
 */
void session_leader_ends(const struct process *process);
void session_terminals_init(void);

static inline bool process_leads_session(const struct process *process)
{
    return process->group && process->group->session->number == process->number;
}

#endif
