/*
 * Memory under UEFI: the firmware's allocator, its map, and the end of its boot services.
 *
 * Until the end the firmware owns all memory and every page comes from its allocator. Its map is then read into a
 * buffer that is there already and has room to spare, for between GetMemoryMap and ExitBootServices nothing may happen
 * that changes the map; if the firmware itself changed it, the key is refused, and both calls are made again. What boot
 * services and loaders held is free from then on; the loader's own claims, which are in the map already, are stronger.
 *
 * Source: UEFI 2.10, 7.2 (memory services, table 7.10: what each type means after ExitBootServices), 7.4.6
 * (ExitBootServices).
 */
#include "boot/uefi/uefi.h"

#include "boot/loader/error.h"

#define SLACK PAGE_SIZE /* a hundred descriptors more than now: what the loader takes meanwhile splits a few */
#define TRIES 8

/* The firmware's map, as it gives it. */
static struct {
    paddr_t buffer;
    size_t capacity;
    size_t size, key, descriptor_size;
    uint32_t descriptor_version;
} raw;

paddr_t uefi_allocate(uint64_t size, paddr_t at, paddr_t limit)
{
    enum efi_allocate_type how = at ? AllocateAddress : limit ? AllocateMaxAddress : AllocateAnyPages;
    paddr_t address = at ? at : limit - 1;
    size_t pages = (size_t)(align_up(size, PAGE_SIZE) / PAGE_SIZE);
    return EFI_ERROR(uefi.boot->allocate_pages(how, EfiLoaderData, pages, &address)) ? 0 : address;
}

static uint32_t type_of(const struct efi_memory_descriptor *descriptor)
{
    switch (descriptor->type) {
    case EfiLoaderCode:
    case EfiLoaderData:
    case EfiBootServicesCode:
    case EfiBootServicesData:
    case EfiConventionalMemory:
        return descriptor->attributes & EFI_MEMORY_SP ? BOOT_MEMORY_RESERVED : BOOT_MEMORY_USABLE;
    case EfiRuntimeServicesCode:
    case EfiRuntimeServicesData: return BOOT_MEMORY_FIRMWARE;
    case EfiUnusableMemory: return BOOT_MEMORY_BAD;
    case EfiACPIReclaimMemory: return BOOT_MEMORY_ACPI_RECLAIMABLE;
    case EfiACPIMemoryNVS: return BOOT_MEMORY_ACPI_NVS;
    default: /* devices, persistent and unaccepted memory, and what a later specification may bring */
        return BOOT_MEMORY_RESERVED;
    }
}

static efi_status_t read_raw(void)
{
    raw.size = raw.capacity;
    return uefi.boot->get_memory_map(
        &raw.size, (void *)raw.buffer, &raw.key, &raw.descriptor_size, &raw.descriptor_version);
}

/* Makes the buffer large enough for the map as it is now, and for more. */
static int reserve_raw(void)
{
    size_t size = 0;
    uefi.boot->get_memory_map(&size, NULL, &raw.key, &raw.descriptor_size, &raw.descriptor_version);
    if (raw.capacity >= size + SLACK)
        return 0;
    raw.capacity = (size_t)align_up(size + 2 * SLACK, PAGE_SIZE);
    raw.buffer = uefi_allocate(raw.capacity, 0, 0);
    return raw.buffer ? 0 : loader_error("The firmware has no memory left for its own memory map.");
}

static int add_raw(struct memory_map *map)
{
    if (raw.descriptor_size < sizeof(struct efi_memory_descriptor))
        return loader_error("The firmware's memory map makes no sense (descriptors of %u bytes). Update the firmware.",
            (unsigned)raw.descriptor_size);
    for (size_t at = 0; at + raw.descriptor_size <= raw.size; at += raw.descriptor_size) {
        const struct efi_memory_descriptor *descriptor = (const void *)(raw.buffer + at);
        memory_map_add(map, descriptor->physical, min_u64(descriptor->pages, MEMORY_MAP_LIMIT / PAGE_SIZE) * PAGE_SIZE,
            type_of(descriptor));
    }
    return 0;
}

int uefi_memory_map(struct memory_map *map)
{
    if (reserve_raw() < 0)
        return -1;
    efi_status_t status = read_raw();
    if (EFI_ERROR(status))
        return loader_error("The firmware does not give its memory map (UEFI error %u).", (unsigned)status);
    return add_raw(map);
}

/* From the first try on nothing but these two calls is allowed. */
static efi_status_t exit_boot_services(void)
{
    efi_status_t status = EFI_SUCCESS;
    for (int try = 0; try < TRIES; try++) {
        status = read_raw();
        if (!EFI_ERROR(status))
            status = uefi.boot->exit_boot_services(uefi.image, raw.key);
        if (!EFI_ERROR(status))
            break;
    }
    uefi.boot = NULL;
    return status;
}

int uefi_leave(struct memory_map *map, struct boot_info *info)
{
    if (uefi_prepare_enter() < 0 || reserve_raw() < 0)
        return -1;
    efi_status_t status = exit_boot_services();
    if (EFI_ERROR(status))
        return loader_error("The firmware does not let go of the machine (ExitBootServices: UEFI error %u). Update the "
                            "firmware.",
            (unsigned)status);
    __asm__ volatile("cli");
    info->efi.memory_map = raw.buffer;
    info->efi.memory_map_size = raw.size;
    info->efi.descriptor_size = (uint32_t)raw.descriptor_size;
    info->efi.descriptor_version = raw.descriptor_version;
    memory_map_add(map, raw.buffer, raw.capacity, BOOT_MEMORY_BOOT);
    return add_raw(map);
}
