/*
 * The machine as a whole: how a kernel ends.
 */
#ifndef CORRODE_ARCH_MACHINE_H
#define CORRODE_ARCH_MACHINE_H

#include "boot/protocol.h"

/* Stops this processor for good. */
_Noreturn void machine_halt(void);

/* Reports STATUS to the virtual machine monitor, which ends the machine if it knows how. A real machine halts. */
_Noreturn void machine_exit(enum boot_exit status);

#endif
