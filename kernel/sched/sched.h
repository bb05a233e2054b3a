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
#include "arch/x86_64/user_bases.h"
#include "arch/x86_64/user_paging.h"
#include "debug/lock_order.h"
#include "lib/list.h"
#include "sched/fair.h"

#define THREAD_STACK_SIZE 0x4000 /* 16 KiB, with a guard page on either side */
#define THREAD_NAME_SIZE 16

enum thread_state { THREAD_RUNNABLE, THREAD_BLOCKED, THREAD_DEAD };

/* Where a thread is accounted for. A thread that was preempted while it prepared to block is BLOCKED and QUEUED. */
enum thread_place {
    THREAD_AWAY,   /* in no run queue: it sleeps, is dead, or has not been started */
    THREAD_MOVING, /* between two run queues: `cpu` is the one that it goes to, whoever moves it will put it there */
    THREAD_QUEUED, /* in the run queue of `cpu`: it waits there, or runs */
};

struct thread {
    vaddr_t stack_pointer;   /* saved by context_switch while it does not run; its offset 0 is known to switch.S */
    vaddr_t stack_base;      /* lowest address of its kernel stack */
    struct thread_fpu fpu;   /* arch/x86_64/fpu.h */
    uint8_t state;           /* enum thread_state; run-queue lock of its CPU, but see sched.c */
    uint8_t place;           /* enum thread_place; the same lock */
    bool on_cpu;             /* it runs, or its registers are still being saved */
    bool idle;               /* the idle thread of its CPU */
    int8_t nice;             /* -20 to 19 */
    uint16_t cpu;            /* whose run queue it is or was last in; changed under that one's lock */
    struct cpu_mask allowed; /* CPUs that it may run on; run-queue lock */

    struct fair_entity fair; /* its share of the CPU, and its place in the run queue */
    uint64_t run_time;       /* nanoseconds that it has run */
    uint64_t started;        /* when its slice of the CPU began */
    uint64_t arrived;        /* when it came into the run queue */
    uint64_t switches;       /* how often it got a CPU */
    uint64_t blocks;         /* how often it gave one away to wait */
    uint64_t faults;         /* page faults of its program */
    uint64_t major_faults;   /* of these, how many waited for a disk */
    uint32_t samples;        /* sample.c: how often it was seen running */
    uint32_t samples_user;   /* of these, how often in its program */

    uint64_t id; /* never used twice */
    char name[THREAD_NAME_SIZE];
    long (*function)(void *argument);
    void *argument;
    struct list_node all;     /* in the list of all threads; THREADS lock */
    uint32_t references;      /* its own until it has left its CPU, its creator's until join or detach, readers' */
    long result;              /* valid when it has ended */
    bool ended;               /* it is dead and has left its CPU; THREADS lock */
    bool detached;            /* no one will join it */
    struct thread *joiner;    /* who waits in thread_join; THREADS lock */
    struct thread *next_dead; /* on the way to the reaper */
    struct user_tables
        *tables;             /* the program's memory that it looks at, arch/x86_64/user_paging.h; NULL: none. Its own */
    struct user_bases bases; /* valid while it has `tables` and does not run */
    struct task *task;       /* the program's thread that it is; NULL: the kernel's */
    uint32_t attention;      /* what that must attend to before its program goes on: bits of its own (proc/proc.h) */
    uint32_t interruptible;  /* which bits of `attention` end the wait that it is in */

    void *trap_try; /* arch/x86_64/trap.c: the innermost trap_try */
#ifdef DEBUG
    struct lock_list held;    /* sleeping locks */
    uint32_t fault_countdown; /* debug/fault_injection.h; anybody writes to it */
#endif
};

DECLARE_PER_CPU(struct thread *, current_thread);
static inline struct thread *thread_current(void)
{
    return this_cpu(current_thread);
}

#ifdef DEBUG
/* The sleeping locks that the current thread holds, for debug/lock_order.h; NULL before there are threads. */
static inline struct lock_list *thread_locks(void)
{
    struct thread *self = thread_current();
    return self ? &self->held : NULL;
}
#endif

/* Makes a thread that runs function(argument), and whose result that returns. NULL: no memory. */
struct thread *thread_create(const char *name, long (*function)(void *), void *argument);

/* The same, not yet runnable: for those who want to set nice value or CPUs first. Then thread_start. */
struct thread *thread_create_stopped(const char *name, long (*function)(void *), void *argument);
void thread_start(struct thread *thread);
void thread_discard(struct thread *thread); /* one that will not be started after all */

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

/*
 * Makes a blocked thread runnable; true when it was blocked. Any context; locks up to RUN_QUEUE may be held. Whatever
 * the caller wrote before, the thread sees. The thread must not end meanwhile: usually the caller holds a lock that it
 * needs before it can.
 */
bool thread_wake(struct thread *thread);

/*
 * Sets bits of `attention`: ends the wait that it is in, if that may be interrupted, and sends it out of its program if
 * it runs there. Any context; locks below RUN_QUEUE may be held. The thread must not end meanwhile, as for thread_wake.
 */
void thread_interrupt(struct thread *thread, uint32_t bits);

/* Has the current thread something to attend to? Then a wait that may be interrupted ends. */
#define THREAD_ATTENTION_LATER                                                                                         \
    0xf0000000u /* bits that have time until it goes back to its program, and end no wait                              \
                 */
static inline bool thread_is_interrupted(void)
{
    return __atomic_load_n(&thread_current()->attention, __ATOMIC_SEQ_CST) & ~THREAD_ATTENTION_LATER;
}

/* Sets bits of the current thread's `attention`. */
static inline void thread_attend_later(uint32_t bits)
{
    __atomic_fetch_or(&thread_current()->attention, bits, __ATOMIC_SEQ_CST);
}

/* `run_time` up to now. One that cannot go away, as for thread_get; locks below RUN_QUEUE may be held. */
uint64_t thread_run_time(struct thread *thread);

/* NICE is cut to -20..19. The current thread, or one that the caller holds a reference to. */
void thread_set_nice(struct thread *thread, int nice);

/*
 * Binds it to CPUs; moves it if it must: the current thread before this returns, another that runs at its next chance.
 * -EINVAL when none of them is online; nothing has changed then.
 */
int thread_set_allowed(struct thread *thread, const struct cpu_mask *allowed);
int thread_bind(struct thread *thread, unsigned cpu); /* the same for a single CPU */

/*
 * One thread after another, each with a reference; NULL begins. The reference to the one before is given back, so a
 * loop that goes to the end owes nothing, and one that stops early owes a thread_put. Thread context, no spin lock.
 *
 *     for (struct thread *t = thread_next(NULL); t; t = thread_next(t))
 */
struct thread *thread_next(struct thread *thread);
void thread_put(struct thread *thread);
void thread_get(struct thread *thread); /* one that cannot go away: its owner, or a lock that its end needs */
uint64_t thread_count(void);            /* that exist: idle threads too, and those that ended and are not yet joined */

/* What a CPU has done so far. Its own numbers change meanwhile. */
struct sched_report {
    uint64_t switches; /* from one thread to another */
    uint64_t halts;    /* how often it halted, in its idle thread */
    uint64_t now_ns;   /* since the machine started */
    uint64_t idle_ns;  /* in its idle thread */
    uint64_t user_ns;  /* in programs, by samples; all else is the kernel's */
    uint64_t pulled;   /* threads that it took from other CPUs when it had nothing to do */
    uint64_t pushed;   /* threads that it gave to other CPUs when it had too much to do */
    unsigned runnable; /* threads, with the one that runs; 0: it is idle */
};
void sched_report(unsigned cpu, struct sched_report *report);

/*
 * The code that runs becomes CPU 0's first thread ("main"); the idle threads are made as CPUs come up. After vmap_init
 * and interrupt_init, with interrupts off or on; threads may be created from then on. Slices end from timers_init_cpu
 * on.
 */
void sched_init(void);
/*
 * For smp_start: the stack is that of the new CPU's idle thread (0: no memory). On it, with interrupts off, the CPU
 * calls sched_prepare_cpu before it counts as online, so that threads may be sent to every CPU that does; then
 * sched_enter_cpu, and is idle.
 */
vaddr_t sched_idle_stack(unsigned cpu);
void sched_idle_release(unsigned cpu); /* the CPU will not be started */
void sched_prepare_cpu(void);
_Noreturn void sched_enter_cpu(void);

#endif
