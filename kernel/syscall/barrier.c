/*
 * membarrier: a memory barrier in all threads of a process, or of all of them, at once; so that each of them can do
 * without its own on the path that is taken often.
 *
 * Every other CPU is interrupted for a moment: an interrupt is a full barrier there, and the return from it serializes
 * what the CPU fetches. That is more than is asked for where only one process is meant, which costs time, not truth.
 *
 * Source: membarrier(2).
 */
#include "arch/x86_64/smp.h"
#include "syscall/handlers.h"

enum command {
    QUERY = 0,
    GLOBAL = 1 << 0,
    GLOBAL_EXPEDITED = 1 << 1,
    REGISTER_GLOBAL_EXPEDITED = 1 << 2,
    PRIVATE_EXPEDITED = 1 << 3,
    REGISTER_PRIVATE_EXPEDITED = 1 << 4,
    PRIVATE_SYNC_CORE = 1 << 5,
    REGISTER_PRIVATE_SYNC_CORE = 1 << 6,
    COMMANDS = (1 << 7) - 1,
};

static void nothing(void *argument) {}

static long barrier_everywhere(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    smp_call_others(nothing, NULL);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return 0;
}

static long register_for(enum command command)
{
    __atomic_fetch_or(&task_current()->process->barriers, (uint32_t)command, __ATOMIC_RELAXED);
    return 0;
}

long sys_membarrier(const uint64_t a[6])
{
    const struct process *process = task_current()->process;
    uint32_t registered = __atomic_load_n(&process->barriers, __ATOMIC_RELAXED);
    if ((uint32_t)a[1] != 0)
        return -EINVAL;
    switch ((int32_t)a[0]) {
    case QUERY: return COMMANDS;
    case GLOBAL:
    case GLOBAL_EXPEDITED: return barrier_everywhere();
    case PRIVATE_EXPEDITED: return registered & REGISTER_PRIVATE_EXPEDITED ? barrier_everywhere() : -EPERM;
    case PRIVATE_SYNC_CORE: return registered & REGISTER_PRIVATE_SYNC_CORE ? barrier_everywhere() : -EPERM;
    case REGISTER_GLOBAL_EXPEDITED:
    case REGISTER_PRIVATE_EXPEDITED:
    case REGISTER_PRIVATE_SYNC_CORE: return register_for((enum command)a[0]);
    default: return -EINVAL;
    }
}
