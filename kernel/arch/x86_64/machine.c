/*
 * How a kernel ends: see machine.h, and BOOT_EXIT_PORT in boot/protocol.h.
 */
#include "arch/x86_64/machine.h"
#include "arch/x86_64/io.h"

_Noreturn void machine_halt(void)
{
    cpu_interrupts_disable();
    for (;;)
        cpu_halt(); /* an NMI wakes it */
}

_Noreturn void machine_exit(enum boot_exit status)
{
    /* On a PC the port may belong to anything. */
    if (cpu_is_virtual())
        outb(BOOT_EXIT_PORT, (uint8_t)status);
    machine_halt();
}
