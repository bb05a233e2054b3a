/*
 * What pvh_entry.S, pvh.c and the build know of each other: the kernel as a PVH guest, with no boot loader.
 */
#ifndef CORRODE_ARCH_PVH_H
#define CORRODE_ARCH_PVH_H

/* Where the image is linked, and where its program headers ask a monitor to put it: targets/kernel.mk says the same. */
#define PVH_LINK_BASE 0xffffffff80000000
#define PVH_PHYSICAL_BASE 0x200000

#ifndef __ASSEMBLER__

#include <stdint.h>

/* The tables that pvh_entry.S has made: the PML4, and the page directories of the first 4 GiB, which map 2 MiB each. */
extern uint64_t pvh_page_table[512], pvh_directories[4 * 512];

extern uint8_t pvh_stack[], pvh_stack_top[];

/* The linker's: the image from its first byte to its last. */
extern const uint8_t __executable_start[], _end[];

#endif
#endif
