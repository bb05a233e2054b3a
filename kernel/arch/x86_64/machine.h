/*
 * The machine as a whole: where a kernel begins, and how it ends.
 */
#ifndef CORRODE_ARCH_MACHINE_H
#define CORRODE_ARCH_MACHINE_H

#include "boot/protocol.h"

/* The ELF entry point, which every kernel defines for itself: the boot loader calls it. It has nowhere to return to. */
void kernel_main(struct boot_info *info);

/* Stops this processor for good. */
_Noreturn void machine_halt(void);

/* Starts the machine anew, in whatever way works first. */
_Noreturn void machine_reset(void);

/* Reports STATUS to the virtual machine monitor, which ends the machine if it knows how. A real machine halts. */
_Noreturn void machine_exit(enum boot_exit status);

/* A function that machine_exit and machine_reset call first, in whatever state the machine is: what is left to say. */
void machine_at_exit(void (*function)(void));

#endif
