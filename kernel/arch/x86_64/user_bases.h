/*
 * The bases of a program's FS and GS, which the thread pointer of its C library is. They belong to the thread: while it
 * runs they are in the processor (that of GS in KERNEL_GS_BASE, for the kernel's own is in GS then), else here. A
 * program may change them without asking where there is FSGSBASE; elsewhere they change by user_bases_load alone.
 *
 * Source: Intel SDM volume 3A, 3.4.4.1 (FS and GS in 64-bit mode); volume 2, SWAPGS, WRFSBASE.
 */
#ifndef CORRODE_ARCH_USER_BASES_H
#define CORRODE_ARCH_USER_BASES_H

#include "arch/x86_64/cpu.h"

struct user_bases {
    uint64_t fs, gs;
};

/* Both with interrupts off, or on a thread that does not mind being moved: each is complete on its CPU. */
static inline void user_bases_save(struct user_bases *bases)
{
    if (!cpu_has(CPU_FSGSBASE))
        return; /* they are what was loaded */
    bases->fs = cpu_read_msr(MSR_FS_BASE);
    bases->gs = cpu_read_msr(MSR_KERNEL_GS_BASE);
}

static inline void user_bases_load(const struct user_bases *bases)
{
    cpu_write_msr(MSR_FS_BASE, bases->fs);
    cpu_write_msr(MSR_KERNEL_GS_BASE, bases->gs);
}

#endif
