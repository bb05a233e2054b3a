/*
 * What pvh_entry.S, pvh.c and the build know of each other: the kernel as a PVH guest, with no boot loader.
 */
#ifndef CORRODE_ARCH_PVH_H
#define CORRODE_ARCH_PVH_H

/* Where the image is linked, and where its program headers ask a monitor to put it: targets/kernel.mk says the same. */
#define PVH_LINK_BASE 0xffffffff80000000
#define PVH_PHYSICAL_BASE 0x200000

/* The last 2 MiB of the image's GiB: the kernel's stack, between pages that are not mapped. */
#define PVH_STACK_REGION (PVH_LINK_BASE + 0x3fe00000)

#ifndef __ASSEMBLER__

#include <stdint.h>

/* The tables that pvh_entry.S has made: the PML4, the page directories of the first 4 GiB, which map 2 MiB each, and
 * the page table of the 2 MiB at PVH_STACK_REGION, where nothing is mapped. */
extern uint64_t pvh_page_table[512], pvh_directories[4 * 512], pvh_stack_table[512];

/* The linker's: the image from its first byte to its last. */
extern const uint8_t __executable_start[], _end[];

#endif
#endif
