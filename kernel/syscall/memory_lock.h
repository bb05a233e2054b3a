/*
 * What mmap and the calls that lock memory have in common.
 */
#ifndef CORRODE_SYSCALL_MEMORY_LOCK_H
#define CORRODE_SYSCALL_MEMORY_LOCK_H

#include "vm/vm.h"

/* Tells SPACE how much the current task may lock. False: nothing at all (-EPERM). */
bool memory_lock_prepare(struct vm_space *space);

#endif
