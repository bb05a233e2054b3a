/*
 * Numbers of tasks, processes, groups and sessions. One number may be all of these at once: a process has the number of
 * its first task, a group and a session that of the process that made them. It is given out again only when it is none
 * of them any more, and then as late as can be: numbers are given out in turn, up to NUMBERS_MAX and from
 * NUMBERS_AGAIN on.
 *
 * Namespaces of numbers are a tree. Whoever is in one has a number in it and another one in each above it, up to the
 * first, whose numbers are those that the kernel itself uses. Programs are told, and name others by, the numbers of the
 * namespace that they are in (number_seen, number_find_seen_locked); whoever has none there is 0 to them. The first
 * process of a namespace is its process 1: it gets the orphans, signals from inside do to it only what it has handlers
 * for, and all others end with it.
 *
 *     struct number *number = number_create(space, &error);    // nobody finds it yet
 *     number->task = task; number->process = process;          // with processes_lock: now it can be found
 *     number->task = NULL; number_release_locked(number);      // the task is gone; the number is when it is nobody's
 *
 * Locks: processes_lock guards all of it.
 *
 * Source: Linux Documentation/admin-guide/sysctl/kernel.rst, pid_max; pid_namespaces(7).
 */
#ifndef CORRODE_PROC_NUMBERS_H
#define CORRODE_PROC_NUMBERS_H

#include "fs/namespace.h"
#include "lib/radix.h"

#define NUMBERS_MAX 32768    /* the first that is not given out: pid_max */
#define NUMBERS_AGAIN 300    /* where it begins anew: lower numbers are known to belong to what has always been there */
#define NUMBER_LEVELS_MAX 32 /* namespaces below the first */

struct number_space {
    struct namespace namespace;
    struct number_space *parent; /* with a reference; NULL: the first */
    unsigned level;              /* 0: the first */
    struct radix numbers;        /* struct number, by its value here */
    uint64_t *taken;             /* a bit for each number */
    int32_t last;                /* that was given out */
    unsigned processes;          /* that have a number in it, and have not been waited for; not of the first */
    struct process *first;       /* its process 1; NULL: none yet, or it has ended */
    bool ended;                  /* nobody comes into it any more */
};
extern struct number_space number_space_first;

struct number {
    int32_t value;              /* in the first namespace */
    int32_t own;                /* in the one that it was made in, */
    struct number_space *space; /* which is this; with a reference */
    struct task *task;          /* NULL: it is none's; and so on */
    struct process *process;
    struct process_group *group;
    struct session *session;
    int32_t values[]; /* in the namespaces from level 1 on, down to its own */
};

/* An empty namespace below PARENT, with one reference. NULL: *error is -ENOMEM, or -ENOSPC: they are too deep. */
struct number_space *number_space_create(struct number_space *parent, int *error);
struct number_space *number_space_of(struct namespace *namespace); /* NULL: it is of another kind */
struct number_space *number_space_current(void);                   /* of the running program; the kernel's: the first */
bool number_space_is_in(const struct number_space *space, const struct number_space *above); /* or is it the same? */
bool number_space_has_ended(const struct number_space *space); /* or one above: nobody comes into it any more */

/*
 * The next number that is nobody's, in SPACE and all above. NULL: *error is -ENOMEM (also: process 1 of SPACE has
 * ended), or -EAGAIN: all are taken.
 */
struct number *number_create(struct number_space *space, int *error);

/* Gives it back if it is nobody's: number 1, which nobody was, is the next again. The lock is held; without it, for one
 * that was never anybody's. */
void number_release_locked(struct number *number);
void number_release(struct number *number);

/* As it is called in SPACE; 0: it has no name there. No lock is needed, but the number must not go. */
int32_t number_in(const struct number *number, const struct number_space *space);
int32_t number_seen(const struct number *number); /* in the running program's */

/*
 * NULL: nobody has it. The lock is held. By the kernel's own number; by that of a namespace; by that of the running
 * program's. _next: the lowest one from VALUE on.
 */
struct number *number_find_locked(int32_t value);
struct number *number_find_in_locked(const struct number_space *space, int32_t value);
struct number *number_find_seen_locked(int32_t value);
struct number *number_next_locked(int32_t value);
struct number *number_next_in_locked(const struct number_space *space, int32_t value);

/* What the running program calls somebody of whom the kernel's number was kept; 0: it cannot know him, or he is gone.
 */
int32_t number_translate(int32_t value);
int32_t number_translate_locked(int32_t value);
/* The other way. -1: there is none. */
int32_t number_untranslate(int32_t seen);

int32_t number_last(void); /* that was given out */

#endif
