/*
 * futex, and the list of locks that are told of their owner's end: kernel/proc/futex.c does it.
 *
 * Source: futex(2), set_robust_list(2).
 */
#include "proc/futex.h"

#include "proc/clocks.h"
#include "syscall/waiting.h"

enum futex_operation {
    FUTEX_WAIT,
    FUTEX_WAKE,
    FUTEX_REQUEUE = 3,
    FUTEX_CMP_REQUEUE,
    FUTEX_WAKE_OP,
    FUTEX_LOCK_PI,
    FUTEX_UNLOCK_PI,
    FUTEX_TRYLOCK_PI,
    FUTEX_WAIT_BITSET,
    FUTEX_WAKE_BITSET,
    FUTEX_LOCK_PI2 = 13,
};
#define FUTEX_PRIVATE_FLAG 128u
#define FUTEX_CLOCK_REALTIME 256u

#define NO_DEADLINE THREAD_FOREVER

static long wait_again(struct restart *restart);

/* A wait with a timeout goes on, after a signal that has no handler, until the same moment. */
static long wait_until(uaddr_t address, uint32_t value, bool shared, uint32_t bitset, uint64_t deadline)
{
    long result = futex_wait(address, value, shared, bitset, deadline);
    if (result != -ERESTARTSYS || deadline == NO_DEADLINE)
        return result;
    task_current()->restart =
        (struct restart){.function = wait_again, .values = {address, value, shared, bitset, deadline}};
    return -ERESTART_RESTARTBLOCK;
}

static long wait_again(struct restart *restart)
{
    const uint64_t *v = restart->values;
    return wait_until(v[0], (uint32_t)v[1], v[2], (uint32_t)v[3], v[4]);
}

/* The deadline, on the steady clock, of a timeout at ADDRESS: relative for FUTEX_WAIT, else a moment. */
static int read_deadline(uaddr_t address, enum futex_operation operation, bool wall, uint64_t *deadline)
{
    struct user_timespec time;
    uint64_t ns;
    *deadline = NO_DEADLINE;
    if (address == 0)
        return 0;
    if (copy_from_user(&time, address) < 0)
        return -EFAULT;
    int error = time_check(&time, &ns);
    if (error)
        return error;
    if (operation == FUTEX_WAIT) {
        *deadline = deadline_after(ns);
    } else if (wall) {
        uint64_t now = clock_wall();
        *deadline = deadline_after(ns > now ? ns - now : 0);
    } else {
        *deadline = ns;
    }
    return 0;
}

static long wait(const uint64_t a[6], enum futex_operation operation, bool shared, bool wall)
{
    uint64_t deadline;
    uint32_t bitset = operation == FUTEX_WAIT ? FUTEX_ANY : (uint32_t)a[5];
    int error = read_deadline(a[3], operation, wall, &deadline);
    if (error)
        return error;
    return bitset == 0 ? -EINVAL : wait_until(a[0], (uint32_t)a[2], shared, bitset, deadline);
}

static long lock(const uint64_t a[6], enum futex_operation operation, bool shared, bool wall)
{
    uint64_t deadline;
    int error = read_deadline(a[3], operation, wall, &deadline);
    return error ? error : futex_lock(a[0], shared, false, deadline);
}

long sys_futex(const uint64_t a[6])
{
    uint32_t operation = (uint32_t)a[1] & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME), bitset = (uint32_t)a[5];
    bool shared = !(a[1] & FUTEX_PRIVATE_FLAG), wall = a[1] & FUTEX_CLOCK_REALTIME;
    int count = (int)a[2], second_count = (int)a[3];
    if (wall && operation != FUTEX_WAIT_BITSET && operation != FUTEX_LOCK_PI2)
        return -ENOSYS;
    switch (operation) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: return wait(a, operation, shared, wall);
    case FUTEX_WAKE: return futex_wake(a[0], shared, count, FUTEX_ANY);
    case FUTEX_WAKE_BITSET: return bitset == 0 ? -EINVAL : futex_wake(a[0], shared, count, bitset);
    case FUTEX_REQUEUE: return futex_requeue(a[0], a[4], shared, count, second_count, NULL);
    case FUTEX_CMP_REQUEUE: return futex_requeue(a[0], a[4], shared, count, second_count, &bitset);
    case FUTEX_WAKE_OP: return futex_wake_op(a[0], a[4], shared, count, second_count, bitset);
    case FUTEX_LOCK_PI: return lock(a, operation, shared, true);
    case FUTEX_LOCK_PI2: return lock(a, operation, shared, wall);
    case FUTEX_TRYLOCK_PI: return futex_lock(a[0], shared, true, NO_DEADLINE);
    case FUTEX_UNLOCK_PI: return futex_unlock(a[0], shared);
    default: return -ENOSYS;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Robust lists
 */

#define ROBUST_LIST_SIZE 24

long sys_set_robust_list(const uint64_t a[6])
{
    if (a[1] != ROBUST_LIST_SIZE)
        return -EINVAL;
    task_current()->robust_list = a[0];
    return 0;
}

/* May the current task look into the other one? As ptrace has it. */
static bool may_look(struct task *task)
{
    const struct credentials *self = task_current()->credentials, *other = task_credentials(task);
    bool same = other && self->fsuid == other->uid && self->fsuid == other->euid && self->fsuid == other->suid &&
                self->fsgid == other->gid && self->fsgid == other->egid && self->fsgid == other->sgid &&
                !task->process->undumpable;
    if (other)
        credentials_put(other);
    return same || credentials_capable(self, CAP_SYS_PTRACE);
}

long sys_get_robust_list(const uint64_t a[6])
{
    static const uint64_t size = ROBUST_LIST_SIZE;
    uint64_t head = 0;
    int error = -ESRCH;
    spin_lock(&processes_lock);
    struct task *task = (int32_t)a[0] ? task_find_locked((int32_t)a[0]) : task_current();
    if (task) {
        error = task->process == task_current()->process || may_look(task) ? 0 : -EPERM;
        head = task->robust_list;
    }
    spin_unlock(&processes_lock);
    if (error)
        return error;
    if (copy_to_user(a[2], &size) < 0)
        return -EFAULT;
    return copy_to_user(a[1], &head);
}
