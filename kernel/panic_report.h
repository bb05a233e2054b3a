/*
 * What the kernel proper says in a panic, and what it does in the end: `panic=` on the command line is
 *
 *     exit        reports to the virtual machine monitor, which ends the machine; on a PC, halts. This is the default
 *     halt        stops
 *     reboot      starts anew, after five seconds; a number instead of the word: after so many seconds
 */
#ifndef CORRODE_PANIC_REPORT_H
#define CORRODE_PANIC_REPORT_H

#include "boot/protocol.h"

/* From now on a panic says all that it can. After console, log and command line. */
void panic_report_init(const struct boot_info *info);

#endif
