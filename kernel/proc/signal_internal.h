/*
 * What the files about signals share: taking a pending one, stopping, and the frame of a handler.
 */
#ifndef CORRODE_PROC_SIGNAL_INTERNAL_H
#define CORRODE_PROC_SIGNAL_INTERNAL_H

#include "proc/proc.h"

/* What becomes of a signal that the program says nothing about. */
enum signal_default { SIGNAL_ENDS, SIGNAL_IS_IGNORED, SIGNAL_STOPS };
enum signal_default signal_default(int signal);

/*
 * The next signal for TASK, the current one, out of those in WANTED: it is pending no more. 0: none is. *info may be
 * NULL. signal_lock is held.
 */
int signal_take_locked(struct task *task, uint64_t wanted, struct siginfo *info);

/* Those that are pending for TASK, its own and its process's. A look without the lock is a hint. */
static inline uint64_t signals_pending(const struct task *task)
{
    return __atomic_load_n(&task->signals.pending, __ATOMIC_RELAXED) |
           __atomic_load_n(&task->process->signals.pending, __ATOMIC_RELAXED);
}

/* Is there one that it does not block? */
static inline bool signals_deliverable(const struct task *task)
{
    return signals_pending(task) & ~task->signal_mask;
}

/* As signal_send_process, or with TASK signal_send_task. signal_lock is held. */
int signal_send_locked(struct process *process, struct task *task, int signal, const struct siginfo *info);

/*
 * The same for a timer, which brings QUEUED along: false if nobody has use for the signal. It is the queue's until
 * timer_signal_taken_locked (timers.h), or until it is taken out of there. signal_lock is held.
 */
bool signal_send_timer_locked(
    struct process *process, struct task *task, struct queued_signal *queued, const struct siginfo *info);
void signal_unqueue_timer_locked(struct process *process, struct signal_queue *queue, struct queued_signal *queued);

/*
 * Others may take those of SET that are pending for the process: one task does not want them any more, or ends.
 * signal_lock is held.
 */
void signals_pass_on_locked(struct process *process, uint64_t set);

/* Takes away all pending ones out of SET, of the process and its tasks. signal_lock is held. */
void signals_discard_locked(struct process *process, uint64_t set);

/*
 * The current task calls the handler of ACTION when it goes back to its program by FRAME. -EFAULT: there is no room on
 * its stack, or no such handler.
 */
int signal_frame_make(
    struct trap_frame *frame, int signal, const struct siginfo *info, const struct signal_action *action);

/* fault.c: may one more line of the log tell why a process ends? Programs could make it nothing but such lines. */
bool program_end_may_be_told(void);

/*
 * stop.c. The process of the current task is to stop by SIGNAL, which process->stop_wanted says unless SIGCONT has come
 * since; the task stops with it.
 */
void process_stop(struct task *task, int signal);

/* The current task waits until its process, which stops, goes on. */
void task_stop(struct task *task);

/* TASK has left PROCESS, and perhaps it was the last one for which a stop has waited. processes_lock is held. */
void process_stop_loses_task_locked(struct process *process, const struct task *task);

/* SIGCONT or SIGKILL: it goes on if it is stopped. signal_lock is held. */
void process_go_on_locked(struct process *process, bool continued);

#endif
