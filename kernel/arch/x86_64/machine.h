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

/*
 * What whoever reads the firmware's tables knows about turning the machine off and resetting it. Both are called on one
 * processor with interrupts off, and return when it did not work. NULL: no way is known.
 */
struct machine_power_ops {
    void (*power_off)(void);
    void (*reset)(void);
};
void machine_set_power(const struct machine_power_ops *ops); /* kept, not copied */

/* Turns the machine off; where that does not work, stops this processor. The others may run until the last moment. */
_Noreturn void machine_power_off(void);

/* Starts the machine anew, in whatever way works first. */
_Noreturn void machine_reset(void);

/* The same, for who wants it so: a monitor that boots machines learns that this was no crash. */
_Noreturn void machine_restart(void);

/* Reports STATUS to the virtual machine monitor, which ends the machine if it knows how. A real machine halts. */
_Noreturn void machine_exit(enum boot_exit status);

/* The same, but a machine that is still there is turned off. */
_Noreturn void machine_exit_off(enum boot_exit status);

/* A function that machine_exit and machine_reset call first, in whatever state the machine is: what is left to say. */
void machine_at_exit(void (*function)(void));

#endif
