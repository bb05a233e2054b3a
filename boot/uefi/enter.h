/*
 * The way out of long mode: see enter.S.
 */
#ifndef CORRODE_BOOT_UEFI_ENTER_H
#define CORRODE_BOOT_UEFI_ENTER_H

#include <stdint.h>

/* Code and a GDT, which may be copied anywhere below 4 GiB. */
extern const uint8_t enter_copy_start[], enter_copy_end[];

/* Jumps to ENTRY in flat 32-bit protected mode, paging off, EBX = BLOB, by way of COPY, which is mapped one to one. */
_Noreturn void enter_by(const void *copy, uint32_t entry, uint32_t blob);

#endif
