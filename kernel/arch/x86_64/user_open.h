/*
 * Opening a program's memory for the few instructions that copy from or to it: only user.c and fpu_frame.c do. Every
 * one of these may fault, and has a fixup.
 *
 * Source: Intel SDM volume 3A, 4.6 (SMAP); volume 2 (STAC, CLAC).
 */
#ifndef CORRODE_ARCH_USER_OPEN_H
#define CORRODE_ARCH_USER_OPEN_H

#include "arch/x86_64/cpu.h"

static inline void open_user(void)
{
    if (cpu_has(CPU_SMAP))
        __asm__ volatile("stac" : : : "memory", "cc");
}

static inline void close_user(void)
{
    if (cpu_has(CPU_SMAP))
        __asm__ volatile("clac" : : : "memory", "cc");
}

#endif
