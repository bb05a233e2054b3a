/*
 * /proc: what programs read about processes and about the machine. Everything in it is made when it is read
 * (fs/pseudo.h): there is nothing here to keep up to date but the load average, which is sampled.
 *
 * Source: proc(5); what ps, top, free, mount and others read; Linux Documentation/filesystems/proc.rst.
 */
#ifndef CORRODE_PROCFS_PROCFS_H
#define CORRODE_PROCFS_PROCFS_H

#include "lib/types.h"

/* Registers the file system "proc", and begins to sample the load. After processes_init. */
void procfs_init(void);

/* The load averages over 1, 5 and 15 minutes, with 16 bits behind the point: for sysinfo. */
void procfs_load_averages(uint64_t loads[3]);

#endif
