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
