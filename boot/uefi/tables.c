/*
 * Where the firmware has put the ACPI and SMBIOS tables, and its random number generator.
 *
 * Source: UEFI 2.10, 4.6 (configuration tables), 37.5 (random numbers); ACPI 6.5, 5.2.5.2 (the RSDP on UEFI systems).
 */
#include "boot/uefi/uefi.h"

#include "lib/string.h"

static paddr_t table(struct efi_guid guid)
{
    const struct efi_system_table *system = uefi.system;
    for (size_t i = 0; i < system->table_count; i++)
        if (memcmp(&system->tables[i].guid, &guid, sizeof guid) == 0)
            return (uintptr_t)system->tables[i].table;
    return 0;
}

void uefi_find_tables(struct boot_info *info)
{
    info->efi.system_table = (uintptr_t)uefi.system;
    info->rsdp = table((struct efi_guid)ACPI_20_TABLE_GUID);
    if (!info->rsdp)
        info->rsdp = table((struct efi_guid)ACPI_TABLE_GUID);
    info->smbios = table((struct efi_guid)SMBIOS3_TABLE_GUID);
    if (!info->smbios)
        info->smbios = table((struct efi_guid)SMBIOS_TABLE_GUID);
}

size_t uefi_entropy(uint8_t *buffer, size_t size)
{
    static const struct efi_guid protocol = EFI_RNG_PROTOCOL_GUID;
    struct efi_rng *generator = uefi_any_protocol(&protocol);
    return generator && !EFI_ERROR(generator->get(generator, NULL, size, buffer)) ? size : 0;
}
