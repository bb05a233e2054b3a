/*
 * Prints what the boot loader has handed over and what the kernel has made of it, for people.
 */
#ifndef CORRODE_BOOT_REPORT_H
#define CORRODE_BOOT_REPORT_H

#include "boot/protocol.h"

void boot_report(const struct boot_info *info);

#endif
