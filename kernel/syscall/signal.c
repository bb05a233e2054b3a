/*
 * System calls about signals: what they say is checked here, what they do is in proc/signal.h.
 *
 * Source: sigaction(2), sigprocmask(2), sigpending(2), sigsuspend(2), sigtimedwait(2), rt_sigqueueinfo(2), kill(2),
 * tgkill(2), sigaltstack(2), sigreturn(2), pause(2), restart_syscall(2).
 */
#include "lib/string.h"
#include "proc/signalfd.h"
#include "syscall/waiting.h"
#include "time/clock.h"

#define SIGNAL_SET_SIZE 8

long sys_rt_sigaction(const uint64_t a[6])
{
    int signal = (int)a[0];
    struct signal_action new, old;
    if (a[3] != SIGNAL_SET_SIZE)
        return -EINVAL;
    if (a[1] && copy_from_user(&new, a[1]) < 0)
        return -EFAULT;
    if (signal < 1 || signal > SIGNALS || (a[1] && signal_bit(signal) & SIGNALS_FIRM))
        return -EINVAL;
    signal_set_action(signal, a[1] ? &new : NULL, &old);
    return a[2] ? copy_to_user(a[2], &old) : 0;
}

long sys_rt_sigprocmask(const uint64_t a[6])
{
    enum { BLOCK, UNBLOCK, SET };
    uint64_t old = task_current()->signal_mask, set;
    if (a[3] != SIGNAL_SET_SIZE)
        return -EINVAL;
    if (a[1]) {
        if (copy_from_user(&set, a[1]) < 0)
            return -EFAULT;
        switch ((int)a[0]) {
        case BLOCK: signal_set_mask(old | set); break;
        case UNBLOCK: signal_set_mask(old & ~set); break;
        case SET: signal_set_mask(set); break;
        default: return -EINVAL;
        }
    }
    return a[2] ? copy_to_user(a[2], &old) : 0;
}

long sys_rt_sigpending(const uint64_t a[6])
{
    const struct task *task = task_current();
    uint64_t pending = (task->signals.pending | task->process->signals.pending) & task->signal_mask;
    if (a[1] > SIGNAL_SET_SIZE)
        return -EINVAL;
    return user_write(a[0], &pending, a[1]) == 0 ? 0 : -EFAULT;
}

long sys_rt_sigreturn(const uint64_t a[6])
{
    return signal_frame_return(task_current()->frame);
}

long sys_sigaltstack(const uint64_t a[6])
{
    struct signal_stack new, old;
    if (a[0] && copy_from_user(&new, a[0]) < 0)
        return -EFAULT;
    int error = signal_stack_change(a[0] ? &new : NULL, &old, task_current()->frame->rsp);
    return error == 0 && a[1] ? copy_to_user(a[1], &old) : error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sending
 */

long sys_kill(const uint64_t a[6])
{
    return signal_kill((int)a[0], (int)a[1]);
}

long sys_tgkill(const uint64_t a[6])
{
    return (int)a[0] <= 0 || (int)a[1] <= 0 ? -EINVAL : signal_kill_task((int)a[0], (int)a[1], (int)a[2]);
}

long sys_tkill(const uint64_t a[6])
{
    return (int)a[0] <= 0 ? -EINVAL : signal_kill_task(0, (int)a[0], (int)a[1]);
}

/* The rest of a program's siginfo is lost, so there must be nothing in it. */
static int read_info(struct siginfo *info, uaddr_t from, int signal)
{
    static const uint8_t zeros[sizeof *info - sizeof info->kept];
    if (copy_from_user(info, from) < 0)
        return -EFAULT;
    info->signal = signal;
    return memcmp((const uint8_t *)info + sizeof info->kept, zeros, sizeof zeros) == 0 ? 0 : -E2BIG;
}

long sys_rt_sigqueueinfo(const uint64_t a[6])
{
    struct siginfo info;
    int error = read_info(&info, a[2], (int)a[1]);
    return error ? error : signal_queue_process((int)a[0], (int)a[1], &info);
}

long sys_rt_tgsigqueueinfo(const uint64_t a[6])
{
    struct siginfo info;
    int error = read_info(&info, a[3], (int)a[2]);
    error = error == 0 && ((int)a[0] <= 0 || (int)a[1] <= 0) ? -EINVAL : error;
    return error ? error : signal_queue_task((int)a[0], (int)a[1], (int)a[2], &info);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

/* Until a signal is there that the task does not block. */
static long wait_for_signal(void)
{
    while (!signal_is_pending()) {
        thread_prepare_block();
        if (thread_block_interruptible(THREAD_FOREVER) < 0)
            break;
    }
    return -ERESTARTNOHAND;
}

long sys_pause(const uint64_t a[6])
{
    return wait_for_signal();
}

long sys_rt_sigsuspend(const uint64_t a[6])
{
    uint64_t mask;
    if (a[1] != SIGNAL_SET_SIZE)
        return -EINVAL;
    if (copy_from_user(&mask, a[0]) < 0)
        return -EFAULT;
    signal_mask_for_wait(mask);
    return wait_for_signal();
}

long sys_rt_sigtimedwait(const uint64_t a[6])
{
    uint64_t wanted, deadline;
    struct siginfo info;
    if (a[3] != SIGNAL_SET_SIZE)
        return -EINVAL;
    if (copy_from_user(&wanted, a[0]) < 0)
        return -EFAULT;
    int error = deadline_read(a[2], &deadline);
    if (error)
        return error;
    long signal = signal_wait(wanted, &info, deadline);
    return signal > 0 && a[1] && copy_to_user(a[1], &info) < 0 ? -EFAULT : signal;
}

static long make_file(int fd, uaddr_t from, uint64_t size, unsigned flags)
{
    uint64_t set;
    if (size != SIGNAL_SET_SIZE)
        return -EINVAL;
    if (copy_from_user(&set, from) < 0)
        return -EFAULT;
    if (flags & ~(O_CLOEXEC | O_NONBLOCK))
        return -EINVAL;
    if (fd == -1)
        return descriptor_install(signalfd_create(set, flags & O_NONBLOCK), flags);
    struct file *file = files_find(task_current()->files, fd);
    if (file == NULL)
        return -EBADF;
    int error = signalfd_change(file, set);
    file_put(file);
    return error ? error : fd;
}

long sys_signalfd(const uint64_t a[6])
{
    return make_file((int)a[0], a[1], a[2], 0);
}

long sys_signalfd4(const uint64_t a[6])
{
    return make_file((int)a[0], a[1], a[2], (unsigned)a[3]);
}

/* What a call that was interrupted, and would have lost count of the time, has left to do. */
long sys_restart_syscall(const uint64_t a[6])
{
    struct restart *restart = &task_current()->restart;
    return restart->function ? restart->function(restart) : -EINTR;
}
