/*
 * What the files of this folder know of each other: root.c and process.c have the tables, the others a theme each.
 */
#ifndef CORRODE_PROCFS_PROCFS_INTERNAL_H
#define CORRODE_PROCFS_PROCFS_INTERNAL_H

#include "fs/pseudo.h"
#include "proc/proc.h"

/* Lines of tables. */
#define PROC_FILE(entry_name, function) {.name = (entry_name), .mode = S_IFREG | 0444, .show = (function)}
#define PROC_SECRET(entry_name, function) {.name = (entry_name), .mode = S_IFREG | 0400, .show = (function)}
#define PROC_DIRECTORY(entry_name, table) {.name = (entry_name), .mode = S_IFDIR | 0555, .entries = (table)}
#define PROC_TEXT(entry_name, string)                                                                                  \
    {.name = (entry_name), .mode = S_IFREG | 0444, .show = procfs_show_text, .argument = (uintptr_t)(string)}
#define PROC_LINK(entry_name, string)                                                                                  \
    {.name = (entry_name), .mode = S_IFLNK | 0777, .target = procfs_show_text, .argument = (uintptr_t)(string)}

typedef int procfs_show(struct text *out, const struct pseudo_node *node);

procfs_show procfs_show_text; /* the string that the entry's argument is */

/* Has whoever reads the capability? The kernel itself has all of them. */
static inline bool procfs_reader_can(unsigned capability)
{
    const struct task *task = task_current();
    return task == NULL || credentials_capable(task->credentials, capability);
}

/* kernel.c: the kernel and its tables */
procfs_show procfs_show_cmdline, procfs_show_version, procfs_show_filesystems, procfs_show_kallsyms;

/* kmsg.c */
extern const struct file_ops procfs_kmsg_ops;

/* memory.c */
procfs_show procfs_show_meminfo, procfs_show_vmstat, procfs_show_buddyinfo, procfs_show_zoneinfo, procfs_show_slabinfo;

/* cpuinfo.c */
procfs_show procfs_show_cpuinfo;

/* load.c: how busy the machine is */
procfs_show procfs_show_uptime, procfs_show_loadavg, procfs_show_stat;
void procfs_load_init(void);
void procfs_sys_init(void);

/* interrupts.c */
procfs_show procfs_show_interrupts, procfs_show_softirqs;
uint64_t procfs_interrupt_total(void);

/* tables.c */
procfs_show procfs_show_devices, procfs_show_consoles;
extern const struct pseudo_entry procfs_tty_entries[], procfs_net_entries[];

/* ipc.c: /proc/sysvipc, and settings in /proc/sys/kernel */
extern const struct pseudo_entry procfs_sysvipc_entries[];

/* net.c */
procfs_show procfs_show_unix, procfs_show_locks;

/* sys.c: /proc/sys */
extern const struct pseudo_entry procfs_sys_entries[];

#endif
