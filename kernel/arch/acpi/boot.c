/*
 * The tables in the running kernel: they are read where the boot loader's map says that there is memory, through the
 * direct map, which holds all that the loader promises for it (boot/protocol.h, boot_info.direct_map): RAM of every
 * type, the first MiB, and what the firmware reserved below 4 GiB. A table elsewhere is taken for a lie.
 */
#include "arch/acpi/acpi.h"

#include "log.h"

#define LOG_NAME "acpi"

static const struct boot_info *boot;

/* Is all of it in the direct map? */
static bool is_mapped(const struct boot_memory *range)
{
    return range->type != BOOT_MEMORY_BAD &&
           (range->type != BOOT_MEMORY_RESERVED || range->base + range->length <= GIB(4));
}

/* Ranges of the map are sorted and whole pages, but neighbours of different types may share a table between them. */
static const void *boot_map(paddr_t address, size_t size)
{
    paddr_t at = address, end = address + size;
    if (at < MIB(1))
        at = MIB(1);
    for (uint64_t i = 0; i < boot->memory_count && at < end; i++) {
        const struct boot_memory *range = &boot->memory[i];
        if (at >= range->base && at - range->base < range->length && is_mapped(range))
            at = range->base + range->length;
    }
    return at >= end ? (const void *)(boot->direct_map + address) : NULL;
}

static void boot_warn(const char *sentence)
{
    log_warning("%s", sentence);
}

void acpi_boot(const struct boot_info *info)
{
    static const struct acpi_ops ops = {.map = boot_map, .warn = boot_warn};
    boot = info;
    acpi_init(info->rsdp, &ops);
    boot = NULL;
    log_info("%u processors, %u I/O APICs, %s HPET, %s PM timer", acpi_cpu_count(), acpi_ioapic_count(),
        acpi_hpet_address() != 0 ? "an" : "no", acpi_pm_timer() != NULL ? "a" : "no");
}
