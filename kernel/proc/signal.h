/*
 * Signals, with Linux's numbers and structures for x86-64.
 *
 * A signal is queued at a process or at one of its tasks. Whoever queues it sets the attention (sched/sched.h) of a
 * task that does not block it, which ends the wait that the task is in. On its way back to the program the task takes
 * what is pending (task_attend): it ignores it, stops or ends the process, or calls the program's handler: then a frame
 * with all registers goes onto the program's stack, from which rt_sigreturn restores them.
 *
 * A system call that a signal interrupts returns one of the -ERESTART codes (lib/errno.h), which never reach the
 * program: task_attend turns them into EINTR or makes the call again. It returns one only while thread_is_interrupted.
 *
 * Locks: process->signal_lock (spin, rank SIGNALS) guards actions, pending signals and masks as far as others than
 * the task itself look at them.
 *
 * Source: signal(7), sigaction(2), sigreturn(2), sigaltstack(2), signalfd(2); System V ABI, AMD64 supplement, 3.2.2,
 * for the red zone.
 */
#ifndef CORRODE_PROC_SIGNAL_H
#define CORRODE_PROC_SIGNAL_H

#include "lib/list.h"
#include "lib/signals.h"
#include "lib/types.h"

#define SIGNALS 64

#define SIGRTMIN 32 /* from here on each one that is sent is delivered, in the order of sending */

/* siginfo.code: who has sent it. Positive: the kernel. */
#define SI_USER 0
#define SI_KERNEL 0x80
#define SI_QUEUE (-1)
#define SI_TIMER (-2)
#define SI_TKILL (-6)
#define CLD_EXITED 1
#define CLD_KILLED 2
#define CLD_DUMPED 3
#define CLD_STOPPED 5
#define CLD_CONTINUED 6
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN 1
#define BUS_ADRERR 2
#define FPE_INTDIV 1
#define FPE_FLTDIV 3
#define FPE_FLTOVF 4
#define FPE_FLTUND 5
#define FPE_FLTRES 6
#define FPE_FLTINV 7
#define ILL_ILLOPN 2
#define TRAP_BRKPT 1
#define TRAP_TRACE 2

/* struct siginfo, as programs see it. */
struct siginfo_kept {
    uint64_t words[6];
};
struct siginfo {
    union {
        struct siginfo_kept kept; /* what a queue keeps of it: the rest is zero */
        struct {
            int32_t signal, error, code, pad;
            union {
                struct {
                    int32_t pid;
                    uint32_t uid;
                    int32_t status;
                    int32_t pad;
                    int64_t user_time, system_time; /* in ticks of 1/100 s */
                } child;
                struct {
                    int32_t pid;
                    uint32_t uid;
                    uint64_t value;
                } sender;
                struct {
                    int32_t timer, overrun;
                    uint64_t value;
                } timer;
                struct {
                    uint64_t address;
                } fault;
                struct {
                    int64_t band;
                    int32_t fd;
                } poll;
                uint8_t bytes[112];
            };
        };
    };
};
_Static_assert(sizeof(struct siginfo) == 128, "struct siginfo");

/* One that is pending. */
struct posix_timer;
struct account;
struct queued_signal {
    struct list_node link;
    struct posix_timer *timer; /* whose it is; NULL: the queue's */
    struct account *account;   /* accounts.h: who has it counted; NULL: nobody */
    union {
        struct {
            int32_t signal, error, code;
        };
        struct siginfo_kept kept;
    };
};

/*
 * What is pending: a bit each, and those with information, oldest first. A bit without any tells of a signal that found
 * no memory, or the limit reached. The first that comes needs no allocation.
 */
struct signal_queue {
    uint64_t pending;   /* bit n-1 */
    struct list queued; /* struct queued_signal, by `link` */
    struct queued_signal spare;
    bool spare_used;
};

/* As programs pass it to rt_sigaction. */
struct signal_action {
    uint64_t handler; /* SIG_DFL, SIG_IGN, or the program's function */
    uint64_t flags;   /* SA_* */
    uint64_t restorer;
    uint64_t mask; /* bit n-1: signal n */
};
#define SIG_DFL 0
#define SIG_IGN 1

#define SA_NOCLDSTOP 0x1u
#define SA_NOCLDWAIT 0x2u
#define SA_SIGINFO 0x4u
#define SA_EXPOSE_TAGBITS 0x800u
#define SA_RESTORER 0x04000000u
#define SA_ONSTACK 0x08000000u
#define SA_RESTART 0x10000000u
#define SA_NODEFER 0x40000000u
#define SA_RESETHAND 0x80000000u

static inline uint64_t signal_bit(int signal)
{
    return 1ull << (signal - 1);
}
#define SIGNAL_BIT(signal) (1ull << ((signal) - 1))

/* Nobody blocks or handles these. */
#define SIGNALS_FIRM (SIGNAL_BIT(SIGKILL) | SIGNAL_BIT(SIGSTOP))
#define SIGNALS_STOPPING (SIGNAL_BIT(SIGSTOP) | SIGNAL_BIT(SIGTSTP) | SIGNAL_BIT(SIGTTIN) | SIGNAL_BIT(SIGTTOU))

struct task;
struct process;
struct process_group;
struct trap_frame;

/*
 * Sends it; INFO is copied, and NULL stands for SI_KERNEL. Any context, as long as the object cannot go away: a
 * reference, or processes_lock. 0 also when it is ignored; -EAGAIN when a real-time signal finds the queue full
 * (RLIMIT_SIGPENDING). Permission is the caller's to check.
 */
int signal_send_process(struct process *process, int signal, const struct siginfo *info);
int signal_send_task(struct task *task, int signal, const struct siginfo *info);

/*
 * A fault of the current task itself: it cannot be blocked or ignored; if it is, or if there is no handler, the process
 * ends by it on its way back to the program.
 */
void signal_force(int signal, const struct siginfo *info);

/* SIGPIPE, SIGXFSZ and the like, to the current task, as if it had sent them itself: so Linux has it. */
void signal_send_self(int signal);

/* Is a signal pending that the current task does not block? */
bool signal_is_pending(void);

/* Would this signal, forced on the current task, end its process? */
bool signal_is_deadly(int signal);

/* What the current task blocks. What can now be delivered is, on the way back to the program. */
void signal_set_mask(uint64_t mask);

/*
 * For calls that wait under a mask of their own (sigsuspend, ppoll, pselect6, epoll_pwait): MASK holds until the call
 * has been left and, if a handler runs, its frame has been made with the old one.
 */
void signal_mask_for_wait(uint64_t mask);

/* Changes (NEW not NULL) and tells (OLD not NULL) what the current process does about a signal. */
void signal_set_action(int signal, const struct signal_action *new, struct signal_action *old);

/*
 * Takes one of WANTED that is pending, or waits for one, blocked or not, until DEADLINE: its number, with *info.
 * -EAGAIN when the time is over, -EINTR.
 */
long signal_wait(uint64_t wanted, struct siginfo *info, uint64_t deadline);

/* Empties a queue whose owner ends, or is new. The first with signal_lock. */
void signal_queue_clear(struct process *process, struct signal_queue *queue);
void signal_queue_init(struct signal_queue *queue);

/*
 * kill.c: by number, as kill(2), tgkill(2), rt_sigqueueinfo(2) have it, permissions included. SIGNAL 0 only looks. PID
 * 0: the caller's group; -1: all but process 1 and the caller; below: the group -PID. GROUP 0: any process will do.
 */
long signal_kill(int32_t pid, int signal);
/* To this very process: -ESRCH when somebody has waited for it. The caller has seen to info->code. */
long signal_kill_process(struct process *process, int signal);
long signal_queue_known(struct process *process, int signal, const struct siginfo *info);
long signal_kill_task(int32_t group, int32_t task, int signal);
long signal_queue_process(int32_t pid, int signal, const struct siginfo *info);
long signal_queue_task(int32_t group, int32_t task, int signal, const struct siginfo *info);

/*
 * stop.c: PROCESS, the current one, has ended, with exit_status set: tells its parent. True: nobody will wait for it.
 * processes_lock is held.
 */
bool signal_tell_end(struct process *process);

/* Back from a handler: the program's registers are what its frame says. The value for RAX. signal_frame.c */
long signal_frame_return(struct trap_frame *frame);

/* Bytes of stack that the largest frame needs: AT_MINSIGSTKSZ. */
size_t signal_frame_size(void);

/* sigaltstack(2) with the program's stack pointer. Either may be NULL. 0, -EPERM, -EINVAL, -ENOMEM. */
struct signal_stack;
int signal_stack_change(const struct signal_stack *new, struct signal_stack *old, uint64_t stack_pointer);

#endif
