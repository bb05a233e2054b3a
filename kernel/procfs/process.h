/*
 * The files below /proc/PID, each where its theme is; process.c has the tables.
 */
#ifndef CORRODE_PROCFS_PROCESS_H
#define CORRODE_PROCFS_PROCESS_H

#include "fs/origin.h"
#include "procfs/subject.h"

typedef int process_store(const struct pseudo_node *node, const char *text, size_t length);

/* process_stat.c */
procfs_show process_show_stat, process_show_statm, process_show_status, process_show_comm;
process_store process_store_comm;

/* process_memory.c: what is in memory, and where */
procfs_show process_show_cmdline, process_show_environ, process_show_auxv;
procfs_show process_show_maps, process_show_smaps, process_show_smaps_rollup;

/* process_files.c: open files, directories, the program */
procfs_show process_show_cwd, process_show_root, process_show_exe;
int process_follow_cwd(const struct pseudo_node *node, struct path *path);
int process_follow_root(const struct pseudo_node *node, struct path *path);
int process_follow_exe(const struct pseudo_node *node, struct path *path);
extern const struct pseudo_children process_fd_children, process_fdinfo_children;
int process_fd_refresh(struct inode *inode, const struct pseudo_node *node); /* of an entry of fd/: its mode */

/* process_misc.c */
procfs_show process_show_limits, process_show_wchan, process_show_io, process_show_oom_score, process_show_personality;
procfs_show process_show_schedstat, process_show_oom_adjustment;
process_store process_store_oom_adjustment;

/* process_namespaces.c */
extern const struct pseudo_entry process_ns_entries[];

#ifdef DEBUG
extern const struct file_ops process_fail_nth_ops; /* fail_nth.c: debug kernels only */
#endif

/* mounts.c */
procfs_show process_show_mounts, process_show_mountinfo, process_show_mountstats;

/* process.c: the directories */
extern const struct pseudo_children process_children; /* of the root */
procfs_show process_show_self, process_show_thread_self;

/* The name of a path as the reader sees it, into the text, with what is in SPECIAL escaped. */
int process_put_path(struct text *out, const struct path *path, const char *special);

#endif
