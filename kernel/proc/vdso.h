/*
 * The vDSO in programs (kernel/vdso): a page of data that the kernel writes and every program reads, and behind it the
 * code that reads it.
 */
#ifndef CORRODE_PROC_VDSO_H
#define CORRODE_PROC_VDSO_H

#include "vm/vm.h"

/* Before the first program; after the clocks are right. Without memory there is none, and programs ask the kernel. */
void vdso_init(void);

/* Maps it at PLACE, if there is room, else where there is. *base: its ELF header, for AT_SYSINFO_EHDR; 0: none. 0, or
 * -ENOMEM. */
int vdso_map(struct vm_space *space, vaddr_t place, vaddr_t *base);

/* The size of all of it. */
uint64_t vdso_size(void);

#endif
