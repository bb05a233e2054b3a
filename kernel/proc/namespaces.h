/*
 * The namespaces that a task is in: one of each kind that there can be several of. A set never changes once it is a
 * task's; whoever goes to others makes a new set. So tasks share one, and fork copies nothing.
 *
 *     unshare, clone (CLONE_NEW...)   namespaces_copy: new ones of the kinds that the flags name
 *     setns                           namespaces_enter: those of a file or of another process
 *
 * Of the kinds user, network, cgroup and time there is one namespace, in which everybody is.
 *
 * Locks: task->parts_lock for the pointer, which only the task itself changes.
 *
 * Source: namespaces(7), unshare(2), setns(2).
 */
#ifndef CORRODE_PROC_NAMESPACES_H
#define CORRODE_PROC_NAMESPACES_H

#include "fs/mount.h"
#include "ipc/ipc.h"
#include "proc/numbers.h"
#include "proc/proc.h"
#include "proc/uts.h"

#define CLONE_NAMESPACES                                                                                               \
    (CLONE_NEWTIME | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |      \
        CLONE_NEWNET)

struct namespaces {
    uint32_t references;
    struct uts_space *uts;
    struct ipc_space *ipc;
    struct mount_space *mounts;
    struct number_space *children; /* of numbers: in which the next children will be; a task's own is its number's */
};

/* Those of the running program, without a reference; the kernel's own threads are in the first ones. */
const struct namespaces *namespaces_current(void);

struct namespaces *namespaces_get(struct namespaces *set);
void namespaces_put(struct namespaces *set); /* may sleep; NULL is allowed */

/* The first set, of process 1. */
struct namespaces *namespaces_first(void);

/* Of another task: with a reference; NULL: it is about to end. */
struct namespaces *task_namespaces(struct task *task);

/* May the current task make those that FLAGS name? 0, -EPERM, -EINVAL: there is only one of that kind. */
int namespaces_check(uint64_t flags);

/*
 * A set for the current task or its child, with new namespaces where FLAGS say so; PATHS, which nobody else knows yet,
 * go to the new mounts. A child has its number in NUMBERS already; NULL: it is for the current task. NULL: *error says
 * why: -ENOMEM, -ENOSPC, -EINVAL.
 */
struct namespaces *namespaces_copy(uint64_t flags, struct task_paths *paths, struct number_space *numbers, int *error);

/* The current task goes to SET, whose reference it takes over. IPC: what it would undo is undone first. */
void namespaces_set(struct namespaces *set);

/*
 * setns. The current task goes to NAMESPACE; or to those of TASKS's that FLAGS (CLONE_NEW...) name. -EPERM, -EINVAL,
 * -ENOMEM.
 */
int namespaces_enter(struct namespace *namespace);
int namespaces_enter_set(const struct namespaces *of, uint64_t flags);

/* For /proc/PID/ns: the kinds, and each one's in SET, with a reference; NUMBERS is the one that the task is in itself.
 */
enum namespace_index {
    NAMESPACE_CGROUP,
    NAMESPACE_IPC,
    NAMESPACE_MOUNTS,
    NAMESPACE_NET,
    NAMESPACE_PID,
    NAMESPACE_PID_OF_CHILDREN,
    NAMESPACE_TIME,
    NAMESPACE_USER,
    NAMESPACE_UTS
};
struct namespace *namespaces_find(
    const struct namespaces *set, struct number_space *numbers, enum namespace_index index);

void namespaces_init(void);

#endif
