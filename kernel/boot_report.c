/*
 * The boot report: one line for each thing in boot_info, the memory map as a table, and what the kernel has made of it.
 */
#include "boot_report.h"

#include "arch/acpi/acpi.h"
#include "arch/x86_64/smp.h"
#include "lib/printf.h"
#include "lib/types.h"
#include "mm/page.h"
#include "sched/sched.h"
#include "time/clock.h"
#include "tty/console.h"

/* A size as a person says it; TEXT has room for it. */
struct size_text {
    char text[24];
};

static const char *format_size(struct size_text *to, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;
    while (bytes >= 10240 && unit + 1 < ARRAY_LENGTH(units)) {
        bytes = (bytes + 512) / 1024;
        unit++;
    }
    snprintf(to->text, sizeof to->text, "%lu %s", bytes, units[unit]);
    return to->text;
}

static const char *name_of(const char *const *names, size_t count, uint32_t number)
{
    return number < count && names[number] != NULL ? names[number] : "unknown";
}

static void report_loader(const struct boot_info *info)
{
    static const char *const firmware[] = {
        [BOOT_FIRMWARE_BIOS] = "BIOS",
        [BOOT_FIRMWARE_UEFI] = "UEFI",
        [BOOT_FIRMWARE_PVH] = "no firmware (PVH)",
    };
    console_printf("loader        %s, protocol %u, from %s\n", info->loader, info->version,
        name_of(firmware, ARRAY_LENGTH(firmware), info->firmware));
    console_printf("command line  \"%s\"\n", info->cmdline);
    console_printf("entropy       %u bits\n", info->seed_bits);
}

static void report_kernel(const struct boot_info *info)
{
    struct size_text size;
    console_printf("kernel        %#lx at physical %#lx, %s, slid by %#lx\n", info->kernel_virtual,
        info->kernel_physical, format_size(&size, info->kernel_size), info->kernel_slide);
    console_printf("stack         %#lx, %s\n", info->stack_base, format_size(&size, info->stack_size));
    console_printf("page table    physical %#lx\n", info->page_table);
    console_printf("direct map    %#lx, %s\n", info->direct_map, format_size(&size, info->direct_map_size));
}

static void report_modules(const struct boot_info *info)
{
    struct size_text size;
    for (uint64_t i = 0; i < info->module_count; i++) {
        const struct boot_module *module = &info->modules[i];
        console_printf("module        %s at physical %#lx, %s\n", module->name, module->physical,
            format_size(&size, module->size));
    }
}

static void report_table(const char *name, uint64_t physical)
{
    if (physical != 0)
        console_printf("%-14sphysical %#lx\n", name, physical);
    else
        console_printf("%-14snone\n", name);
}

static void report_devices(const struct boot_info *info)
{
    const struct boot_framebuffer *f = &info->framebuffer;
    if (info->text.cells != NULL)
        console_printf("screen        text, %u columns, %u rows\n", info->text.columns, info->text.rows);
    else if (f->address != NULL)
        console_printf(
            "screen        %ux%u pixels of %u bits at physical %#lx\n", f->width, f->height, f->bpp, f->physical);
    else
        console_print("screen        none\n");

    if (info->serial.port != 0)
        console_printf("serial port   %#x, %u baud\n", info->serial.port, info->serial.baud);
    else
        console_print("serial port   none\n");

    report_table("ACPI RSDP", info->rsdp);
    report_table("SMBIOS", info->smbios);
}

static void report_memory(const struct boot_info *info)
{
    static const char *const types[] = {
        [BOOT_MEMORY_USABLE] = "usable",
        [BOOT_MEMORY_BOOT] = "boot loader",
        [BOOT_MEMORY_STACK] = "stack",
        [BOOT_MEMORY_KERNEL] = "kernel",
        [BOOT_MEMORY_MODULE] = "module",
        [BOOT_MEMORY_ACPI_RECLAIMABLE] = "ACPI tables",
        [BOOT_MEMORY_ACPI_NVS] = "ACPI NVS",
        [BOOT_MEMORY_FIRMWARE] = "firmware",
        [BOOT_MEMORY_RESERVED] = "reserved",
        [BOOT_MEMORY_FRAMEBUFFER] = "framebuffer",
        [BOOT_MEMORY_BAD] = "faulty",
    };
    struct size_text size;
    uint64_t usable = 0;

    for (uint64_t i = 0; i < info->memory_count; i++) {
        const struct boot_memory *range = &info->memory[i];
        console_printf("memory        %#014lx to %#014lx  %11s  %s\n", range->base, (range->base + range->length - 1),
            format_size(&size, range->length), name_of(types, ARRAY_LENGTH(types), range->type));
        if (range->type == BOOT_MEMORY_USABLE)
            usable += range->length;
    }
    console_printf("usable memory %s\n", format_size(&size, usable));
}

static void report_machine(void)
{
    struct size_text free, total;
    unsigned online = 0;
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
        online += cpu_mask_has(&cpus_online, cpu);
    console_printf("processors    %u of %u run\n", online, acpi_cpu_count());
    console_printf("memory        %s free of %s\n", format_size(&free, page_free_count() * PAGE_SIZE),
        format_size(&total, page_total_count() * PAGE_SIZE));
    console_printf("clock         %s, the time-stamp counter at %lu MHz\n", clock_name(), clock_tsc_hz() / 1000000);
    console_printf("threads       %lu\n", thread_count());
    console_printf("up after      %lu microseconds\n", (unsigned long)(clock_monotonic() / NS_PER_US));
}

void boot_report(const struct boot_info *info)
{
    report_loader(info);
    report_kernel(info);
    report_modules(info);
    report_devices(info);
    report_memory(info);
    report_machine();
}
