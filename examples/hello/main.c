/*
 * Hello: the smallest useful kernel on the Corrode bootloader. It says what screen it would like, checks who called
 * it, greets, and stops.
 */
#include "arch/x86_64/machine.h"
#include "boot/protocol.h"
#include "tty/console.h"

/* This goes into the ELF file as a note, where the bootloader reads it. */
BOOT_REQUEST(.video = BOOT_VIDEO_TEXT);

/* The bootloader calls this in 64-bit mode, on a stack, with the machine described in INFO. */
void kernel_main(struct boot_info *info)
{
    if (info->magic != BOOT_INFO_MAGIC || info->version < BOOT_PROTOCOL_VERSION)
        machine_exit(BOOT_EXIT_FAILURE);

    console_init(info);
    console_set_color(CONSOLE_LIGHT_CYAN, CONSOLE_BLACK);
    console_print("Hello World!\n");

    machine_exit(BOOT_EXIT_SUCCESS);
}
