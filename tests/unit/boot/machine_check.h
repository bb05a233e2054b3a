/*
 * What must hold when the loader enters a kernel, whatever the machine and the kernel: docs/boot-protocol.md as
 * assertions. Reads the memory that the last machine_boot() left.
 */
#ifndef CORRODE_TESTS_BOOT_MACHINE_CHECK_H
#define CORRODE_TESTS_BOOT_MACHINE_CHECK_H

#include "boot/protocol.h"
#include "tests/unit/boot/machine.h"

#include <stddef.h>

/* Fails the test unless all is well. KERNEL is the file that was booted. The kernel's boot_info. */
const struct boot_info *machine_check(const struct machine *machine, const void *kernel, size_t size);

/* Fails the test unless the loader stopped with this sentence on the screen. */
void machine_check_error(const char *sentence);

/* The bytes at a virtual address in the direct map. */
const void *machine_direct(const struct boot_info *info, uint64_t address);

#endif
