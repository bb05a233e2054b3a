/*
 * On the way back to a program: see task_attend in proc.h.
 */
#include "proc/proc.h"

/* Nothing asks for attention yet. */
void task_attend(struct trap_frame *frame)
{
    __atomic_store_n(&thread_current()->attention, 0, __ATOMIC_SEQ_CST);
}

/* Until signals are delivered. */
int signal_send_process(struct process *process, int signal, const struct siginfo *info)
{
    return 0;
}
