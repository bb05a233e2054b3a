/*
 * Whom a file below /proc/PID is about: a process, or (below task/) one of its tasks. The node has their numbers and
 * when the process was started, so that another one that gets the number later is not taken for it.
 *
 * All that is found may end at any time. So what is shown is copied under the locks first, or taken by reference; with
 * no task left, a process that has ended and that nobody has waited for has a name, times and a status, but no memory,
 * files or directories.
 */
#ifndef CORRODE_PROCFS_SUBJECT_H
#define CORRODE_PROCFS_SUBJECT_H

#include "procfs/procfs_internal.h"

/* The parts of a node. 0: it is about no process, or about the process and none of its tasks in particular. */
enum { SUBJECT_PROCESS, SUBJECT_STARTED, SUBJECT_TASK, SUBJECT_ITEM };

/* Does NODE, of the number's directory, have such a process? Fills its parts in. 0 or -ENOENT. */
int subject_find(struct pseudo_node *node, int32_t number);

/* With processes_lock held. NULL: gone; the task alone: it is about to end, or has. */
struct process *subject_process_locked(const struct pseudo_node *node);
struct task *subject_task_locked(const struct pseudo_node *node);

/* Parts, with references; NULL or false: it has none (any more). */
struct vm_space *subject_space(const struct pseudo_node *node);
struct task_files *subject_files(const struct pseudo_node *node);
struct namespaces *subject_namespaces(const struct pseudo_node *node); /* proc/namespaces.h */

/* The namespace whose numbers the mount shows; and that of the process's own, with a reference, or NULL: it is gone. */
struct number_space *subject_numbers(const struct pseudo_node *node);
struct number_space *subject_own_numbers(const struct pseudo_node *node);
struct process *subject_process(const struct pseudo_node *node);
const struct credentials *subject_credentials(const struct pseudo_node *node);
bool subject_root(const struct pseudo_node *node, struct path *root);
bool subject_working(const struct pseudo_node *node, struct path *working);

/* May the reader look into the subject's memory, files and directories? 0, -EACCES, -ESRCH. */
int subject_may_look(const struct pseudo_node *node);
int subject_open(const struct pseudo_node *node, unsigned flags); /* pseudo_entry.open for files of that kind */

/* Owner and group of the inodes: the subject's effective ones, or root's of one that nobody may look into.
 * pseudo_filesystem.refresh. */
int subject_refresh(struct inode *inode, const struct pseudo_node *node);

#endif
