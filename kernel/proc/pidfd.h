/*
 * Files that are processes: they mean this one, also when it has ended and its number is another's. They can be read
 * when it has ended (poll), signals sent through them, and descriptors taken out of the process.
 *
 * Source: pidfd_open(2), pidfd_send_signal(2), pidfd_getfd(2).
 */
#ifndef CORRODE_PROC_PIDFD_H
#define CORRODE_PROC_PIDFD_H

#include "proc/proc.h"

/* FLAGS: O_NONBLOCK, which waitid heeds. NULL: no memory. */
struct file *pidfd_create(struct process *process, unsigned flags);

/* The process, which lives as long as the file; NULL: the file is none. */
struct process *pidfd_process(const struct file *file);

/* Those of the process's descriptors: the file with a reference. -ESRCH, -EPERM, -EBADF through *error. */
struct file *pidfd_get_file(struct process *process, int fd, int *error);

/* For /proc/PID/fdinfo: the number, -1 if the process is gone. */
int32_t pidfd_number(struct process *process);

#endif
