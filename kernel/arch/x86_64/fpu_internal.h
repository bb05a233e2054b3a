/*
 * What the two files about vector registers share: see fpu.c.
 */
#ifndef CORRODE_ARCH_FPU_INTERNAL_H
#define CORRODE_ARCH_FPU_INTERNAL_H

#include "arch/x86_64/fpu.h"

/* Components: x87, SSE, AVX; AVX-512 has three. What is beyond needs more than saving (PKRU: CR4.PKE; AMX: consent). */
#define XCR0_BASE 0x03ull
#define XCR0_AVX 0x04ull
#define XCR0_AVX512 0xe0ull

#define FXSAVE_SIZE 512
#define XSAVE_HEADER_SIZE 64
#define XSAVE_SIZE_MIN (FXSAVE_SIZE + XSAVE_HEADER_SIZE)
#define FCW_INIT 0x37f
#define MXCSR_INIT 0x1f80

extern uint64_t fpu_components; /* in XCR0; 0: there is no XSAVE, or it is not used */

void fpu_frame_init(void); /* once they are known */

#endif
