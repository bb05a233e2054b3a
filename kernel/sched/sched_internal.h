/*
 * What the files of the scheduler know of each other: the run queue, and the steps of a thread's way between queues.
 */
#ifndef CORRODE_SCHED_INTERNAL_H
#define CORRODE_SCHED_INTERNAL_H

#include "sched/sched.h"
#include "time/timer.h"

#define SAMPLE_INTERVAL 10000000ull /* ns: sample.c */

/* One CPU's runnable threads. `lock` guards all of it but what is marked. */
struct run_queue {
    struct spinlock lock; /* RUN_QUEUE */
    unsigned cpu;         /* whose it is; constant */
    struct thread *current;
    struct thread *idle; /* constant; in no fair queue */
    struct fair_queue
        fair;         /* with `current`, unless that is idle. `count` and `weight` are read without the lock, too */
    uint64_t clock;   /* when `current` was last charged for its time */
    bool preempt_due; /* need_resched means: the first in the queue takes the CPU, if it has had less */
    bool slice_armed; /* slice_timer runs, or is about to be started */
    bool polling;     /* the idle thread looks at need_resched: no interrupt needed. Without the lock */
    struct timer slice_timer;
    struct timer sample_timer;

    /* Touched by the CPU itself alone. */
    uint64_t next_push;   /* when it looks next for a CPU that has less to do */
    uint64_t next_rotate; /* when it may hand on a thread that will be no better off there */
    unsigned push_cursor; /* which CPUs it looks at next */
    bool sampling;        /* sample_timer runs */
    struct {
        uint64_t switches, halts, pulled, pushed, samples_user;
    } counts;
} __attribute__((aligned(64)));

DECLARE_PER_CPU(struct run_queue, run_queue);

static inline struct run_queue *run_queue_of(unsigned cpu)
{
    return &cpu_local(run_queue, cpu);
}

/* For the end of a stretch with interrupts off that may have woken someone. */
static inline void interrupts_restore(bool on)
{
    if (!on)
        return;
    cpu_interrupts_enable();
    if (__builtin_expect(this_cpu(need_resched), 0))
        preempt_now();
}

/* sched.c */

/* Why a thread gives up its CPU. */
enum switch_reason { SWITCH_PREEMPT, SWITCH_YIELD, SWITCH_BLOCK, SWITCH_EXIT }; /* from SWITCH_BLOCK on it leaves */

/* Gives the CPU to the thread that should have it, if that is another. Interrupts are off. */
void sched_switch(enum switch_reason reason);

/* The second half of a switch, on the new thread's stack: PREVIOUS has left the CPU. */
void sched_finish_switch(struct thread *previous);

/* Interrupts are off and THREAD is MOVING: puts it into the queue of thread->cpu. */
void sched_arrive(struct thread *thread);

/* Takes THREAD, which waits in QUEUE, out, MOVING to CPU. The lock is held. */
void sched_depart(struct run_queue *queue, struct thread *thread, unsigned cpu);

/* Makes THREAD, which has been running all along, the CPU's current one. */
void sched_adopt(struct run_queue *queue, unsigned cpu, struct thread *running, struct thread *idle);

/* place.c: which CPU a thread goes to. */
extern struct cpu_mask sched_cpus;      /* that take threads */
extern struct cpu_mask sched_idle_cpus; /* a hint: those that have nothing to do. Who takes one removes its bit */
extern struct cpu_mask sched_full_cpus; /* a hint: those where a thread waits. Set under the run queue's lock */
unsigned sched_choose_cpu(const struct thread *thread);     /* for one that wakes up, or may not stay where it is */
unsigned sched_choose_new_cpu(const struct thread *thread); /* for one that has never run */
bool sched_pull(struct run_queue *queue);                   /* the idle thread's: true when there is work now */
void sched_push(struct run_queue *queue, uint64_t now);     /* in the slice's timer interrupt, no lock held */

/* sample.c: starts to look what the CPU does, when a program's thread has it. Interrupts are off, no lock is held. */
void sched_sample(struct run_queue *queue);
void sched_sample_init(struct run_queue *queue);

/* idle.c */
long sched_idle(void *unused);

/* thread.c */
static inline struct thread *thread_of(vaddr_t *stack_pointer)
{
    return container_of(stack_pointer, struct thread, stack_pointer);
}
struct thread *thread_allocate(const char *name, long (*function)(void *), void *argument);
void thread_ended(struct thread *thread); /* it has left its CPU for good; interrupts off, no lock held */
void thread_init(struct thread *main);    /* before any other; main's name and place in the list */
void thread_start_reaper(void);

/* Frees the stacks that are kept for new threads. For tests, and when memory is short. */
void thread_stacks_drain(void);

#endif
