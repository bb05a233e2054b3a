/*
 * Processes: running programs, as Linux's programs know them.
 *
 *     task      one thread of a program: a kernel thread (sched/), a number, a signal mask
 *     process   what the tasks of one program share: the number that getpid tells, limits, signal actions. Its first
 *               task's number is its own
 *
 * A task has its address space, descriptors and working directory by reference, each of which clone may share or copy
 * by itself. Credentials are values that never change once set: a change makes new ones. So far every process has one
 * task, and is started by the kernel; what there is of a process when its task has ended waits for process_wait.
 *
 *     struct process *process = process_start("/init", &arguments, &error);
 *     int status = process_wait(process);                   // and it is gone
 *
 * Locks: none yet; each task changes its own things only.
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
#include "sched/sched.h"

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
    struct thread *thread; /* of its first task, for process_wait */
    int exit_status;       /* as wait4 tells */
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
    struct program program;   /* what it begins with */
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

/* Ends the current task, and with it its process, which has no other. */
_Noreturn void task_exit(int status);

uint64_t process_count(void); /* that exist, ended ones that nobody has waited for among them */
void processes_init(void);    /* after fs_init: /dev, and what becomes of faults */

/* fault.c: from here on faults of programs end them, not the kernel. */
void program_faults_init(void);

/*
 * Process 1: the program that `init=` names, or else the first of /init, /sbin/init, /bin/init that can be run, with
 * what follows `--` on the command line as arguments. Returns the status with which it has ended; panics with a
 * sentence when there is nothing to run.
 */
int process_run_init(void);

#endif
