/*
 * What the boot loader handed over, looked at once more by a kernel that has been running for a while: the promises of
 * docs/boot-protocol.md that concern our own kernel.
 */
#include "ktest.h"

#include "lib/string.h"

static const struct boot_memory *range_of(paddr_t address)
{
    const struct boot_info *info = ktest_boot_info();
    for (uint64_t i = 0; i < info->memory_count; i++)
        if (address - info->memory[i].base < info->memory[i].length)
            return &info->memory[i];
    return NULL;
}

KTEST(boot_info_is_of_this_version)
{
    const struct boot_info *info = ktest_boot_info();
    KTEST_EQUAL(info->magic, BOOT_INFO_MAGIC);
    KTEST_CHECK(info->version >= BOOT_PROTOCOL_VERSION);
    KTEST_CHECK(info->size >= sizeof *info);
    KTEST_CHECK(info->firmware >= BOOT_FIRMWARE_BIOS && info->firmware <= BOOT_FIRMWARE_PVH);
    KTEST_CHECK(info->loader && strlen(info->loader) > 0);
}

KTEST(boot_memory_map_is_sane)
{
    const struct boot_info *info = ktest_boot_info();
    uint64_t usable = 0, end = 0;
    for (uint64_t i = 0; i < info->memory_count; i++) {
        const struct boot_memory *range = &info->memory[i];
        KTEST_CHECK(range->length > 0 && is_aligned(range->base | range->length, PAGE_SIZE));
        KTEST_CHECK(range->base >= end);
        KTEST_CHECK(i == 0 || range->base > end || range->type != range[-1].type);
        KTEST_CHECK(range->type >= BOOT_MEMORY_USABLE && range->type <= BOOT_MEMORY_BAD);
        end = range->base + range->length;
        usable += range->type == BOOT_MEMORY_USABLE ? range->length : 0;
    }
    KTEST_CHECK(usable >= MIB(4));
    const struct boot_memory *first = range_of(0);
    KTEST_CHECK(!first || first->type != BOOT_MEMORY_USABLE);
}

KTEST(boot_kernel_is_where_it_says)
{
    static const int here = 1;
    const struct boot_info *info = ktest_boot_info();
    KTEST_CHECK((vaddr_t)&here - info->kernel_virtual < info->kernel_size);
    KTEST_EQUAL(info->kernel_virtual - info->kernel_slide, BOOT_DEFAULT_KERNEL_BASE);
    for (uint64_t at = 0; at < info->kernel_size; at += PAGE_SIZE) {
        const struct boot_memory *range = range_of(info->kernel_physical + at);
        if (!KTEST_CHECK(range && range->type == BOOT_MEMORY_KERNEL))
            return;
    }
}

KTEST(boot_modules_are_whole_pages)
{
    const struct boot_info *info = ktest_boot_info();
    for (uint64_t i = 0; i < info->module_count; i++) {
        const struct boot_module *module = &info->modules[i];
        const uint8_t *data = module->data;
        uint64_t end = align_up(module->size, PAGE_SIZE), sum = 0;
        KTEST_CHECK(is_aligned((uintptr_t)data, PAGE_SIZE));
        for (uint64_t at = 0; at < module->size; at++)
            sum += data[at];
        for (uint64_t at = module->size; at < end; at++)
            if (!KTEST_EQUAL(data[at], 0))
                return;
        ktest_note("module \"%s\": %lu bytes, sum %lu", module->name, module->size, sum);
    }
}
