/*
 * System calls about the process itself: who it is, its end, its limits.
 *
 * Source: credentials(7), arch_prctl(2), prlimit(2), uname(2), getrandom(2).
 */
#include "arch/x86_64/cpu.h"
#include "lib/string.h"
#include "proc/uts.h"
#include "random.h"
#include "syscall/handlers.h"

long sys_getpid(const uint64_t a[6])
{
    return task_current()->process->own_number;
}

long sys_gettid(const uint64_t a[6])
{
    return task_current()->own_number;
}

long sys_getppid(const uint64_t a[6])
{
    return process_parent_number();
}

long sys_exit(const uint64_t a[6])
{
    task_exit(status_of_exit((int)a[0]));
}

long sys_exit_group(const uint64_t a[6])
{
    process_exit(status_of_exit((int)a[0]));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Threads
 */

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

long sys_arch_prctl(const uint64_t a[6])
{
    struct user_bases *bases = &thread_current()->bases;
    bool set = a[0] == ARCH_SET_FS || a[0] == ARCH_SET_GS, fs = a[0] == ARCH_SET_FS || a[0] == ARCH_GET_FS;
    if (a[0] < ARCH_SET_GS || a[0] > ARCH_GET_GS)
        return -EINVAL;
    if (set && a[1] >= USER_END)
        return -EPERM;
    cpu_interrupts_disable();
    user_bases_save(bases);
    uint64_t *base = fs ? &bases->fs : &bases->gs;
    if (set)
        *base = a[1];
    uint64_t value = *base;
    user_bases_load(bases);
    cpu_interrupts_enable();
    return set ? 0 : copy_to_user(a[1], &value);
}

long sys_set_tid_address(const uint64_t a[6])
{
    task_current()->clear_child_tid = a[0];
    return task_current()->own_number;
}

/* The C libraries do without. */
long sys_rseq(const uint64_t a[6])
{
    return -ENOSYS;
}

long sys_getrandom(const uint64_t a[6])
{
    enum { RANDOM = 2, INSECURE = 4, FLAGS = 7 };
    uint8_t bytes[256];
    uint64_t size = min_u64(a[1], INT32_MAX), done = 0;
    if ((unsigned)a[2] & ~(unsigned)FLAGS || (a[2] & RANDOM && a[2] & INSECURE))
        return -EINVAL;
    while (done < size) {
        size_t piece = min_u64(sizeof bytes, size - done);
        random_bytes(bytes, piece);
        size_t missed = user_write(a[0] + done, bytes, piece);
        done += piece - missed;
        if (missed)
            return done ? (long)done : -EFAULT;
    }
    return (long)done;
}
