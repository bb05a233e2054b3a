/*
 * System calls that make processes and threads: kernel/proc/clone.c does it.
 *
 * Source: clone(2), fork(2), vfork(2).
 */
#include "syscall/handlers.h"

#define CSIGNAL 0xffu

long sys_clone(const uint64_t a[6])
{
    const struct clone_arguments arguments = {.flags = (uint32_t)a[0] & ~CSIGNAL,
        .exit_signal = (int)(a[0] & CSIGNAL),
        .stack = a[1],
        .parent_tid = a[2],
        .pidfd = a[2], /* one place for either */
        .child_tid = a[3],
        .tls = a[4]};
    if (arguments.flags & CLONE_PIDFD && arguments.flags & CLONE_PARENT_SETTID)
        return -EINVAL;
    return task_clone(&arguments);
}

long sys_fork(const uint64_t a[6])
{
    const struct clone_arguments arguments = {.exit_signal = SIGCHLD};
    return task_clone(&arguments);
}

long sys_vfork(const uint64_t a[6])
{
    const struct clone_arguments arguments = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};
    return task_clone(&arguments);
}

/* struct clone_args; what later kernels append is zero, or not for us. */
struct user_clone {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
};
#define USER_CLONE_LEAST 64 /* bytes: before set_tid */

static int read_arguments(struct user_clone *user, uaddr_t address, uint64_t size)
{
    uint8_t rest[64];
    if (size > PAGE_SIZE)
        return -E2BIG;
    if (size < USER_CLONE_LEAST)
        return -EINVAL;
    *user = (struct user_clone){0};
    if (user_read(user, address, min_u64(size, sizeof *user)) != 0)
        return -EFAULT;
    for (uint64_t at = sizeof *user; at < size; at += sizeof rest) {
        size_t piece = min_u64(size - at, sizeof rest);
        if (user_read(rest, address + at, piece) != 0)
            return -EFAULT;
        for (size_t i = 0; i < piece; i++)
            if (rest[i])
                return -E2BIG;
    }
    return 0;
}

static int check(const struct user_clone *user)
{
    uint64_t known = UINT32_MAX | CLONE_CLEAR_SIGHAND;
    if (user->flags & ~known || user->flags & (CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME)))
        return -EINVAL;
    if (user->flags & (CLONE_THREAD | CLONE_PARENT) && user->exit_signal)
        return -EINVAL;
    if (user->exit_signal > SIGNALS || (user->set_tid == 0) != (user->set_tid_size == 0))
        return -EINVAL;
    if (user->stack == 0 ? user->stack_size != 0
                         : user->stack_size == 0 || !user_range_ok(user->stack, user->stack_size))
        return -EINVAL;
    return user->set_tid ? -EPERM : 0; /* nobody chooses numbers */
}

long sys_clone3(const uint64_t a[6])
{
    struct user_clone user;
    int error = read_arguments(&user, a[0], a[1]);
    if (!error)
        error = check(&user);
    if (error)
        return error;
    const struct clone_arguments arguments = {.flags = user.flags,
        .exit_signal = (int)user.exit_signal,
        .stack = user.stack ? user.stack + user.stack_size : 0,
        .parent_tid = user.parent_tid,
        .child_tid = user.child_tid,
        .tls = user.tls,
        .pidfd = user.pidfd};
    return task_clone(&arguments);
}
