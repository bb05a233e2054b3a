/*
 * Numbers of tasks, processes, groups and sessions. One number may be all of these at once: a process has the number of
 * its first task, a group and a session that of the process that made them. It is given out again only when it is none
 * of them any more, and then as late as can be: numbers are given out in turn, up to NUMBERS_MAX and from
 * NUMBERS_AGAIN on.
 *
 *     struct number *number = number_create(&error);      // nobody finds it yet
 *     number->task = task; number->process = process;     // with processes_lock: now it can be found
 *     number->task = NULL; number_release_locked(number); // the task is gone; the number is when it is nobody's
 *
 * Locks: processes_lock guards all of it.
 *
 * Source: Linux Documentation/admin-guide/sysctl/kernel.rst, pid_max.
 */
#ifndef CORRODE_PROC_NUMBERS_H
#define CORRODE_PROC_NUMBERS_H

#include "lib/types.h"

#define NUMBERS_MAX 32768 /* the first that is not given out: pid_max */
#define NUMBERS_AGAIN 300 /* where it begins anew: lower numbers are known to belong to what has always been there */

struct number {
    int32_t value;
    struct task *task; /* NULL: it is none's; and so on */
    struct process *process;
    struct process_group *group;
    struct session *session;
};

/* The next number that is nobody's. NULL: *error is -ENOMEM, or -EAGAIN: all are taken. */
struct number *number_create(int *error);

/* Gives it back if it is nobody's. The lock is held; without it, for one that was never anybody's. */
void number_release_locked(struct number *number);
void number_release(struct number *number);

/* NULL: nobody has it. The lock is held. _next: the lowest one from VALUE on. */
struct number *number_find_locked(int32_t value);
struct number *number_next_locked(int32_t value);

int32_t number_last(void); /* that was given out */

#endif
