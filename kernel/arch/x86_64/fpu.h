/*
 * The floating-point and vector registers (x87, SSE, AVX and what else XSAVE knows). The kernel itself never uses them;
 * they belong to programs, and to threads that ask (fpu_enable).
 *
 * They are saved when a thread that has used them leaves its CPU, with XSAVES, XSAVEOPT or XSAVEC where there is one,
 * and loaded when such a thread comes to a CPU whose registers hold something else: a thread that comes back to
 * registers that are still its own loads nothing, and one that never used them costs nothing.
 *
 * Source: Intel SDM volume 1, chapter 13 (XSAVE); volume 3A, chapter 13.
 */
#ifndef CORRODE_ARCH_FPU_H
#define CORRODE_ARCH_FPU_H

#include "lib/types.h"

struct thread_fpu {
    void *area;      /* XSAVE area, 64-byte aligned; NULL: the thread does not use the registers */
    unsigned cpu;    /* whose registers were loaded from it last ... */
    uint64_t loaded; /* ... and that CPU's load counter then: equal, the registers are still ours */
};

void fpu_init(void);     /* the boot CPU: size and components of the area; needs slab_init */
void fpu_init_cpu(void); /* each CPU: CR0, CR4, XCR0, IA32_XSS */

size_t fpu_area_size(void);

/* Lets a thread (the current one, or one that is not running) use the registers, from their initial state. -ENOMEM. */
int fpu_enable(struct thread_fpu *fpu);
void fpu_release(struct thread_fpu *fpu);

/* A copy of the current state (fork, signal frames). -ENOMEM. */
int fpu_copy(struct thread_fpu *to, struct thread_fpu *from);

/* The scheduler's, interrupts off: before the switch away from a thread, and after the switch to one. */
void fpu_switch_out(struct thread_fpu *fpu);
void fpu_switch_in(struct thread_fpu *fpu);

#endif
