/*
 * The blob that takes the machine from the loader's world to the kernel's: its interface. See handoff.c.
 *
 * The blob (build/boot/handoff.bin) begins with struct handoff_blob. A front end copies it to whole pages below 4 GiB,
 * maps them at their physical addresses in the kernel's page tables, code read-only and data never executable, fills in
 * struct handoff, turns paging off and jumps to entry32 in flat 32-bit protected mode with interrupts disabled and the
 * address of the blob in EBX.
 */
#ifndef CORRODE_BOOT_HANDOFF_H
#define CORRODE_BOOT_HANDOFF_H

/* Selectors of the GDT that the kernel is entered with; 64-bit code and data are part of the protocol. */
#define HANDOFF_CODE64 0x08
#define HANDOFF_DATA 0x10
#define HANDOFF_CODE32 0x18
#define HANDOFF_TSS 0x20

/* Offsets in struct handoff, for the assembler. */
#define HANDOFF_CR3 0
#define HANDOFF_ENTRY 8
#define HANDOFF_STACK 16
#define HANDOFF_INFO 24
#define HANDOFF_IO_APICS 32

#define HANDOFF_MAX_IO_APICS 8

#define HANDOFF_FONT_SIZE (96 * 16)

#ifndef __ASSEMBLER__

#include "boot/protocol.h"

#include <stddef.h>

struct handoff {
    uint64_t page_table;                     /* physical, below 4 GiB */
    uint64_t entry;                          /* of the kernel, virtual */
    uint64_t stack_top;                      /* virtual */
    uint64_t info;                           /* struct boot_info, virtual */
    uint32_t io_apics[HANDOFF_MAX_IO_APICS]; /* physical addresses of those to mask; 0: no more */
    /* For the fault handler, which must not rely on a boot_info that the kernel may have overwritten. */
    uint64_t font; /* HANDOFF_FONT_SIZE bytes of glyphs, virtual; 0: a framebuffer stays silent */
    struct boot_framebuffer framebuffer;
    struct boot_text text;
    struct boot_serial serial;
    uint64_t kernel_slide;
    uint64_t stack_base;
};

_Static_assert(offsetof(struct handoff, page_table) == HANDOFF_CR3, "assembler offset");
_Static_assert(offsetof(struct handoff, entry) == HANDOFF_ENTRY, "assembler offset");
_Static_assert(offsetof(struct handoff, stack_top) == HANDOFF_STACK, "assembler offset");
_Static_assert(offsetof(struct handoff, info) == HANDOFF_INFO, "assembler offset");
_Static_assert(offsetof(struct handoff, io_apics) == HANDOFF_IO_APICS, "assembler offset");

/* The first bytes of the blob. All offsets are from its start. */
struct handoff_blob {
    uint32_t file_size;  /* bytes in handoff.bin */
    uint32_t code_size;  /* read-only and executable: whole pages */
    uint32_t total_size; /* with zeroed data and its stack: whole pages */
    uint32_t entry32;
    uint32_t parameters; /* where struct handoff goes */
    uint32_t reserved[3];
};

#endif
#endif
