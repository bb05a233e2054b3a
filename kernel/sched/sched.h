/*
 * Threads and the scheduler.
 *
 * A thread has a kernel stack, a name and a share of the CPUs. Each CPU has a queue of its runnable threads; the one
 * that has had the least of its share so far runs next (fair queueing by virtual run time, weighted by nice value),
 * until its slice is used up or a thread that deserves the CPU more wakes up. A CPU with nothing to do pulls work from
 * the others and then halts in its idle thread. A wake-up places the thread where it last ran, or on an idle CPU.
 *
 *     struct thread *t = thread_create("writer", writer, argument);   // runnable from here on
 *     long result = thread_join(t);                                   // waits, and frees it
 *
 * Every thread that is created is either joined once, by thread_join, or let go, by thread_detach: then it frees
 * itself.
 *
 * States: RUNNABLE (in a run queue, or running), BLOCKED (waits for thread_wake), DEAD. The usual way to block is a
 * wait queue (wait.h), which does it without losing wake-ups:
 *
 *     thread_prepare_block();                 state BLOCKED: from here on a wake-up is remembered
 *     if (!condition) thread_block();         gives the CPU away unless woken meanwhile
 *     else thread_cancel_block();
 */
#ifndef CORRODE_SCHED_SCHED_H
#define CORRODE_SCHED_SCHED_H

#include "arch/x86_64/fpu.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/spinlock.h"
#include "lib/list.h"
#include "lib/rbtree.h"

#define THREAD_STACK_SIZE 0x4000 /* 16 KiB, with a guard page on either side */
#define THREAD_NAME_SIZE 16

enum thread_state { THREAD_RUNNABLE, THREAD_BLOCKED, THREAD_DEAD };

struct thread {
    vaddr_t stack_pointer;   /* saved by context_switch while it does not run; its offset 0 is known to switch.S */
    vaddr_t stack_base;      /* lowest address of its kernel stack */
    struct thread_fpu fpu;   /* arch/x86_64/fpu.h */
    uint8_t state;           /* enum thread_state; run-queue lock of its CPU */
    bool on_cpu;             /* it runs, or its registers are still being saved */
    bool idle;               /* the idle thread of its CPU */
    int8_t nice;             /* -20 to 19 */
    uint16_t cpu;            /* whose run queue it is or was last in */
    struct cpu_mask allowed; /* CPUs that it may run on */

    struct rb_node queued; /* in the run queue */
    uint64_t vruntime;     /* weighted nanoseconds that it has run */
    uint64_t run_time;     /* nanoseconds that it has run */
    uint64_t started;      /* when it last got the CPU */
    uint64_t switches;     /* how often it got one */

    uint64_t id; /* never used twice */
    char name[THREAD_NAME_SIZE];
    struct list_node all; /* in the list of all threads */
    uint32_t references;
    long result;
    struct thread *joiner; /* who waits in thread_join */
    bool detached;
    void *process; /* part 3: whose thread it is; NULL: the kernel's */

    void *trap_try;          /* arch/x86_64/trap.c: the innermost trap_try */
    unsigned fail_countdown; /* debug/fault_injection.h */
    unsigned allocations;
#ifdef DEBUG
    struct {
        const void *lock;
        const void *taken_at;
        unsigned rank;
    } held[16]; /* debug/lock_order.h: sleeping locks */
    unsigned held_count;
#endif
};

DECLARE_PER_CPU(struct thread *, current_thread);
static inline struct thread *thread_current(void)
{
    return this_cpu(current_thread);
}

/* Makes a thread that runs function(argument), and whose result that returns. NULL: no memory. */
struct thread *thread_create(const char *name, long (*function)(void *), void *argument);

/* The same, not yet runnable: for those who want to set nice value or CPUs first. Then thread_start. */
struct thread *thread_create_stopped(const char *name, long (*function)(void *), void *argument);
void thread_start(struct thread *thread);

/* Waits until it has ended; returns its result. The thread is gone afterwards. */
long thread_join(struct thread *thread);
void thread_detach(struct thread *thread);
_Noreturn void thread_exit(long result);

/* Gives the CPU to another runnable thread, if there is one. */
void thread_yield(void);
void thread_sleep(uint64_t ns);
void thread_sleep_until(uint64_t monotonic_ns);

void thread_prepare_block(void);
void thread_cancel_block(void);
void thread_block(void);

/* Makes a blocked thread runnable; true when it was blocked. Any context; locks up to RUN_QUEUE may be held. */
bool thread_wake(struct thread *thread);

void thread_set_nice(struct thread *thread, int nice);
void thread_set_allowed(struct thread *thread, const struct cpu_mask *allowed); /* moves it if it must */

/* One thread after another, with a reference (thread_put); NULL begins. For reports. */
struct thread *thread_next(struct thread *thread);
void thread_put(struct thread *thread);
uint64_t thread_count(void);

/* The code that runs becomes CPU 0's first thread ("main"); the idle threads are made as CPUs come up. */
void sched_init(void);
/* For smp_start. */
vaddr_t sched_idle_stack(unsigned cpu);
void sched_enter_cpu(void);

#endif
