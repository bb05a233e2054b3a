/*
 * System calls that make processes and wait for their end: kernel/proc does it.
 *
 * Source: clone(2), wait4(2).
 */
#include "syscall/handlers.h"

long sys_clone(const uint64_t a[6])
{
    const struct clone_arguments arguments = {
        .flags = a[0], .stack = a[1], .parent_tid = a[2], .child_tid = a[3], .tls = a[4]};
    return task_clone(&arguments);
}

long sys_fork(const uint64_t a[6])
{
    const struct clone_arguments arguments = {.flags = 17};
    return task_clone(&arguments);
}

long sys_vfork(const uint64_t a[6])
{
    const struct clone_arguments arguments = {.flags = CLONE_VM | CLONE_VFORK | 17};
    return task_clone(&arguments);
}

long sys_wait4(const uint64_t a[6])
{
    enum { WNOHANG = 1, WUNTRACED = 2, WCONTINUED = 8, RUSAGE_SIZE = 144 };
    int status = 0;
    int32_t pid = (int32_t)a[0];
    if (a[2] & ~(uint64_t)(WNOHANG | WUNTRACED | WCONTINUED))
        return -EINVAL;
    long number = process_wait_child(pid > 0 ? pid : -1, a[2] & WNOHANG, &status);
    if (number > 0 && a[1] && copy_to_user(a[1], &status) < 0)
        return -EFAULT;
    if (number > 0 && a[3] && user_zero(a[3], RUSAGE_SIZE) != 0)
        return -EFAULT;
    return number;
}
