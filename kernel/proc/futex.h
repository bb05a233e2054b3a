/*
 * Futexes: threads wait at an address of a program's memory as long as a 32-bit word there has a certain value; whoever
 * changes the word wakes them. Locks, condition variables and pthread_join of the C libraries are made of this.
 *
 * Memory that several processes map is one place, whatever its address is in each: if SHARED says so, the place is
 * looked for in the address space; without it, addresses of the current address space are places of their own.
 *
 * Source: futex(2), get_robust_list(2).
 */
#ifndef CORRODE_PROC_FUTEX_H
#define CORRODE_PROC_FUTEX_H

#include "arch/x86_64/user.h"

#define FUTEX_ANY UINT32_MAX /* the bitset of those who do not care */

/*
 * Waits while the word is VALUE, until DEADLINE (clock_monotonic; THREAD_FOREVER). 0: woken, by one whose bitset has a
 * bit in common. -EAGAIN: it has another value; -ETIMEDOUT, -ERESTARTSYS, -EFAULT, -EINVAL, -ENOMEM.
 */
long futex_wait(uaddr_t address, uint32_t value, bool shared, uint32_t bitset, uint64_t deadline);

/* Wakes at most COUNT (at least one) who wait there. How many. */
long futex_wake(uaddr_t address, bool shared, int count, uint32_t bitset);

/*
 * Wakes WAKE of those who wait at FROM, and lets MOVE others wait at TO from now on. How many of both; -EAGAIN:
 * *EXPECTED, if that is not NULL, is not the word at FROM.
 */
long futex_requeue(uaddr_t from, uaddr_t to, bool shared, int wake, int move, const uint32_t *expected);

/*
 * Changes the word at SECOND as OPERATION says, then wakes FIRST_COUNT at FIRST and, if what the word was compares as
 * OPERATION says, SECOND_COUNT at SECOND. How many. -ENOSYS: there is no such operation.
 */
long futex_wake_op(uaddr_t first, uaddr_t second, bool shared, int first_count, int second_count, uint32_t operation);

void futexes_init(void);

/* Of a lock's word. */
#define FUTEX_WAITERS 0x80000000u
#define FUTEX_OWNER_DIED 0x40000000u
#define FUTEX_TID_MASK 0x3fffffffu

/*
 * futex_owner.c: takes the lock, whose word says who has it, waiting until DEADLINE; TRY: without waiting, -EAGAIN.
 * -EDEADLK: it would wait for itself; -ESRCH: the owner is gone; -EINVAL: the word, or what others wait for there, does
 * not fit; -ETIMEDOUT, -ERESTARTNOINTR, -EFAULT. Gives it back: -EPERM: it is not the current task's.
 */
long futex_lock(uaddr_t address, bool shared, bool try, uint64_t deadline);
long futex_unlock(uaddr_t address, bool shared);

/* The current task leaves its memory: such locks as others wait for are nobody's. It begins with other memory. */
struct task;
void futex_owner_leaves(struct task *task);
void futex_owner_begins(struct task *task);

/* robust.c: the current task leaves its memory. Locks that it holds are told of its end; so is who waits for that. */
void futex_leave_memory(void);

#endif
