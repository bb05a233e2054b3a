/*
 * The handlers of the system calls, and what they share. A handler gets the six arguments as the registers have them:
 * an int is the lower half, as Linux takes it.
 */
#ifndef CORRODE_SYSCALL_HANDLERS_H
#define CORRODE_SYSCALL_HANDLERS_H

#include "arch/x86_64/user.h"
#include "lib/errno.h"
#include "proc/proc.h"
#include "syscall/syscall.h"
#include "syscall/table.h"

#define SYSCALL_PROTOTYPE(number, name, kinds, state, note) syscall_handler sys_##name;
SYSCALLS(SYSCALL_PROTOTYPE)

/* A descriptor for a new file (NULL: -ENOMEM), whose reference it takes over in any case. FLAGS: O_CLOEXEC. */
long descriptor_install(struct file *file, unsigned flags);

/* struct timespec, as programs have it. */
struct user_timespec {
    int64_t seconds, nanoseconds;
};

#endif
