/*
 * The kernel's purpose: see init.h. So far it is a report of the machine; then the machine
 * ends, as `end=` on the command line says: `off` turns it off, `reset` starts it anew, `exit` reports success to the
 * monitor.
 */
#include "init.h"

#include "arch/x86_64/machine.h"
#include "boot_report.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "mm/page.h"

void init_main(const struct boot_info *info)
{
    char end[8] = "exit";
    boot_report(info);
    page_release_boot(); /* nobody reads boot_info any more */
    cmdline_get("end", end, sizeof end);
    if (strcmp(end, "off") == 0)
        machine_power_off();
    if (strcmp(end, "reset") == 0)
        machine_reset();
    machine_exit(BOOT_EXIT_SUCCESS);
}
