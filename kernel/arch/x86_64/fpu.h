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

#include "arch/x86_64/percpu.h"

struct thread_fpu {
    void *area;      /* XSAVE area, 64-byte aligned; NULL: the thread does not use the registers */
    unsigned cpu;    /* whose registers were loaded from it last ... */
    uint64_t loaded; /* ... and that CPU's load counter then: equal, the registers are still ours */
};

/* Where areas come from: fpu_area_size bytes, aligned to 64. Called in any context in which fpu_* are. */
struct fpu_memory {
    void *(*allocate)(void);     /* NULL: out of memory */
    void (*release)(void *area); /* never NULL */
};

void fpu_init(const struct fpu_memory *memory); /* the boot CPU: which instructions, how large an area */
void fpu_init_cpu(void);                        /* each CPU: XCR0, IA32_XSS; after cpu_control_init */

#define FPU_AREA_MAX 4096
#define FPU_AREA_ALIGNMENT 64
size_t fpu_area_size(void);

/* The state of the thread that runs: the scheduler sets it with each switch, before fpu_switch_in. */
DECLARE_PER_CPU(struct thread_fpu *, fpu_current);

/* Lets a thread (the current one, or one that is not running) use the registers, from their initial state. -ENOMEM. */
int fpu_enable(struct thread_fpu *fpu);
void fpu_release(struct thread_fpu *fpu);

/* A copy of the current state (fork): each is the current thread's, or one that does not run. -ENOMEM.
 */
int fpu_copy(struct thread_fpu *to, struct thread_fpu *from);

/*
 * Of the current thread, which uses them, in and out of a program's memory at an address aligned to 64 (fpu_frame.c).
 * Interrupts are on. -EFAULT: it cannot be written; it is no state that the processor accepts. From 0: fpu_reset.
 */
size_t fpu_frame_size(void);
bool fpu_frame_is_extended(void); /* it is more than FXSAVE's */
int fpu_frame_save(uint64_t to);
int fpu_frame_load(uint64_t from);
void fpu_reset(void); /* to the initial state */

/* Which exceptions have happened that are not masked: x87's or SSE's, FPU_... */
#define FPU_INVALID 0x01u
#define FPU_DENORMAL 0x02u
#define FPU_DIVISION 0x04u
#define FPU_OVERFLOW 0x08u
#define FPU_UNDERFLOW 0x10u
#define FPU_PRECISION 0x20u
#define FPU_EXCEPTIONS 0x3fu
unsigned fpu_exceptions(bool x87);

/* The scheduler's, interrupts off: before the switch away from a thread, and after the switch to one. */
void fpu_switch_out(struct thread_fpu *fpu);
void fpu_switch_in(struct thread_fpu *fpu);

/* How often registers have been loaded on CPU; for reports and tests. */
uint64_t fpu_load_count(unsigned cpu);

#endif
