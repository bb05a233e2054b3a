/*
 * The commands of fcntl that are about locks.
 */
#ifndef CORRODE_SYSCALL_LOCK_H
#define CORRODE_SYSCALL_LOCK_H

#include "syscall/handlers.h"

/* COMMAND is F_GETLK, F_OFD_SETLK, ...; -EINVAL when it is none of these. FILE is what FD refers to. */
long lock_control(struct file *file, int fd, int command, uaddr_t argument);

#endif
