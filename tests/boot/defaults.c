/*
 * A kernel that asks for nothing gets the documented defaults, and a boot_info that is consistent in itself.
 */
#include "test.h"

BOOT_REQUEST(.flags = 0);

static void check_map(const struct boot_info *info)
{
    CHECK(info->memory_count > 4);
    for (uint64_t i = 0; i < info->memory_count; i++) {
        const struct boot_memory *m = &info->memory[i];
        CHECK(m->length > 0 && is_aligned(m->base | m->length, PAGE_SIZE));
        CHECK(m->type >= BOOT_MEMORY_USABLE && m->type <= BOOT_MEMORY_BAD && m->reserved == 0);
        if (i > 0) {
            CHECK(m[-1].base + m[-1].length <= m->base);
            CHECK(m[-1].base + m[-1].length < m->base || m[-1].type != m->type);
        }
    }
    CHECK(test_memory_type(info, 0) != BOOT_MEMORY_USABLE);
    CHECK(test_memory_total(info, BOOT_MEMORY_KERNEL) == info->kernel_size);
    CHECK(test_memory_total(info, BOOT_MEMORY_STACK) == info->stack_size);
    CHECK(test_memory_type(info, info->kernel_physical) == BOOT_MEMORY_KERNEL);
    CHECK(test_memory_type(info, info->page_table) == BOOT_MEMORY_BOOT);
    CHECK(test_memory_type(info, (uint64_t)info - info->direct_map) == BOOT_MEMORY_BOOT);
    CHECK(test_memory_type(info, (uint64_t)info->cmdline - info->direct_map) == BOOT_MEMORY_BOOT);
    CHECK(test_memory_type(info, (uint64_t)info->memory - info->direct_map) == BOOT_MEMORY_BOOT);
}

static void check_screen(const struct boot_info *info)
{
    const struct boot_framebuffer *fb = &info->framebuffer;
    CHECK(!fb->address || !info->text.cells);
    if (fb->address) {
        CHECK(fb->width >= 640 && fb->height >= 400 && fb->pitch >= fb->width * (fb->bpp / 8));
        CHECK(fb->bpp == 32 || fb->bpp == 24 || fb->bpp == 16);
        CHECK(fb->red.size && fb->green.size && fb->blue.size);
        CHECK((uint64_t)fb->address == info->direct_map + fb->physical);
        CHECK(test_memory_type(info, fb->physical) == BOOT_MEMORY_FRAMEBUFFER);
        CHECK(test_memory_type(info, fb->physical + (uint64_t)fb->pitch * fb->height - 1) == BOOT_MEMORY_FRAMEBUFFER);
    }
    if (info->text.cells) {
        CHECK(info->text.columns == 80 && info->text.rows == 25);
        CHECK(info->text.cursor_column < 80 && info->text.cursor_row < 25);
    }
}

static void check_firmware(const struct boot_info *info)
{
    CHECK(info->rsdp != 0);
    CHECK(memcmp((const void *)(info->direct_map + info->rsdp), "RSD PTR ", 8) == 0);
    CHECK(info->firmware == BOOT_FIRMWARE_PVH || info->smbios != 0);
    if (info->smbios)
        CHECK(memcmp((const void *)(info->direct_map + info->smbios), "_SM", 3) == 0);
    if (info->firmware == BOOT_FIRMWARE_UEFI) {
        CHECK(info->efi.system_table != 0 && info->efi.memory_map != NULL);
        CHECK(test_memory_type(info, (uint64_t)info->efi.memory_map - info->direct_map) == BOOT_MEMORY_BOOT);
        CHECK(info->efi.descriptor_size >= 40 && info->efi.memory_map_size % info->efi.descriptor_size == 0);
        CHECK(memcmp((const void *)(info->direct_map + info->efi.system_table), "IBI SYST", 8) == 0);
    } else {
        CHECK(info->efi.system_table == 0);
    }
}

void test(const struct boot_info *info)
{
    CHECK(info->stack_size == BOOT_DEFAULT_STACK_SIZE);
    CHECK(info->direct_map == BOOT_DEFAULT_DIRECT_MAP);
    CHECK(info->kernel_slide == 0);
    CHECK(info->module_count == 0);
    CHECK(info->cmdline[0] == '\0');
    CHECK(strncmp(info->loader, "Corrode ", 8) == 0);
    CHECK(info->serial.port == 0x3f8 && info->serial.baud == 115200);
    CHECK(info->tsc_at_entry != 0);
    CHECK(info->seed_bits <= 256);
    check_map(info);
    check_screen(info);
    check_firmware(info);
}
