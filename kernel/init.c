/*
 * The kernel's purpose: see init.h. So far it is a report of what the boot loader has handed over.
 */
#include "init.h"

#include "arch/x86_64/machine.h"
#include "boot_report.h"

void init_main(const struct boot_info *info)
{
    boot_report(info);
    machine_exit(BOOT_EXIT_SUCCESS);
}
