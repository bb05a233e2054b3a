/*
 * Processes: running programs, as Linux's programs know them.
 *
 *     task      one thread of a program: a kernel thread (sched/), a number, a signal mask
 *     process   what the tasks of one program share: the number that getpid tells, limits, signal actions. Its first
 *               task's number is its own
 *
 *     group     processes that a shell starts as one job; it has the number of its first one
 *     session   the groups of one login, and the terminal that they have in common; it has its leader's number
 *
 * A task has its address space, descriptors and working directory by reference, each of which clone may share or copy
 * by itself. Credentials are values that never change once set: a change makes new ones.
 *
 * Lives: process_start (by the kernel) or task_clone (fork) - running - task_exit of its last task - ended: what is
 * left, number, status and times, waits for process_wait or the parent's wait4. Children of one that ends go to process
 * 1, and those that have nobody leave nothing when they end.
 *
 *     struct process *process = process_start("/init", &arguments, &error);
 *     int status = process_wait(process);                   // and it is gone
 *
 * Locks: processes_lock (spin, rank PROCESSES) guards numbers, parents, children, tasks, groups, sessions, and who has
 * ended or stopped; a process's list of tasks changes only with its signal_lock held as well, so either will do to look
 * at it. process->signal_lock (rank SIGNALS, below it) what signal.h says; task->parts_lock and paths->lock (rank
 * PARTS, below it) parts of a task at which others look (/proc). All else each task changes for itself.
 *
 * Source: POSIX.1-2017; clone(2), wait(2), signal(7), credentials(7).
 */
#ifndef CORRODE_PROC_PROC_H
#define CORRODE_PROC_PROC_H

#include "fs/credentials.h"
#include "fs/fs.h"
#include "ipc/semaphore.h"
#include "proc/files.h"
#include "proc/program.h"
#include "proc/signal.h"
#include "sched/wait.h"

struct rlimit {
    uint64_t current, maximum;
};
#define RLIMIT_CPU 0
#define RLIMIT_FSIZE 1
#define RLIMIT_DATA 2
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_RSS 5
#define RLIMIT_NPROC 6
#define RLIMIT_NOFILE 7
#define RLIMIT_MEMLOCK 8
#define RLIMIT_AS 9
#define RLIMIT_LOCKS 10
#define RLIMIT_SIGPENDING 11
#define RLIMIT_MSGQUEUE 12
#define RLIMIT_NICE 13
#define RLIMIT_RTPRIO 14
#define RLIMIT_RTTIME 15
#define RLIMIT_COUNT 16
#define RLIM_INFINITY (~0ull)

/* Root, working directory, umask: CLONE_FS. */
struct task_paths {
    uint32_t references;
    struct spinlock lock; /* PARTS: root and working; changed by task_set_path */
    struct path root, working;
    uint32_t umask;
};

/* Calls that read and write, and the bytes that they have moved, from and to whatever it was. */
struct io_usage {
    uint64_t reads, writes, read_bytes, written_bytes;
};

/* What has been used: of a task, of a process, of the children that it has waited for. */
struct usage {
    uint64_t user_ns, system_ns;
    uint64_t minor_faults, major_faults;
    uint64_t waits, preemptions; /* how often a CPU was given away, and taken away */
    uint64_t peak_pages;         /* resident at most: of whichever had the most */
    struct io_usage io;
};

struct session {
    int32_t number;
    uint32_t references; /* its groups' */
    struct tty *tty;     /* the controlling terminal (tty/tty.h), by reference; NULL: none */
};

struct process_group {
    int32_t number;
    uint32_t references; /* its processes' */
    struct session *session;
    struct list members; /* struct process, by `in_group`: ended ones that nobody has waited for, too */
    uint32_t sent;       /* grows with each signal to the group: a fork that it has crossed begins anew */
};

struct process {
    uint32_t references; /* its tasks', one more until nobody will wait for it any more, and those of who looks at it */
    int32_t number;      /* the kernel's own */
    int32_t own_number;  /* that of its namespace, which its program knows */
    struct number *identity; /* numbers.h: that number */
    struct thread *thread;   /* for process_wait; NULL: one that was forked */
    struct process *parent;  /* NULL: the kernel, or nobody */
    int32_t parent_number;   /* its number as the process knows it, or 0: to be read without a lock */
    struct list children;    /* struct process, by `sibling` */
    struct list_node sibling;
    struct wait_queue end_event;   /* it has ended: pidfd.h */
    struct wait_queue child_event; /* a child has ended, stopped, gone on, or needs its parent's memory no more */
    struct process_group *group;
    struct list_node in_group;
    struct list
        tasks; /* struct task, by `in_process`; the first one's number is the process's, unless that has ended */
    uint32_t task_count;
    uint32_t alive;        /* tasks that have not begun to end */
    struct task *executor; /* it executes a program, and all others have to go; signal_lock */

    bool exiting; /* exit_group, or a signal that ends it: every task goes, with exit_status */
    bool ended;
    bool borrows;      /* vfork: it runs in its parent's memory, and the parent waits */
    bool has_executed; /* since it was forked: its parent may not move it to another group any more */
    bool subreaper;    /* PR_SET_CHILD_SUBREAPER */
    bool undumpable;   /* PR_SET_DUMPABLE, or its rights have changed: its /proc is root's */
    bool small_pages;  /* PR_SET_THP_DISABLE: remembered; there are no large ones */
    bool over_limit;   /* its user has had more processes than it may since it has become that user */
    uint32_t personality;
    uint32_t barriers;      /* which kinds of membarrier it has registered for; until it executes another program */
    int16_t oom_adjustment; /* /proc/PID/oom_score_adj: how much rather, or less, it should go when memory runs out */
    int exit_status;        /* as wait4 tells */
    int exit_signal;        /* to the parent; 0: none */
    const struct credentials *credentials; /* once it has ended: those of its last task */

    struct spinlock signal_lock;
    struct signal_queue signals; /* for whichever task takes them */
    bool unkillable;             /* process 1 of a namespace: signals do to it only what it has handlers for */
    struct list signalfds;       /* signalfd.c: files by which it waits for signals */
    struct signal_action actions[SIGNALS];
    int stop_signal;            /* it is stopped by this one; 0: it runs */
    int stop_wanted;            /* a task has taken this one, by which it is about to stop; 0: none */
    uint32_t stops;             /* how often it has stopped */
    uint32_t tasks_stopped;     /* that have come to this stop */
    bool stop_reported;         /* a parent that waits has been told */
    bool continued;             /* it goes on, and no parent has been told by waiting */
    bool tells_continued;       /* it goes on, and its first task to do so sends the parent SIGCHLD */
    struct wait_queue going_on; /* tasks that are stopped wait here */

    struct rlimit limits[RLIMIT_COUNT];
    uint64_t started;              /* clock_monotonic */
    struct usage used;             /* by tasks that are gone; signal_lock */
    struct usage children_used;    /* by children waited for, and theirs; processes_lock */
    struct process_timers *timers; /* proc/timers.c: alarm, setitimer, timer_create; NULL: none yet */
    struct file *executable;       /* what it runs from, process_executable; NULL: none */
    char name[THREAD_NAME_SIZE];
};

struct task {
    struct process *process;
    struct thread *thread;
    struct list_node in_process;
    int32_t number;             /* the kernel's own */
    int32_t own_number;         /* that of its namespace */
    struct number *identity;    /* numbers.h: that number */
    struct spinlock parts_lock; /* PARTS: the next five, which the task changes under it (task_set_...) */
    struct vm_space *space;
    struct task_files *files;
    struct task_paths *paths;
    const struct credentials *credentials;
    struct namespaces *namespaces;         /* namespaces.h */
    struct semaphore_undo *semaphore_undo; /* ipc/semaphore.h; NULL: there is nothing to undo */
    struct account *account;               /* accounts.h: of its real user; NULL: it is not counted yet. signal_lock */

    struct signal_queue signals; /* for this task alone */
    uint64_t signal_mask;        /* bit n-1: signal n is blocked */
    uint64_t signals_awaited;    /* signal_wait: these wake it, blocked or not */
    uint64_t saved_mask;         /* with `restores_mask`: what to go back to when the call is left */
    bool restores_mask;
    struct signal_stack { /* sigaltstack */
        uint64_t base;
        uint32_t flags, pad;
        uint64_t size;
    } alternate_stack;
    struct {
        uint64_t vector, error, address; /* of its last one, for the context of handlers */
    } fault;
    struct restart { /* of a call that has returned -ERESTART_RESTARTBLOCK: restart_syscall calls it */
        long (*function)(struct restart *restart);
        uint64_t values[5];
    } restart;

    uint64_t user_ns, system_ns;    /* processor time, when it was last asked for; signal_lock */
    uint64_t clear_child_tid;       /* user address; 0: none */
    uint64_t robust_list;           /* user address */
    uint8_t owns_locks;             /* futex_owner.c: has it to give any back when it ends? */
    struct futex_waiter *waits_for; /* a lock with an owner; owners_lock of futex_owner.c */
    int parent_death_signal;        /* PR_SET_PDEATHSIG; 0: none */
    uint64_t timer_slack;           /* PR_SET_TIMERSLACK; 0: the usual */
    uint8_t machine_check;          /* PR_MCE_KILL: remembered; 0: nothing was asked for */
    uint16_t io_priority;           /* ioprio_set: class and level */
    uint8_t policy;                 /* SCHED_* */
    struct io_usage io;             /* counted by the task itself */
    struct trap_frame *frame;       /* the registers of the program while it is in the kernel */
    struct trap_frame start;        /* those that it begins with */
    struct user_bases start_bases;
    uint64_t set_child_tid; /* user address where its number goes when it begins; 0: none */
};

/* Bits of thread->attention. */
#define ATTENTION_SIGNAL (1u << 0) /* a signal may be pending that the task does not block */
#define ATTENTION_EXIT (1u << 1)   /* process->exiting, or a signal that will end it */
#define ATTENTION_STOP (1u << 2)   /* process->stop_signal */
#define ATTENTION_MASK (1u << 28)  /* restores_mask, when the call is left */
#define ATTENTION_FRAME (1u << 29) /* the registers are not those of the call any more (rt_sigreturn) */

/*
 * What a task does before it goes back to its program when thread->attention is not 0: the end of the process, stops,
 * signals, the restart of a system call. FRAME is the program's, and may change. Interrupts are off before and after.
 * proc/attend.c.
 */
void task_attend(struct trap_frame *frame);

/* The task of the running thread; NULL in threads of the kernel. */
static inline struct task *task_current(void)
{
    return thread_current()->task;
}

/* Is it to end as soon as it can? A look without signal_lock is a hint. */
static inline bool task_has_to_end(const struct task *task)
{
    const struct process *process = task->process;
    const struct task *executor = __atomic_load_n(&process->executor, __ATOMIC_RELAXED);
    return __atomic_load_n(&process->exiting, __ATOMIC_RELAXED) || (executor != NULL && executor != task);
}

/*
 * The current task changes a part of its own at which others may be looking (proc/parts.c). Its reference to the new
 * one is taken over; that to the old one is the caller's, whom it is returned to, or put.
 */
struct vm_space *task_set_space(struct vm_space *space);
struct task_files *task_set_files(struct task_files *files);
struct task_paths *task_set_paths(struct task_paths *paths);
struct namespaces *task_set_namespaces(struct namespaces *set);
void task_set_credentials(const struct credentials *credentials);
/* The same with all that a change of rights brings with it: rights.c. -EAGAIN: no memory; NEW is put then, too. */
int task_change_credentials(const struct credentials *new);
void task_set_root(const struct path *root); /* of its struct task_paths */
void task_set_working(const struct path *working);

/*
 * What others see of a task, with a reference; NULL or false: it is about to end. The task must not go away meanwhile:
 * processes_lock.
 */
struct vm_space *task_space(struct task *task);
struct task_files *task_files(struct task *task);
const struct credentials *task_credentials(struct task *task);
bool task_root(struct task *task, struct path *root);
bool task_working(struct task *task, struct path *working);

/* Of the current one, and of its process if it is the first: what ps shows. NAME is cut where it is too long. */
void task_set_name(const char *name);

/* The limits of PROCESS have changed: those on its memory and its processor time are enforced elsewhere. */
void process_limits_changed(struct process *process);

/*
 * What a path that the current task names is looked up with. Where the walk begins may be changed meanwhile by others
 * that share it (CLONE_FS); so it is held until task_walk_end, which need not follow while nobody else has it.
 */
struct walk_hold {
    struct path root, working;
    bool held;
};
void task_walk(struct walk *walk, struct walk_hold *hold);
void task_walk_release(struct walk_hold *hold);
static inline void task_walk_end(struct walk_hold *hold)
{
    if (__builtin_expect(hold->held, 0))
        task_walk_release(hold);
}

/*
 * Runs a program as a new process, with the console as descriptors 0, 1 and 2 and the rights of root. NULL: *error says
 * why (program_load), and nothing is left.
 */
struct process *process_start(const char *path, const struct program_arguments *arguments, int *error);

/* Waits for its end: the status, as wait4 tells it. The process is gone then. */
int process_wait(struct process *process);

/* Statuses, as <sys/wait.h> takes them apart. */
static inline int status_of_exit(int code)
{
    return (code & 0xff) << 8;
}
static inline int status_of_signal(int signal)
{
    return signal & 0x7f;
}
/* The same as one number, as shells have it: the code, or 128 + the signal. */
static inline int status_for_shell(int status)
{
    return status & 0x7f ? 128 + (status & 0x7f) : status >> 8;
}

/*
 * fork, vfork, clone: a new process, or a new task of the current one (CLONE_THREAD), that goes on where the current
 * one's system call returns, with 0.
 */
#define CLONE_NEWTIME 0x80u
#define CLONE_VM 0x100u
#define CLONE_FS 0x200u
#define CLONE_FILES 0x400u
#define CLONE_SIGHAND 0x800u
#define CLONE_PIDFD 0x1000u
#define CLONE_PTRACE 0x2000u
#define CLONE_VFORK 0x4000u
#define CLONE_PARENT 0x8000u
#define CLONE_THREAD 0x10000u
#define CLONE_NEWNS 0x20000u
#define CLONE_SYSVSEM 0x40000u
#define CLONE_SETTLS 0x80000u
#define CLONE_PARENT_SETTID 0x100000u
#define CLONE_CHILD_CLEARTID 0x200000u
#define CLONE_DETACHED 0x400000u
#define CLONE_UNTRACED 0x800000u
#define CLONE_CHILD_SETTID 0x1000000u
#define CLONE_NEWCGROUP 0x2000000u
#define CLONE_NEWUTS 0x4000000u
#define CLONE_NEWIPC 0x8000000u
#define CLONE_NEWUSER 0x10000000u
#define CLONE_NEWPID 0x20000000u
#define CLONE_NEWNET 0x40000000u
#define CLONE_IO 0x80000000u
#define CLONE_CLEAR_SIGHAND 0x100000000ull
struct clone_arguments {
    uint64_t flags;                 /* CLONE_* */
    uint64_t stack;                 /* the new stack pointer; 0: the same */
    uint64_t parent_tid, child_tid; /* user addresses */
    uint64_t tls;
    uint64_t pidfd;  /* user address, of CLONE_PIDFD */
    int exit_signal; /* to the parent; 0: none */
};
long task_clone(const struct clone_arguments *arguments); /* its number; -EINVAL, -EAGAIN, -ENOMEM, -ERESTARTNOINTR */

/*
 * execve; the limits in REQUEST are filled in. 0: the registers of the system call are the new program's. On an error
 * with request->fatal the caller, once it has given back what it holds, ends the process by SIGSEGV.
 */
int task_execute(struct program_request *request);

/* usage.c: what has been used so far. The object must not go away; no lock of rank SIGNALS or below is held. */
void process_usage(struct process *process, struct usage *usage);
void process_children_usage(struct process *process, struct usage *usage);
void task_usage(struct task *task, struct usage *usage);
void usage_add(struct usage *usage, const struct usage *more);

/* Ends the current task, and with it its process, which has no other. */
_Noreturn void task_exit(int status);

/* Ends the current process, with all of its tasks. */
_Noreturn void process_exit(int status);
/* Of numbers, the current program's, which is not the first: its process 1 ends by SIGNAL, and all others with it. */
_Noreturn void process_end_namespace(int signal);

extern struct spinlock processes_lock;

/*
 * By number, with a reference (process_put); NULL: none has it. process_next: the one with the lowest of the kernel's
 * own numbers from NUMBER on, to go through all of them. Ended ones that nobody has waited for are among them.
 */
struct process *process_find(int32_t number);
struct process *process_next(int32_t number);
void process_put(struct process *process);
static inline void process_get(struct process *process)
{
    __atomic_fetch_add(&process->references, 1, __ATOMIC_RELAXED);
}

/*
 * The same for who holds processes_lock, without a reference. _find: by the number that the running program knows;
 * _next and _known: by the kernel's own.
 */
struct process *process_find_locked(int32_t number);
struct process *process_next_locked(int32_t number);
struct process *process_known_locked(int32_t number);
struct task *task_find_locked(int32_t number);
struct process_group *process_group_find_locked(int32_t number);
struct process_group *process_group_known_locked(int32_t number);

/* jobs.c: groups and sessions, as setpgid, getpgid, setsid and getsid have them. PID 0: the current process. */
int process_set_group(int32_t pid, int32_t group);
int32_t process_get_group(int32_t pid);
int32_t process_new_session(void);
int32_t process_get_session(int32_t pid);

/* To all of its processes. processes_lock is held. */
struct siginfo;
void process_group_signal_locked(struct process_group *group, int signal, const struct siginfo *info);

/* The file that it runs from, with a reference; NULL: it has ended. */
struct file *process_executable(struct process *process);

int32_t process_parent_number(void); /* of the current one; 0: it is the kernel's child */
uint64_t process_count(void);        /* that exist, ended ones that nobody has waited for among them */
void processes_init(void);           /* after fs_init: /dev, and what becomes of faults */

/* fault.c: from here on faults of programs end them, not the kernel. */
void program_faults_init(void);

/*
 * Process 1: the program that `init=` names, or else the first of /init, /sbin/init, /bin/init that can be run, with
 * what follows `--` on the command line as arguments. Returns the status with which it has ended; panics with a
 * sentence when there is nothing to run.
 */
int process_run_init(void);

#endif
