/*
 * What the calls that wait for files have in common: how long, and under which signal mask.
 */
#ifndef CORRODE_SYSCALL_WAITING_H
#define CORRODE_SYSCALL_WAITING_H

#include "syscall/handlers.h"

/* As poll_files wants it: clock_monotonic plus so much; 0 for none; THREAD_FOREVER. */
uint64_t deadline_after(uint64_t ns);
static inline uint64_t deadline_after_ms(int ms) /* less than 0: for ever */
{
    return ms < 0 ? THREAD_FOREVER : ms == 0 ? 0 : deadline_after((uint64_t)ms * NS_PER_MS);
}

/* *ns from a time of the program's; beyond some centuries it does not grow. -EINVAL when it is none. */
int time_check(const struct user_timespec *time, uint64_t *ns);

/* The deadline that the struct timespec at ADDRESS says; 0: there is none. -EFAULT, -EINVAL. */
int deadline_read(uaddr_t address, uint64_t *deadline);

/* The wait is under the mask at ADDRESS (0: under the task's own). -EINVAL, -EFAULT. */
int wait_mask_read(uaddr_t address, uint64_t size);
static inline int wait_mask_set(uaddr_t address, uint64_t size)
{
    return address ? wait_mask_read(address, size) : 0;
}

#endif
