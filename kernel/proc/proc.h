/*
 * Processes: running programs, as Linux's programs know them.
 *
 *     task      one thread of a program: a kernel thread (sched/), a number, a signal mask
 *     process   what the tasks of one program share: the number that getpid tells, limits, signal actions. Its first
 *               task's number is its own
 *
 * A task has its address space, descriptors and working directory by reference, each of which clone may share or copy
 * by itself. Credentials are values that never change once set: a change makes new ones. So far every process has one
 * task.
 *
 * Lives: process_start (by the kernel) or task_clone (fork) - running - task_exit - ended: what is left, number and
 * status, waits for process_wait or the parent's wait4. Children of one that ends go to process 1, and those that have
 * nobody leave nothing when they end.
 *
 *     struct process *process = process_start("/init", &arguments, &error);
 *     int status = process_wait(process);                   // and it is gone
 *
 * Locks: tree_lock (spin, rank PROCESSES) guards parents, children and `ended`; all else each task changes for itself.
 *
 * Source: POSIX.1-2017; clone(2), wait(2), signal(7), credentials(7).
 */
#ifndef CORRODE_PROC_PROC_H
#define CORRODE_PROC_PROC_H

#include "fs/credentials.h"
#include "fs/fs.h"
#include "proc/files.h"
#include "proc/program.h"
#include "proc/signal.h"
#include "sched/wait.h"

struct rlimit {
    uint64_t current, maximum;
};
#define RLIMIT_STACK 3
#define RLIMIT_CORE 4
#define RLIMIT_NOFILE 7
#define RLIMIT_COUNT 16
#define RLIM_INFINITY (~0ull)

/* Root, working directory, umask: CLONE_FS. */
struct task_paths {
    uint32_t references;
    struct path root, working;
    uint32_t umask;
};

struct process {
    uint32_t references; /* its tasks', and that of who waits */
    int32_t number;
    struct thread *thread;  /* for process_wait; NULL: one that was forked */
    struct process *parent; /* NULL: the kernel, or nobody */
    struct list children;   /* struct process, by `sibling` */
    struct list_node sibling;
    struct wait_queue child_event; /* a child has ended, or needs its parent's memory no more */
    bool ended;
    bool borrows;    /* vfork: it runs in its parent's memory, and the parent waits */
    int exit_status; /* as wait4 tells */
    struct signal_action actions[SIGNALS];
    struct rlimit limits[RLIMIT_COUNT];
    char name[THREAD_NAME_SIZE];
};

struct task {
    struct process *process;
    int32_t number;
    struct vm_space *space;
    struct task_files *files;
    struct task_paths *paths;
    const struct credentials *credentials;
    uint64_t signal_mask;     /* bit n-1: signal n is blocked */
    uint64_t clear_child_tid; /* user address; 0: none */
    uint64_t robust_list;     /* user address */
    struct trap_frame *frame; /* the registers of the system call that it is in */
    struct trap_frame start;  /* those that it begins with */
    struct user_bases start_bases;
    bool stillborn;         /* there was no memory for a copy of the vector registers */
    uint64_t set_child_tid; /* user address where its number goes when it begins; 0: none */
};

/* The task of the running thread; NULL in threads of the kernel. */
static inline struct task *task_current(void)
{
    return thread_current()->task;
}

/* What a path that the current task names is looked up with. */
void task_walk(struct walk *walk);

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

/* fork, vfork, clone: a new process that goes on where the current one's system call returns, with 0. */
#define CLONE_VM 0x100u
#define CLONE_VFORK 0x4000u
#define CLONE_SETTLS 0x80000u
#define CLONE_PARENT_SETTID 0x100000u
#define CLONE_CHILD_CLEARTID 0x200000u
#define CLONE_CHILD_SETTID 0x1000000u
struct clone_arguments {
    uint64_t flags;                 /* CLONE_*; in the lowest byte the signal to the parent */
    uint64_t stack;                 /* the new stack pointer; 0: the same */
    uint64_t parent_tid, child_tid; /* user addresses */
    uint64_t tls;
};
long task_clone(const struct clone_arguments *arguments); /* its number; -EINVAL, -ENOMEM */

/* execve. 0: the registers of the system call are the new program's. */
int task_execute(const char *path, const struct program_arguments *arguments);

/* wait4: a child's number, 0 with NO_HANG when none has ended, -ECHILD. PID: -1 any, else that child. */
long process_wait_child(int32_t pid, bool no_hang, int *status);

/* Ends the current task, and with it its process, which has no other. */
_Noreturn void task_exit(int status);

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
