/*
 * Signals as a file: reading takes pending ones out of a set. Whose signals they are is decided by who reads, polls or
 * waits, not by who has opened it.
 *
 * Source: signalfd(2).
 */
#ifndef CORRODE_PROC_SIGNALFD_H
#define CORRODE_PROC_SIGNALFD_H

#include "proc/proc.h"

/* For the signals of SET. FLAGS: O_NONBLOCK. NULL: no memory. */
struct file *signalfd_create(uint64_t set, unsigned flags);
int signalfd_change(struct file *file, uint64_t set); /* to another set; -EINVAL: it is no such file */

/* A signal is pending at PROCESS: wakes who waits for it by such a file. signal_lock is held. */
void signalfds_notify(struct process *process);

/* PROCESS ends. */
void signalfds_leave(struct process *process);

#endif
