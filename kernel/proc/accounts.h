/*
 * Accounts: what the tasks of one user, by real user ID, have in common: how many they are (RLIMIT_NPROC), how many
 * signals wait for them (RLIMIT_SIGPENDING). Each task and each of these signals has its user's by reference; the
 * account goes with the last one. A task's account changes with its process's signal_lock held.
 *
 * Locks: a spin lock (rank ACCOUNTS) guards the table; counts are atomic.
 *
 * Source: getrlimit(2), RLIMIT_NPROC; Linux Documentation/admin-guide/sysctl/kernel.rst, threads-max.
 */
#ifndef CORRODE_PROC_ACCOUNTS_H
#define CORRODE_PROC_ACCOUNTS_H

#include "lib/types.h"

struct account {
    uint32_t uid;
    uint32_t references;
    uint32_t tasks;
    uint32_t signals; /* that are queued, and count: RLIMIT_SIGPENDING */
};

/* With a reference. NULL: no memory. */
struct account *account_find(uint32_t uid);
void account_put(struct account *account); /* NULL is allowed */

/*
 * One task more for ACCOUNT, with a reference. -EAGAIN: that would be more than LIMIT (UINT64_MAX: there is none), or
 * more than the machine is to have. account_remove_task: it has ended.
 */
int account_add_task(struct account *account, uint64_t limit);
void account_remove_task(struct account *account);

/* Has it more tasks than LIMIT? */
bool account_is_over(struct account *account, uint64_t limit);

/* A task goes from one account to another, with the references. */
void account_move_task(struct account *from, struct account *to);

/* One signal more, with a reference; false: that would be more than LIMIT. account_remove_signal: it has gone. */
bool account_add_signal(struct account *account, uint64_t limit);
void account_remove_signal(struct account *account);

uint32_t account_tasks_max(void); /* of all users together; each may have half of them, unless its limit is another */
void accounts_init(void);

#endif
