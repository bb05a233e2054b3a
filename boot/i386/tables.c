/*
 * Where a PC's firmware has put the ACPI and SMBIOS tables, below 1 MiB.
 *
 * Sources: ACPI 6.5, 5.2.5.1 (finding the RSDP on IA-PC systems); DMTF DSP0134 (SMBIOS) 3.7, 5.2.1.
 */
#include "boot/i386/i386.h"

#include "lib/string.h"

#define ROM_START 0xe0000u
#define SMBIOS_START 0xf0000u
#define ROM_END 0x100000u

static bool sum_is_zero(uint32_t address, uint32_t length)
{
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; i++)
        sum += ((const uint8_t *)(uintptr_t)address)[i];
    return sum == 0;
}

/* Each structure begins with an anchor; its first four characters find the candidates quickly. */
#define RSDP_ANCHOR 0x20445352    /* "RSD " of "RSD PTR " */
#define SMBIOS3_ANCHOR 0x334d535f /* "_SM3" */
#define SMBIOS_ANCHOR 0x5f4d535f  /* "_SM_" */

/* 20 bytes of an RSDP have a sum, and from revision 2 on all 36. */
static bool is_rsdp(uint32_t address)
{
    const uint8_t *p = (const uint8_t *)(uintptr_t)address;
    return memcmp(p + 4, "PTR ", 4) == 0 && sum_is_zero(address, 20) && (p[15] < 2 || sum_is_zero(address, 36));
}

static bool is_smbios3(uint32_t address)
{
    uint8_t length = ((const uint8_t *)(uintptr_t)address)[6];
    return length >= 0x18 && length <= 0x40 && sum_is_zero(address, length);
}

static bool is_smbios(uint32_t address)
{
    uint8_t length = ((const uint8_t *)(uintptr_t)address)[5];
    return length >= 0x1e && length <= 0x40 && sum_is_zero(address, length);
}

/* The first 16-byte paragraph in the range that begins with ANCHOR and that IS holds true for; 0: none. */
static uint32_t scan(uint32_t start, uint32_t end, uint32_t anchor, bool (*is)(uint32_t address))
{
    for (uint32_t at = start; at < end; at += 16)
        if (*(const uint32_t *)(uintptr_t)at == anchor && is(at))
            return at;
    return 0;
}

void i386_find_tables(struct boot_info *info)
{
    uint32_t ebda = *(volatile uint16_t *)0x40e * 16u;
    if (ebda >= 0x400 && ebda < 0xa0000)
        info->rsdp = scan(ebda, ebda + 1024, RSDP_ANCHOR, is_rsdp);
    if (!info->rsdp)
        info->rsdp = scan(ROM_START, ROM_END, RSDP_ANCHOR, is_rsdp);
    info->smbios = scan(SMBIOS_START, ROM_END, SMBIOS3_ANCHOR, is_smbios3);
    if (!info->smbios)
        info->smbios = scan(SMBIOS_START, ROM_END, SMBIOS_ANCHOR, is_smbios);
}
