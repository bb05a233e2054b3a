/*
 * How a kernel ends, or begins anew: see machine.h, and BOOT_EXIT_PORT in boot/protocol.h.
 */
#include "arch/x86_64/machine.h"
#include "arch/x86_64/io.h"

#include <stddef.h>

static void (*at_exit)(void);

void machine_at_exit(void (*function)(void))
{
    at_exit = function;
}

static const struct machine_power_ops *power;

void machine_set_power(const struct machine_power_ops *ops)
{
    power = ops;
}

_Noreturn void machine_halt(void)
{
    cpu_interrupts_disable();
    for (;;)
        cpu_halt(); /* an NMI wakes it */
}

_Noreturn void machine_power_off(void)
{
    if (at_exit != NULL)
        at_exit();
    cpu_interrupts_disable();
    if (power != NULL && power->power_off != NULL)
        power->power_off();
    machine_halt();
}

/*
 * What the firmware's tables say comes first, then what most PCs know: the keyboard controller's command FEh pulses the
 * reset line, port CF9h resets through the chipset (both: Intel 100 series chipset data sheet, volume 2), and an
 * exception that finds no handler three times shuts the processor down, which resets (SDM volume 3A, 6.15, "Double
 * Fault").
 */
_Noreturn void machine_reset(void)
{
    if (at_exit != NULL)
        at_exit();
    cpu_interrupts_disable();
    if (power != NULL && power->reset != NULL)
        power->reset();
    for (unsigned tries = 0; tries < 100000 && (inb(0x64) & 2); tries++)
        cpu_pause();
    outb(0x64, 0xfe);
    for (unsigned tries = 0; tries < 100000; tries++)
        cpu_pause();
    outb(0xcf9, 0x02);
    outb(0xcf9, 0x06);
    for (unsigned tries = 0; tries < 100000; tries++)
        cpu_pause();

    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_handlers = {0};
    __asm__ volatile("lidt %0; int3" : : "m"(no_handlers));
    machine_halt();
}

/* To the monitor, which may end the machine. */
static void tell(enum boot_exit status)
{
    if (at_exit != NULL)
        at_exit();
    /* On a PC the port may belong to anything. */
    if (cpu_is_virtual())
        outb(BOOT_EXIT_PORT, (uint8_t)status);
}

_Noreturn void machine_exit(enum boot_exit status)
{
    tell(status);
    machine_halt();
}

_Noreturn void machine_exit_off(enum boot_exit status)
{
    tell(status);
    machine_power_off();
}

_Noreturn void machine_restart(void)
{
    tell(BOOT_EXIT_RESTART);
    machine_reset();
}
