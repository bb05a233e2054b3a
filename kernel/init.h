/*
 * What the kernel is for, once all its parts are up. build/kernel.elf links init.c; build/selftest.elf links
 * tests/kernel/ktest.c in its place, and is the same kernel otherwise.
 */
#ifndef CORRODE_INIT_H
#define CORRODE_INIT_H

#include "boot/protocol.h"

/* Called once, last, by kernel_main. */
_Noreturn void init_main(const struct boot_info *info);

#endif
