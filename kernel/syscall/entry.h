/*
 * What the entry code (arch/x86_64/syscall_entry.S) and the dispatcher share.
 */
#ifndef CORRODE_SYSCALL_ENTRY_H
#define CORRODE_SYSCALL_ENTRY_H

#include "arch/x86_64/percpu.h"

/* The program's RSP for the moment until the kernel's stack is there. */
DECLARE_PER_CPU(vaddr_t, syscall_stack);

void syscall_entry(void);

#endif
