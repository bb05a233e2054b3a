/*
 * From one thread's stack to another's.
 *
 * To switch.S a thread is its first word: the stack pointer, valid while it does not run. Below that lie the registers
 * which a function must preserve; all others are dead at a call, so the compiler has saved those that matter.
 *
 * Source: System V ABI, AMD64 supplement, 3.2.1 (registers).
 */
#ifndef CORRODE_ARCH_SWITCH_H
#define CORRODE_ARCH_SWITCH_H

#include "lib/types.h"

/*
 * Saves the caller in *from and goes on where *to was saved. Returns, much later and perhaps on another CPU, the `from`
 * of whoever switched back. Interrupts are off.
 */
vaddr_t *context_switch(vaddr_t *from, vaddr_t *to);

/*
 * Builds what context_switch will find on a new stack that ends at TOP (16-byte aligned); returns its stack pointer.
 * The first switch there calls begin(from, argument), which must not return.
 */
vaddr_t context_create(vaddr_t top, void (*begin)(vaddr_t *from, void *argument), void *argument);

/* Where switch.S starts it. */
void context_entry(void);

#endif
