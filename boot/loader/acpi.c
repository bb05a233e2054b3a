/*
 * Finding the I/O APICs, which a kernel expects silent and some firmware leaves armed: the hand-off masks them.
 *
 * The tables are the firmware's and are read where they lie, in physical memory below 4 GiB, which both the 32-bit
 * front ends and UEFI have mapped one to one. Lengths are bounded and checksums must hold before anything is believed.
 *
 * Sources: ACPI 6.5, 5.2.5 (RSDP), 5.2.7 (RSDT), 5.2.8 (XSDT), 5.2.12 (MADT).
 */
#include "boot/loader/loader_internal.h"

#include "lib/string.h"

#define MAX_TABLE 0x10000
#define MADT_ENTRIES 44
#define MADT_IO_APIC 1

static uint32_t get32(const uint8_t *p)
{
    return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool sum_is_zero(const uint8_t *table, uint32_t length)
{
    uint8_t sum = 0;
    for (uint32_t i = 0; i < length; i++)
        sum += table[i];
    return sum == 0;
}

/* The table at ADDRESS if it can be read and holds together; its length too. */
static const uint8_t *table_at(uint64_t address, uint32_t *length)
{
    if (address == 0 || address >= GIB(4) - MAX_TABLE)
        return NULL;
    const uint8_t *table = physical(address);
    *length = get32(table + 4);
    return *length >= 36 && *length <= MAX_TABLE && sum_is_zero(table, *length) ? table : NULL;
}

static void list_io_apics(const uint8_t *madt, uint32_t length, uint32_t *addresses, uint32_t *count, uint32_t max)
{
    for (uint32_t at = MADT_ENTRIES; at + 2 <= length && madt[at + 1] >= 2; at += madt[at + 1]) {
        if (madt[at] == MADT_IO_APIC && at + 12 <= length && get32(madt + at + 4) >= MIB(1) && *count < max)
            addresses[(*count)++] = get32(madt + at + 4);
    }
}

void acpi_find_io_apics(paddr_t rsdp, uint32_t *addresses, uint32_t max)
{
    uint32_t length, table_length, count = 0;
    if (rsdp == 0 || rsdp >= GIB(4) - PAGE_SIZE)
        return;
    const uint8_t *root = physical(rsdp);
    uint64_t xsdt = root[15] >= 2 ? get32(root + 24) | (uint64_t)get32(root + 28) << 32 : 0;
    uint32_t width = xsdt ? 8 : 4;
    const uint8_t *list = table_at(xsdt ? xsdt : get32(root + 16), &length);
    for (uint32_t at = 36; list && at + width <= length; at += width) {
        uint64_t address = get32(list + at) | (width == 8 ? (uint64_t)get32(list + at + 4) << 32 : 0);
        const uint8_t *table = table_at(address, &table_length);
        if (table && memcmp(table, "APIC", 4) == 0)
            list_io_apics(table, table_length, addresses, &count, max);
    }
}
