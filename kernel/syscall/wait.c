/*
 * System calls that wait for children, and tell what has been used: kernel/proc does it.
 *
 * Source: wait4(2), waitid(2), getrusage(2), times(2).
 */
#include "proc/wait.h"

#include "proc/pidfd.h"

#include "syscall/rusage.h"

#define TICKS_PER_SECOND 100

long sys_wait4(const uint64_t a[6])
{
    enum { KNOWN = (int)(WAIT_NO_HANG | WAIT_STOPPED | WAIT_CONTINUED | WAIT_NO_THREADS | WAIT_ALL | WAIT_CLONE) };
    int32_t pid = (int32_t)a[0];
    struct wait_report report;
    if ((uint32_t)a[2] & ~(uint32_t)KNOWN)
        return -EINVAL;
    if (pid == INT32_MIN)
        return -ESRCH;
    const struct wait_request request = {.number = pid > 0 ? pid : 0,
        .group = pid == 0   ? process_get_group(0)
                 : pid < -1 ? -pid
                            : -1,
        .options = (uint32_t)a[2] | WAIT_ENDED};
    int result = process_wait_child(&request, &report);
    if (result <= 0)
        return result;
    if (a[1] && copy_to_user(a[1], &report.status) < 0)
        return -EFAULT;
    if (a[3] && copy_rusage(a[3], &report.usage) < 0)
        return -EFAULT;
    return report.number;
}

/* Of siginfo, what waitid writes. */
static int copy_siginfo(uaddr_t to, const struct wait_report *report, bool news)
{
    const int32_t head[3] = {news ? SIGCHLD : 0, 0, report->code};
    const int32_t child[3] = {report->number, (int32_t)report->uid, report->value};
    if (copy_to_user(to, &head) < 0)
        return -EFAULT;
    return copy_to_user(to + offsetof(struct siginfo, child), &child);
}

enum { P_ALL, P_PID, P_PGID, P_PIDFD };

/* P_PIDFD: a descriptor that does not want to wait says so, rather than that there is nothing. */
static int wait_for_file(int fd, uint32_t options, struct wait_report *report)
{
    struct file *file = files_find(task_current()->files, fd);
    struct process *process = file ? pidfd_process(file) : NULL;
    int result = -EBADF;
    if (process) {
        bool nonblock = file->flags & O_NONBLOCK;
        const struct wait_request request = {
            .process = process, .group = -1, .options = options | (nonblock ? WAIT_NO_HANG : 0)};
        result = process_wait_child(&request, report);
        if (result == 0 && nonblock && !(options & WAIT_NO_HANG))
            result = -EAGAIN;
    }
    if (file)
        file_put(file);
    return result;
}

static int wait_for_id(int which, int32_t number, uint32_t options, struct wait_report *report)
{
    enum {
        KNOWN = (int)(WAIT_NO_HANG | WAIT_STOPPED | WAIT_ENDED | WAIT_CONTINUED | WAIT_LEAVE | WAIT_NO_THREADS |
                      WAIT_ALL | WAIT_CLONE)
    };
    if (options & ~(uint32_t)KNOWN || !(options & (WAIT_ENDED | WAIT_STOPPED | WAIT_CONTINUED)))
        return -EINVAL;
    if (which < P_ALL || which > P_PIDFD || (which == P_PID && number <= 0) || (which >= P_PGID && number < 0))
        return -EINVAL;
    if (which == P_PIDFD)
        return wait_for_file(number, options, report);
    const struct wait_request request = {.number = which == P_PID ? number : 0,
        .group = which != P_PGID ? -1
                 : number        ? number
                                 : process_get_group(0),
        .options = options};
    return process_wait_child(&request, report);
}

/* The structures are written although there may be nothing to tell, or an error: Linux does. */
long sys_waitid(const uint64_t a[6])
{
    struct wait_report report = {.number = 0};
    int result = wait_for_id((int)a[0], (int32_t)a[1], (uint32_t)a[3], &report);
    if (result > 0 && a[4] && copy_rusage(a[4], &report.usage) < 0)
        return -EFAULT;
    if (a[2] && copy_siginfo(a[2], &report, result > 0) < 0)
        return -EFAULT;
    return result > 0 ? 0 : result;
}

long sys_getrusage(const uint64_t a[6])
{
    enum { CHILDREN = -1, SELF = 0, THREAD = 1 };
    struct task *task = task_current();
    struct usage usage;
    switch ((int)a[0]) {
    case SELF: process_usage(task->process, &usage); break;
    case CHILDREN: process_children_usage(task->process, &usage); break;
    case THREAD: task_usage(task, &usage); break;
    default: return -EINVAL;
    }
    return copy_rusage(a[1], &usage);
}

long sys_times(const uint64_t a[6])
{
    enum { TICK = NS_PER_SECOND / TICKS_PER_SECOND };
    struct usage used, children;
    if (a[0]) {
        process_usage(task_current()->process, &used);
        process_children_usage(task_current()->process, &children);
        const uint64_t times[4] = {
            used.user_ns / TICK, used.system_ns / TICK, children.user_ns / TICK, children.system_ns / TICK};
        if (copy_to_user(a[0], &times) < 0)
            return -EFAULT;
    }
    return (long)(clock_monotonic() / TICK);
}
