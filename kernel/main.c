/*
 * The kernel begins here: each part starts after those that it stands on.
 *
 * So far it is the console, and a report of what the boot loader has handed over (boot/protocol.h).
 */
#include "arch/x86_64/machine.h"
#include "boot_report.h"
#include "build/gen/version.h"
#include "panic.h"
#include "tty/console.h"

BOOT_REQUEST(.flags = BOOT_REQUEST_KASLR);

static void check_version(const struct boot_info *info)
{
    if (info->version < BOOT_PROTOCOL_VERSION || info->size < sizeof *info)
        panic("the boot loader speaks version %u of the boot protocol and this kernel needs %u; update the boot loader",
            info->version, BOOT_PROTOCOL_VERSION);
}

void kernel_main(struct boot_info *info)
{
    if (info->magic != BOOT_INFO_MAGIC)
        machine_exit(BOOT_EXIT_PANIC); /* whoever called us, there is no telling where the screen is */

    stack_guard_init(info);
    console_init(info);
    check_version(info);

    console_set_color(CONSOLE_WHITE, CONSOLE_BLACK);
    console_printf("Corrode %s\n", CORRODE_VERSION);
    console_set_color(CONSOLE_LIGHT_GREY, CONSOLE_BLACK);
    boot_report(info);

    machine_exit(BOOT_EXIT_SUCCESS);
}
