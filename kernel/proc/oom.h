/*
 * Who ends when memory runs out.
 */
#ifndef CORRODE_PROC_OOM_H
#define CORRODE_PROC_OOM_H

#include "proc/proc.h"

#define OOM_ADJUSTMENT_MAX 1000 /* of oom_score_adj, either way */

/* As /proc/PID/oom_score: 0 (it is never chosen) to 2000. 666 for who has nothing, 1333 for who has everything. */
int64_t process_oom_score(struct process *process);

void process_oom_init(void);

#endif
