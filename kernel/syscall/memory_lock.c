/*
 * System calls that lock memory: kernel/vm/lock.c does it.
 *
 * Source: mlock(2), mlockall(2), getrlimit(2) for RLIMIT_MEMLOCK.
 */
#include "syscall/memory_lock.h"

#include "syscall/handlers.h"

#define MLOCK_ONFAULT 1u
#define MCL_CURRENT 1u
#define MCL_FUTURE 2u
#define MCL_ONFAULT 4u

/* In pages, of the current task. */
static uint64_t lock_limit(void)
{
    const struct task *task = task_current();
    if (credentials_capable(task->credentials, CAP_IPC_LOCK))
        return UINT64_MAX;
    uint64_t bytes = task->process->limits[RLIMIT_MEMLOCK].current;
    return bytes == RLIM_INFINITY ? UINT64_MAX : bytes >> PAGE_SHIFT;
}

static bool may_lock(void)
{
    const struct task *task = task_current();
    return task->process->limits[RLIMIT_MEMLOCK].current != 0 || credentials_capable(task->credentials, CAP_IPC_LOCK);
}

bool memory_lock_prepare(struct vm_space *space)
{
    if (!may_lock())
        return false;
    __atomic_store_n(&space->lock_limit, lock_limit(), __ATOMIC_RELAXED);
    return true;
}

static long lock(uaddr_t address, uint64_t size, unsigned flags)
{
    if (flags && !may_lock())
        return -EPERM;
    return vm_lock(task_current()->space, address, size, flags, lock_limit());
}

long sys_mlock(const uint64_t a[6])
{
    return lock(a[0], a[1], VM_LOCKED);
}

long sys_mlock2(const uint64_t a[6])
{
    if ((unsigned)a[2] & ~MLOCK_ONFAULT)
        return -EINVAL;
    return lock(a[0], a[1], VM_LOCKED | (a[2] & MLOCK_ONFAULT ? VM_LOCK_ON_FAULT : 0));
}

long sys_munlock(const uint64_t a[6])
{
    return lock(a[0], a[1], 0);
}

long sys_mlockall(const uint64_t a[6])
{
    unsigned how = (unsigned)a[0], flags = VM_LOCKED | (how & MCL_ONFAULT ? VM_LOCK_ON_FAULT : 0);
    if (how == 0 || how == MCL_ONFAULT || how & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
        return -EINVAL;
    if (!may_lock())
        return -EPERM;
    return vm_lock_all(task_current()->space, how & MCL_CURRENT, flags, how & MCL_FUTURE ? flags : 0, lock_limit());
}

long sys_munlockall(const uint64_t a[6])
{
    return vm_lock_all(task_current()->space, true, 0, 0, UINT64_MAX);
}
