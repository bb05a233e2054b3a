/*
 * Limits of resources and where they bite, priorities, affinity, policies, names of the machine, and what a process has
 * used. Each scenario runs in a child of its own.
 *
 * guest: root
 */
#include "tests/guest/scenario.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define NOBODY 32760

static int get(int resource, struct rlimit *limit)
{
    return (int)syscall(SYS_getrlimit, resource, limit);
}
static int set(int resource, rlim_t current, rlim_t maximum)
{
    struct rlimit limit = {current, maximum};
    return (int)syscall(SYS_setrlimit, resource, &limit);
}
static int both(pid_t pid, int resource, const struct rlimit *new, struct rlimit *old)
{
    return (int)syscall(SYS_prlimit64, pid, resource, new, old);
}
static void become_user(void)
{
    NEED(syscall(SYS_setgid, 1000) == 0 && syscall(SYS_setuid, 1000) == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Limits
 */

static void limit_calls(void)
{
    struct rlimit limit = {0}, old;
    for (int i = 0; i < 16; i++)
        NEED(get(i, &limit) == 0 && limit.rlim_cur <= limit.rlim_max);
    NEED_ERROR(EINVAL, get(16, &limit));
    NEED_ERROR(EINVAL, get(-1, &limit));
    NEED_ERROR(EFAULT, get(RLIMIT_CORE, (void *)KERNEL));
    NEED_ERROR(EFAULT, syscall(SYS_setrlimit, RLIMIT_CORE, KERNEL));
    NEED_ERROR(EINVAL, set(RLIMIT_CORE, 2, 1));
    NEED_ERROR(EINVAL, set(16, 1, 1));
    NEED(set(RLIMIT_CORE, 10, 1000) == 0 && get(RLIMIT_CORE, &limit) == 0);
    NEED(limit.rlim_cur == 10 && limit.rlim_max == 1000);
    limit = (struct rlimit){20, 500};
    NEED(both(0, RLIMIT_CORE, &limit, &old) == 0 && old.rlim_cur == 10 && old.rlim_max == 1000);
    NEED(both(getpid(), RLIMIT_CORE, NULL, &old) == 0 && old.rlim_cur == 20 && old.rlim_max == 500);
    NEED_ERROR(ESRCH, both(NOBODY, RLIMIT_CORE, NULL, &old));
    NEED_ERROR(EFAULT, both(0, RLIMIT_CORE, KERNEL, NULL));
    NEED_ERROR(EFAULT, both(0, RLIMIT_CORE, NULL, KERNEL));
    NEED_ERROR(EINVAL, both(0, 99, NULL, NULL));
    become_user();
    NEED_ERROR(EPERM, set(RLIMIT_CORE, 20, 501));
    NEED(set(RLIMIT_CORE, 400, 400) == 0);
    NEED_ERROR(EPERM, set(RLIMIT_CORE, 400, 401));
    NEED_ERROR(EPERM, both(getppid(), RLIMIT_CORE, NULL, &old));
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    limit = (struct rlimit){7, 9};
    NEED(both(child, RLIMIT_CORE, &limit, &old) == 0 && old.rlim_cur == 400);
    NEED(both(child, RLIMIT_CORE, NULL, &old) == 0 && old.rlim_cur == 7 && old.rlim_max == 9);
    kill(child, SIGKILL);
}

static void descriptors(void)
{
    NEED_ERROR(EPERM, set(RLIMIT_NOFILE, 100, 2000000));
    NEED(set(RLIMIT_NOFILE, 10, 4096) == 0);
    int last = -1, fd;
    while ((fd = dup(1)) >= 0)
        last = fd;
    NEED(last == 9);
    NEED_ERROR(EMFILE, dup(1));
    NEED_ERROR(EMFILE, open("/", O_RDONLY));
    NEED_ERROR(EBADF, dup2(1, 10));
    NEED_ERROR(EINVAL, fcntl(1, F_DUPFD, 10));
    NEED(set(RLIMIT_NOFILE, 2000, 4096) == 0);
    NEED(dup2(1, 1999) == 1999 && fcntl(1, F_DUPFD, 1500) == 1500);
    NEED(set(RLIMIT_NOFILE, 5, 4096) == 0);
    NEED(write(1999, "", 0) == 0); /* what is open stays so */
    NEED_ERROR(EMFILE, dup(1));
}

static void processes(void)
{
    volatile int started = 0;
    int status;
    NEED(set(RLIMIT_NPROC, 5, 5) == 0);
    pid_t child = fork(); /* root may */
    if (child == 0)
        _exit(0);
    NEED(waitpid(child, &status, 0) == child);
    NEED(syscall(SYS_setgid, 54321) == 0 && syscall(SYS_setuid, 54321) == 0);
    pid_t children[10];
    for (int i = 0; i < 10; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            pause();
            _exit(0);
        }
        int error = errno;
        started += children[i] > 0;
        NEED(children[i] > 0 || error == EAGAIN);
    }
    NEED(started == 4);
    NEED_ERROR(EAGAIN, vfork());
    for (int i = 0; i < started; i++)
        NEED(kill(children[i], SIGKILL) == 0 && waitpid(children[i], &status, 0) == children[i]);
    child = fork();
    if (child == 0)
        _exit(0);
    NEED(child > 0);
}

static void memory(void)
{
    NEED(mmap(NULL, 64 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    NEED(set(RLIMIT_AS, 128 << 20, 128 << 20) == 0);
    NEED(mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
    NEED(mmap(NULL, 16 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    NEED(set(RLIMIT_DATA, 1 << 20, 1 << 20) == 0);
    long brk = syscall(SYS_brk, 0);
    NEED(syscall(SYS_brk, brk + (8 << 20)) == brk);
}

static void deep(int depth)
{
    volatile char frame[65536];
    frame[0] = 1;
    if (depth > 0)
        deep(depth - 1);
    frame[1] = frame[0];
}

static void stack(void)
{
    int status;
    NEED(set(RLIMIT_STACK, 1 << 20, 8 << 20) == 0);
    pid_t child = fork();
    if (child == 0) {
        deep(40); /* 2.5 MiB */
        _exit(0);
    }
    NEED(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    NEED(set(RLIMIT_STACK, 4 << 20, 8 << 20) == 0);
    child = fork();
    if (child == 0) {
        deep(40);
        _exit(0);
    }
    NEED(waitpid(child, &status, 0) == child && status == 0);
}

static void processor_time(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        set(RLIMIT_CPU, 1, 2);
        for (;;)
            ;
    }
    NEED(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU);
    child = fork();
    if (child == 0) {
        signal(SIGXCPU, SIG_IGN);
        set(RLIMIT_CPU, 1, 1);
        for (;;)
            ;
    }
    NEED(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Scheduling
 */

static int get_priority(int which, int who)
{
    return (int)syscall(SYS_getpriority, which, who);
}

static void priorities(void)
{
    NEED(get_priority(PRIO_PROCESS, 0) == 20);
    NEED_ERROR(EINVAL, get_priority(3, 0));
    NEED_ERROR(EINVAL, get_priority(-1, 0));
    NEED_ERROR(ESRCH, get_priority(PRIO_PROCESS, NOBODY));
    NEED_ERROR(ESRCH, get_priority(PRIO_PROCESS, -1));
    NEED_ERROR(ESRCH, get_priority(PRIO_PGRP, NOBODY));
    NEED_ERROR(ESRCH, get_priority(PRIO_USER, 12345));
    NEED_ERROR(EINVAL, setpriority(PRIO_USER + 1, 0, 0));
    NEED_ERROR(ESRCH, setpriority(PRIO_PROCESS, NOBODY, 0));
    NEED(setpriority(PRIO_PROCESS, 0, -5) == 0 && get_priority(PRIO_PROCESS, getpid()) == 25);
    NEED(setpriority(PRIO_PROCESS, 0, -100) == 0 && get_priority(PRIO_PROCESS, 0) == 40);
    NEED(setpriority(PRIO_PROCESS, 0, 3) == 0);
    NEED(setpgid(0, 0) == 0);
    NEED(setpriority(PRIO_PGRP, 0, 4) == 0 && get_priority(PRIO_PGRP, getpid()) == 16);
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(get_priority(PRIO_PROCESS, 0) != 16);
    NEED(waitpid(child, &status, 0) == child && status == 0);
    become_user();
    NEED(setpriority(PRIO_PROCESS, 0, 10) == 0 && get_priority(PRIO_PROCESS, 0) == 10);
    NEED_ERROR(EACCES, setpriority(PRIO_PROCESS, 0, 9));
    NEED_ERROR(EPERM, setpriority(PRIO_PROCESS, (id_t)getppid(), 15));
    NEED(get_priority(PRIO_USER, 1000) == 10 && get_priority(PRIO_USER, 0) >= 10);
}

static void affinity(void)
{
    unsigned long mask[16] = {0}, one[16] = {0};
    long size = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    NEED(size >= 8 && size % 8 == 0 && mask[0] != 0);
    NEED_ERROR(EINVAL, syscall(SYS_sched_getaffinity, 0, 0, mask));
    NEED_ERROR(EINVAL, syscall(SYS_sched_getaffinity, 0, 9, mask));
    NEED_ERROR(ESRCH, syscall(SYS_sched_getaffinity, NOBODY, sizeof mask, mask));
    NEED_ERROR(ESRCH, syscall(SYS_sched_getaffinity, -1, sizeof mask, mask));
    NEED_ERROR(EFAULT, syscall(SYS_sched_getaffinity, 0, sizeof mask, KERNEL));
    int cpu = __builtin_ctzl(mask[0]);
    one[0] = 1ul << cpu;
    NEED(syscall(SYS_sched_setaffinity, 0, sizeof one, one) == 0);
    memset(mask, 0, sizeof mask);
    NEED(syscall(SYS_sched_getaffinity, getpid(), sizeof mask, mask) == size && mask[0] == one[0]);
    unsigned now = 99, node = 99;
    NEED(syscall(SYS_getcpu, &now, &node, NULL) == 0 && now == (unsigned)cpu && node == 0);
    int status;
    pid_t child = fork();
    if (child == 0) {
        memset(mask, 0, sizeof mask);
        _exit(!(syscall(SYS_sched_getaffinity, 0, sizeof mask, mask) == size && mask[0] == one[0]));
    }
    NEED(waitpid(child, &status, 0) == child && status == 0);
    one[0] = 0;
    NEED_ERROR(EINVAL, syscall(SYS_sched_setaffinity, 0, sizeof one, one));
    NEED_ERROR(EINVAL, syscall(SYS_sched_setaffinity, 0, 0, one));
    NEED_ERROR(EFAULT, syscall(SYS_sched_setaffinity, 0, 8, KERNEL));
    one[0] = 1;
    NEED_ERROR(ESRCH, syscall(SYS_sched_setaffinity, NOBODY, 8, one));
    become_user();
    one[0] = 1ul << cpu;
    NEED_ERROR(EPERM, syscall(SYS_sched_setaffinity, getppid(), 8, one));
    NEED(syscall(SYS_sched_setaffinity, 0, 8, one) == 0);
    NEED_ERROR(EFAULT, syscall(SYS_getcpu, KERNEL, NULL, NULL));
}

static void policies(void)
{
    int priority = 0, bad = 5;
    struct timespec slice;
    NEED(syscall(SYS_sched_getscheduler, 0) == SCHED_OTHER);
    NEED(syscall(SYS_sched_getparam, 0, &priority) == 0 && priority == 0);
    NEED_ERROR(EINVAL, syscall(SYS_sched_getscheduler, -1));
    NEED_ERROR(ESRCH, syscall(SYS_sched_getscheduler, NOBODY));
    NEED_ERROR(EINVAL, syscall(SYS_sched_getparam, 0, NULL));
    NEED_ERROR(ESRCH, syscall(SYS_sched_getparam, NOBODY, &priority));
    NEED_ERROR(EFAULT, syscall(SYS_sched_getparam, 0, KERNEL));
    NEED(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &priority) == 0);
    NEED(syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, &priority) == 0);
    NEED(syscall(SYS_sched_getscheduler, 0) == SCHED_BATCH);
    NEED_ERROR(EINVAL, syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &bad));
    NEED_ERROR(EINVAL, syscall(SYS_sched_setscheduler, 0, 4, &priority));
    NEED_ERROR(EINVAL, syscall(SYS_sched_setscheduler, 0, -1, &priority));
    NEED_ERROR(EINVAL, syscall(SYS_sched_setscheduler, 0, 99, &priority));
    NEED_ERROR(EINVAL, syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &priority));
    NEED_ERROR(EINVAL, syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, NULL));
    NEED_ERROR(EFAULT, syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, KERNEL));
    NEED_ERROR(ESRCH, syscall(SYS_sched_setscheduler, NOBODY, SCHED_OTHER, &priority));
    NEED(syscall(SYS_sched_setparam, 0, &priority) == 0);
    NEED_ERROR(EINVAL, syscall(SYS_sched_setparam, 0, &bad));
    NEED(syscall(SYS_sched_get_priority_max, SCHED_OTHER) == 0 && syscall(SYS_sched_get_priority_min, SCHED_IDLE) == 0);
    NEED(syscall(SYS_sched_get_priority_max, SCHED_FIFO) == 99 && syscall(SYS_sched_get_priority_min, SCHED_RR) == 1);
    NEED_ERROR(EINVAL, syscall(SYS_sched_get_priority_max, 77));
    NEED_ERROR(EINVAL, syscall(SYS_sched_get_priority_min, -1));
    NEED(syscall(SYS_sched_rr_get_interval, 0, &slice) == 0 && slice.tv_sec == 0);
    NEED_ERROR(EINVAL, syscall(SYS_sched_rr_get_interval, -1, &slice));
    NEED_ERROR(ESRCH, syscall(SYS_sched_rr_get_interval, NOBODY, &slice));
    NEED_ERROR(EFAULT, syscall(SYS_sched_rr_get_interval, 0, KERNEL));
    become_user();
    NEED_ERROR(EPERM, syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &bad));
    NEED_ERROR(EPERM, syscall(SYS_sched_setscheduler, getppid(), SCHED_OTHER, &priority));
    NEED(syscall(SYS_sched_setscheduler, 0, SCHED_IDLE, &priority) == 0);
}

#define IO(class, level) ((class) << 13 | (level))

static void io_priorities(void)
{
    NEED(syscall(SYS_ioprio_get, 1, 0) >= 0);
    NEED(syscall(SYS_ioprio_set, 1, 0, IO(2, 3)) == 0 && syscall(SYS_ioprio_get, 1, 0) == IO(2, 3));
    NEED(syscall(SYS_ioprio_set, 1, getpid(), IO(3, 0)) == 0 && syscall(SYS_ioprio_get, 1, getpid()) == IO(3, 0));
    NEED(syscall(SYS_ioprio_set, 1, 0, IO(1, 4)) == 0);
    NEED_ERROR(EINVAL, syscall(SYS_ioprio_set, 1, 0, IO(0, 1)));
    NEED_ERROR(EINVAL, syscall(SYS_ioprio_set, 1, 0, IO(4, 0)));
    NEED_ERROR(EINVAL, syscall(SYS_ioprio_set, 0, 0, IO(2, 0)));
    NEED_ERROR(EINVAL, syscall(SYS_ioprio_get, 4, 0));
    NEED_ERROR(ESRCH, syscall(SYS_ioprio_get, 1, NOBODY));
    NEED_ERROR(ESRCH, syscall(SYS_ioprio_set, 2, NOBODY, IO(2, 0)));
    become_user();
    NEED_ERROR(EPERM, syscall(SYS_ioprio_set, 1, 0, IO(1, 0)));
    NEED_ERROR(EPERM, syscall(SYS_ioprio_set, 1, getppid(), IO(2, 0)));
    NEED(syscall(SYS_ioprio_set, 1, 0, IO(0, 0)) == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The machine
 */

static void machine_names(void)
{
    struct utsname names;
    NEED(uname(&names) == 0 && strcmp(names.sysname, "Linux") == 0 && strcmp(names.machine, "x86_64") == 0);
    NEED_ERROR(EFAULT, syscall(SYS_uname, KERNEL));
    NEED_ERROR(EINVAL, syscall(SYS_sethostname, names.nodename, 65));
    NEED_ERROR(EINVAL, syscall(SYS_sethostname, names.nodename, -1));
    NEED_ERROR(EFAULT, syscall(SYS_sethostname, KERNEL, 5));
    NEED_ERROR(EINVAL, syscall(SYS_setdomainname, names.nodename, 65));
    NEED(sethostname(names.nodename, strlen(names.nodename)) == 0);
    become_user();
    NEED_ERROR(EPERM, syscall(SYS_sethostname, "x", 1));
    NEED_ERROR(EPERM, syscall(SYS_setdomainname, "x", 1));
}

static void machine_figures(void)
{
    struct sysinfo info;
    NEED(sysinfo(&info) == 0 && info.totalram > 0 && info.freeram > 0 && info.freeram < info.totalram);
    NEED(info.mem_unit > 0 && info.procs > 0);
    NEED_ERROR(EFAULT, syscall(SYS_sysinfo, KERNEL));
    NEED(syscall(SYS_personality, 0xffffffff) == 0);
    NEED(syscall(SYS_personality, 0x40000) == 0 && syscall(SYS_personality, 0xffffffff) == 0x40000);
}

static void rebooting(void)
{
    NEED_ERROR(EINVAL, syscall(SYS_reboot, 1, 2, 3, 4));
    NEED_ERROR(EINVAL, syscall(SYS_reboot, 0xfee1dead, 1, RB_AUTOBOOT, 0));
    NEED_ERROR(EINVAL, syscall(SYS_reboot, 0xfee1dead, 672274793, 0x777, 0));
    become_user();
    NEED_ERROR(EPERM, syscall(SYS_reboot, 0xfee1dead, 672274793, RB_POWER_OFF, 0));
    NEED_ERROR(EPERM, syscall(SYS_reboot, 1, 2, 3, 4));
}

/* ------------------------------------------------------------------------------------------------------------------
 * What is used
 */

static void usage(void)
{
    struct rusage self, thread;
    struct tms tms;
    struct timespec before, now;
    volatile char *memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 1 << 20; i += 4096)
        memory[i] = 1;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while ((now.tv_sec - before.tv_sec) * 1000000000 + now.tv_nsec - before.tv_nsec < 150000000);
    NEED(getrusage(RUSAGE_SELF, &self) == 0 && getrusage(RUSAGE_THREAD, &thread) == 0);
    long ms =
        (self.ru_utime.tv_sec + self.ru_stime.tv_sec) * 1000 + (self.ru_utime.tv_usec + self.ru_stime.tv_usec) / 1000;
    NEED(ms >= 140 && ms < 20000);
    NEED(thread.ru_minflt >= 256 && self.ru_minflt > 0);
    NEED(times(&tms) != -1 && tms.tms_utime + tms.tms_stime >= 14);
    NEED(times(NULL) != -1);
    NEED_ERROR(EFAULT, syscall(SYS_times, KERNEL));
    uint64_t utime = 0, stime = 0;
    for (int i = 0; i < 2000; i++) { /* neither ever shrinks */
        NEED(getrusage(RUSAGE_SELF, &self) == 0);
        uint64_t u = (uint64_t)self.ru_utime.tv_sec * 1000000 + (uint64_t)self.ru_utime.tv_usec;
        uint64_t s = (uint64_t)self.ru_stime.tv_sec * 1000000 + (uint64_t)self.ru_stime.tv_usec;
        NEED(u >= utime && s >= stime);
        utime = u;
        stime = s;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Parents
 */

static void subreapers(void)
{
    int ends[2], status;
    pid_t grandchild = 0, reported[2];
    NEED(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            usleep(100000);
            reported[0] = getpid();
            reported[1] = getppid();
            (void)!write(ends[1], reported, sizeof reported);
            _exit(33);
        }
        _exit(0);
    }
    NEED(waitpid(child, &status, 0) == child && status == 0);
    NEED(read(ends[0], reported, sizeof reported) == sizeof reported && reported[1] == getpid());
    grandchild = wait(&status);
    NEED(grandchild == reported[0] && status == 33 << 8);
}

static volatile sig_atomic_t died;
static void note(int signal)
{
    died = signal;
}

static void death_signals(void)
{
    int ends[2], status;
    char byte = 0;
    NEED(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 && pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        pid_t middle = getpid();
        if (fork() == 0) {
            signal(SIGUSR2, note);
            prctl(PR_SET_PDEATHSIG, SIGUSR2);
            (void)!write(ends[1], &byte, 1);
            for (int i = 0; i < 100 && !died; i++)
                usleep(10000);
            _exit(died == SIGUSR2 && getppid() != middle ? 0 : 1);
        }
        (void)!read(ends[0], &byte, 1);
        _exit(0);
    }
    NEED(waitpid(child, &status, 0) == child && status == 0);
    NEED(wait(&status) > 0 && status == 0);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    SCENARIO(limit_calls);
    SCENARIO(descriptors);
    SCENARIO(processes);
    SCENARIO(memory);
    SCENARIO(stack);
    SCENARIO(processor_time);
    SCENARIO(priorities);
    SCENARIO(affinity);
    SCENARIO(policies);
    SCENARIO(io_priorities);
    SCENARIO(machine_names);
    SCENARIO(machine_figures);
    SCENARIO(rebooting);
    SCENARIO(usage);
    SCENARIO(subreapers);
    SCENARIO(death_signals);
    return done();
}
