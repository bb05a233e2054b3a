/*
 * System calls about System V shared memory: kernel/ipc does it, this translates.
 *
 * Source: shmget(2), shmop(2), shmctl(2).
 */
#include "ipc/shared_memory.h"
#include "proc/numbers.h"
#include "syscall/ipc.h"

#define SHM_LOCK 11
#define SHM_UNLOCK 12
#define SHM_STAT 13
#define SHM_INFO 14
#define SHM_STAT_ANY 15

struct user_shmid_ds {
    struct user_ipc_permissions permissions;
    uint64_t size;
    int64_t attached, detached, changed;
    int32_t creator, last;
    uint64_t attachments;
    uint64_t unused[2];
};

struct user_shminfo {
    uint64_t max, min, segments, per_process, pages;
    uint64_t unused[4];
};

struct user_shm_info {
    int32_t used, pad;
    uint64_t total, resident, swapped, swap_attempts, swap_successes;
};

long sys_shmget(const uint64_t a[6])
{
    return shared_memory_get((int32_t)a[0], a[1], (unsigned)a[2]);
}

long sys_shmat(const uint64_t a[6])
{
    return shared_memory_attach(task_current()->space, (int32_t)a[0], a[1], (unsigned)a[2]);
}

long sys_shmdt(const uint64_t a[6])
{
    return shared_memory_detach(task_current()->space, a[0]);
}

static long tell_limits(uaddr_t to)
{
    const struct shared_memory_limits *limits = &shared_memory_limits;
    struct shared_memory_totals totals;
    const struct user_shminfo info = {.max = limits->size,
        .min = 1,
        .segments = limits->segments,
        .per_process = limits->segments,
        .pages = limits->pages};
    shared_memory_totals(&totals);
    return copy_to_user(to, &info) < 0 ? -EFAULT : totals.highest;
}

static long tell_totals(uaddr_t to)
{
    struct shared_memory_totals totals;
    shared_memory_totals(&totals);
    const struct user_shm_info info = {
        .used = (int32_t)totals.used, .total = totals.pages, .resident = totals.resident};
    return copy_to_user(to, &info) < 0 ? -EFAULT : totals.highest;
}

static long tell(enum ipc_by by, int32_t number, uaddr_t to)
{
    struct shared_memory_report report;
    int id = shared_memory_report(by, number, &report);
    if (id < 0)
        return id;
    const struct user_shmid_ds about = {.permissions = ipc_permissions_to_user(&report.ipc),
        .size = report.size,
        .attached = report.attached,
        .detached = report.detached,
        .changed = report.changed,
        .creator = number_translate(report.creator),
        .last = number_translate(report.last),
        .attachments = report.attachments};
    return copy_to_user(to, &about) < 0 ? -EFAULT : by == IPC_BY_ID ? 0 : id;
}

static long set(int32_t id, uaddr_t from)
{
    struct user_shmid_ds about;
    if (copy_from_user(&about, from) < 0)
        return -EFAULT;
    const struct ipc_permissions permissions = ipc_permissions_from_user(&about.permissions);
    return shared_memory_set(id, &permissions);
}

long sys_shmctl(const uint64_t a[6])
{
    int32_t id = (int32_t)a[0], command = (int32_t)a[1];
    if (id < 0)
        return -EINVAL;
    switch (command) {
    case IPC_INFO: return tell_limits(a[2]);
    case SHM_INFO: return tell_totals(a[2]);
    case IPC_STAT: return tell(IPC_BY_ID, id, a[2]);
    case SHM_STAT: return tell(IPC_BY_INDEX, id, a[2]);
    case SHM_STAT_ANY: return tell(IPC_BY_INDEX_ANY, id, a[2]);
    case IPC_SET: return set(id, a[2]);
    case IPC_RMID: return shared_memory_remove(id);
    case SHM_LOCK:
    case SHM_UNLOCK:
        return shared_memory_lock(
            id, command == SHM_LOCK, task_current()->process->limits[RLIMIT_MEMLOCK].current != 0);
    default: return -EINVAL;
    }
}
