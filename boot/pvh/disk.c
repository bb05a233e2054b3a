/*
 * The boot disk that is in memory already: the monitor's first module, an ordinary disk image.
 *
 * Source: Xen, public/arch-x86/hvm/start_info.h (hvm_modlist_entry).
 */
#include "boot/pvh/pvh.h"

#include "boot/loader/error.h"
#include "lib/string.h"

static const uint8_t *image;

static int read(struct disk *disk, uint32_t sector, uint32_t count, void *buffer)
{
    if (sector >= disk->sectors || count > disk->sectors - sector)
        return loader_error("The disk image ends at sector %u, but sector %u is wanted: it is cut off. Make it again.",
            disk->sectors, sector + count - 1);
    memcpy(buffer, image + sector * SECTOR_SIZE, count * SECTOR_SIZE);
    return 0;
}

int pvh_disk_open(struct disk *disk, const struct hvm_start_info *start)
{
    const struct hvm_module *module = (const void *)(uintptr_t)start->modules;
    if (start->module_count == 0 || start->modules >= GIB(4) || module->size < SECTOR_SIZE)
        return loader_error("There is no disk image. Give one as the initial RAM disk (QEMU: -initrd IMAGE).");
    if (module->base >= GIB(4) || module->size > GIB(4) - module->base)
        return loader_error("The disk image lies above 4 GiB, out of the loader's reach. Use a smaller one.");
    image = (const uint8_t *)(uintptr_t)module->base;
    disk->read = read;
    disk->sectors = (uint32_t)(module->size / SECTOR_SIZE);
    return 0;
}
