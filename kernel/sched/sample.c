/*
 * Sampling: how much of its time a program's thread spends in the program, and how much in the kernel. Measuring that
 * would cost two looks at the clock for each system call; so a timer looks every 10 ms what the CPU does, as long as
 * programs run there. run_time is exact: the samples only say how to divide it.
 *
 * A timer interrupt that comes in a program is what has brought the thread into the kernel, so its frame is the first
 * thing on the thread's stack. In the kernel, that is whatever came before.
 */
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/trap.h"
#include "sched/sched_internal.h"

static bool was_in_program(const struct thread *thread)
{
    const struct trap_frame *first = (const struct trap_frame *)(thread->stack_base + THREAD_STACK_SIZE) - 1;
    return first->vector == VECTOR_TIMER;
}

static void sample(struct timer *timer)
{
    struct run_queue *queue = container_of(timer, struct run_queue, sample_timer);
    struct thread *thread = thread_current();
    queue->sampling = thread->task != NULL;
    if (!queue->sampling)
        return;
    thread->samples++;
    if (was_in_program(thread)) {
        thread->samples_user++;
        queue->counts.samples_user++;
    }
    timer_start(timer, timer->expires + SAMPLE_INTERVAL);
}

void sched_sample(struct run_queue *queue)
{
    queue->sampling = true;
    timer_start(&queue->sample_timer, clock_monotonic() + SAMPLE_INTERVAL);
}

void sched_sample_init(struct run_queue *queue)
{
    timer_init(&queue->sample_timer, sample);
}
