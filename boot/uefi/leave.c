/*
 * A page for the last code under the firmware's page tables, which enter.S describes: below 4 GiB, and executable even
 * where the firmware makes all that it allocates not so.
 *
 * Source: UEFI 2.10, 2.3.4 (memory is mapped one to one), 37.7 (memory attributes).
 */
#include "boot/uefi/uefi.h"

#include "boot/loader/error.h"
#include "boot/uefi/enter.h"
#include "lib/string.h"

static paddr_t page;

int uefi_prepare_enter(void)
{
    static const struct efi_guid protocol = EFI_MEMORY_ATTRIBUTE_PROTOCOL_GUID;
    paddr_t address = GIB(4) - 1;
    if (EFI_ERROR(uefi.boot->allocate_pages(AllocateMaxAddress, EfiLoaderCode, 1, &address)))
        return loader_error("The firmware has no page of memory left below 4 GiB.");
    struct efi_memory_attribute *attribute = uefi_any_protocol(&protocol);
    if (attribute)
        attribute->clear(attribute, address, PAGE_SIZE, EFI_MEMORY_XP | EFI_MEMORY_RO);
    page = address;
    memcpy((void *)page, enter_copy_start, (size_t)(enter_copy_end - enter_copy_start));
    return 0;
}

void uefi_enter(uint32_t entry, uint32_t blob)
{
    enter_by((const void *)page, entry, blob);
}
