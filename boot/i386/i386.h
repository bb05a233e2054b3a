/*
 * What the 32-bit front ends of the loader, BIOS and PVH, have in common: flat protected mode with paging off, and the
 * memory of a PC.
 */
#ifndef CORRODE_BOOT_I386_H
#define CORRODE_BOOT_I386_H

/* Selectors that both have in their GDT: flat, 4 GiB. */
#define I386_CODE 0x08
#define I386_DATA 0x10

#ifndef __ASSEMBLER__

#include "boot/loader/loader.h"

/* i386.S: to the hand-off blob, for struct platform. */
void i386_enter(uint32_t entry, uint32_t blob);

/* fault.c: from now on exceptions in the loader are printed, and i386_stop() follows. */
void i386_fault_init(void);
extern const uint8_t i386_fault_stubs[]; /* 32 of 8 bytes */
struct i386_fault_state {                /* as the stubs push it */
    uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
    uint32_t stub; /* within the stub of the exception */
    uint32_t error_code, eip, cs, eflags;
};
_Noreturn void i386_fault(const struct i386_fault_state *state);

/* The front end's own: what happens after an error was shown. Under a hypervisor it tells the host. */
_Noreturn void i386_stop(void);

/* tables.c */
void i386_find_tables(struct boot_info *info);

/* enum boot_memory_type for the types that INT 15h AX=E820h gives, and PVH after it. Source: ACPI 6.5, table 15.8. */
static inline uint32_t i386_memory_type(uint32_t e820)
{
    switch (e820) {
    case 1: return BOOT_MEMORY_USABLE;
    case 3: return BOOT_MEMORY_ACPI_RECLAIMABLE;
    case 4: return BOOT_MEMORY_ACPI_NVS;
    case 5: return BOOT_MEMORY_BAD;
    default: return BOOT_MEMORY_RESERVED;
    }
}

#endif
#endif
