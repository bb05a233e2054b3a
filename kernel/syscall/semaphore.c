/*
 * System calls about System V semaphores: kernel/ipc does it, this translates.
 *
 * Source: semget(2), semop(2), semctl(2).
 */
#include "ipc/semaphore.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/numbers.h"
#include "syscall/ipc.h"
#include "syscall/waiting.h"

#define GETPID 11
#define GETVAL 12
#define GETALL 13
#define GETNCNT 14
#define GETZCNT 15
#define SETVAL 16
#define SETALL 17
#define SEM_STAT 18
#define SEM_INFO 19
#define SEM_STAT_ANY 20

#define UNDO_SIZE 20 /* what Linux says an undo entry takes */
#define FEW 16       /* operations on the stack */

struct user_semid_ds {
    struct user_ipc_permissions permissions;
    int64_t operated;
    uint64_t unused1;
    int64_t changed;
    uint64_t unused2;
    uint64_t count;
    uint64_t unused3[2];
};

struct user_seminfo {
    int32_t map, sets, all, undos, each, operations, undo_entries, undo_size, value_max, adjustment_max;
};

long sys_semget(const uint64_t a[6])
{
    return semaphores_get((int32_t)a[0], (int)a[1], (unsigned)a[2]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * semop, semtimedop
 */

static long operate(int32_t id, uaddr_t from, unsigned count, uint64_t deadline)
{
    struct semaphore_operation few[FEW], *operations = few;
    if (count > FEW)
        operations = kmalloc(count * sizeof *operations, 0);
    if (operations == NULL)
        return -ENOMEM;
    long result = user_read(operations, from, count * sizeof *operations) != 0 ? -EFAULT : 0;
    if (result == 0 && id < 0)
        result = -EINVAL;
    if (result == 0)
        result = semaphores_operate(id, operations, count, deadline, &task_current()->semaphore_undo);
    if (operations != few)
        kfree(operations);
    return result;
}

static long timed(int32_t id, uaddr_t from, uint64_t count, uaddr_t timeout)
{
    uint64_t deadline = THREAD_FOREVER;
    struct user_timespec time;
    if (timeout && copy_from_user(&time, timeout) < 0)
        return -EFAULT;
    if ((unsigned)count > semaphore_limits.operations)
        return -E2BIG;
    if ((unsigned)count == 0)
        return -EINVAL;
    if (timeout) {
        uint64_t ns;
        int error = time_check(&time, &ns);
        if (error)
            return error;
        deadline = deadline_after(ns);
    }
    return operate(id, from, (unsigned)count, deadline);
}

long sys_semop(const uint64_t a[6])
{
    return timed((int32_t)a[0], a[1], a[2], 0);
}

long sys_semtimedop(const uint64_t a[6])
{
    return timed((int32_t)a[0], a[1], a[2], a[3]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * semctl
 */

static long tell_limits(uaddr_t to, bool usage)
{
    const struct semaphore_limits *limits = &semaphore_limits;
    struct semaphore_totals totals;
    semaphores_totals(&totals);
    const struct user_seminfo info = {.map = (int32_t)limits->all,
        .sets = (int32_t)limits->sets,
        .all = (int32_t)limits->all,
        .undos = (int32_t)limits->all,
        .each = (int32_t)limits->each,
        .operations = (int32_t)limits->operations,
        .undo_entries = (int32_t)limits->operations,
        .undo_size = usage ? (int32_t)totals.used : UNDO_SIZE,
        .value_max = SEMAPHORE_MAX,
        .adjustment_max = usage ? (int32_t)totals.semaphores : SEMAPHORE_MAX};
    return copy_to_user(to, &info) < 0 ? -EFAULT : totals.highest;
}

static long tell(enum ipc_by by, int32_t number, uaddr_t to)
{
    struct semaphore_report report;
    int id = semaphores_report(by, number, &report);
    if (id < 0)
        return id;
    const struct user_semid_ds about = {.permissions = ipc_permissions_to_user(&report.ipc),
        .operated = report.operated,
        .changed = report.changed,
        .count = report.count};
    return copy_to_user(to, &about) < 0 ? -EFAULT : by == IPC_BY_ID ? 0 : id;
}

static long set(int32_t id, uaddr_t from)
{
    struct user_semid_ds about;
    if (copy_from_user(&about, from) < 0)
        return -EFAULT;
    const struct ipc_permissions permissions = ipc_permissions_from_user(&about.permissions);
    return semaphores_set(id, &permissions);
}

/* GETALL, SETALL. */
static long move_all(int32_t id, uaddr_t at, bool change)
{
    int count = semaphores_count(id, change ? IPC_WRITE : IPC_READ);
    if (count < 0)
        return count;
    size_t size = (unsigned)count * sizeof(uint16_t);
    uint16_t *values = kmalloc(size, 0);
    if (values == NULL)
        return -ENOMEM;
    long result = 0;
    if (change)
        result = user_read(values, at, size) != 0 ? -EFAULT : semaphores_set_values(id, values, (unsigned)count);
    else
        result = semaphores_get_values(id, values, (unsigned)count);
    if (result == 0 && !change && user_write(at, values, size) != 0)
        result = -EFAULT;
    kfree(values);
    return result;
}

long sys_semctl(const uint64_t a[6])
{
    int32_t id = (int32_t)a[0];
    int number = (int)a[1];
    if (id < 0)
        return -EINVAL;
    switch ((int32_t)a[2]) {
    case IPC_INFO: return tell_limits(a[3], false);
    case SEM_INFO: return tell_limits(a[3], true);
    case IPC_STAT: return tell(IPC_BY_ID, id, a[3]);
    case SEM_STAT: return tell(IPC_BY_INDEX, id, a[3]);
    case SEM_STAT_ANY: return tell(IPC_BY_INDEX_ANY, id, a[3]);
    case IPC_SET: return set(id, a[3]);
    case IPC_RMID: return semaphores_remove(id);
    case GETALL: return move_all(id, a[3], false);
    case SETALL: return move_all(id, a[3], true);
    case SETVAL: return semaphore_set_value(id, number, (int)a[3]);
    case GETVAL: return semaphore_ask(id, number, SEMAPHORE_VALUE);
    case GETPID: {
        long process = semaphore_ask(id, number, SEMAPHORE_PROCESS);
        return process > 0 ? number_translate((int32_t)process) : process;
    }
    case GETNCNT: return semaphore_ask(id, number, SEMAPHORE_GROWTH_WAITERS);
    case GETZCNT: return semaphore_ask(id, number, SEMAPHORE_ZERO_WAITERS);
    default: return -EINVAL;
    }
}
