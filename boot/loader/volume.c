/*
 * Finding the system partition: the active FAT partition of the master boot record, else its first FAT partition, else
 * the whole device when it carries a FAT file system without partitions.
 *
 * Source: UEFI 2.10, 5.2.1 (master boot record).
 */
#include "boot/loader/error.h"
#include "boot/loader/loader_internal.h"

#include "lib/string.h"

#define ACTIVE 0x80

struct mbr_entry {
    uint8_t status, first_chs[3], type, last_chs[3];
    uint32_t first_sector, sectors;
} __attribute__((packed));

static bool is_fat_type(uint8_t type)
{
    switch (type) {
    case 0x04: /* FAT16 below 32 MiB */
    case 0x06: /* FAT16 */
    case 0x0b: /* FAT32 */
    case 0x0c: /* FAT32, LBA */
    case 0x0e: /* FAT16, LBA */
    case 0xef: /* EFI system partition */ return true;
    }
    return false;
}

int loader_find_volume(struct platform *platform, uint32_t *sector)
{
    uint8_t mbr[SECTOR_SIZE];
    struct mbr_entry entries[4];
    const struct mbr_entry *chosen = NULL;

    *sector = 0;
    if (platform->is_partition)
        return 0;
    if (disk_read(&platform->disk, DISK_WINDOW_DATA, 0, 0, mbr, sizeof mbr) < 0)
        return -1;
    if (mbr[510] != 0x55 || mbr[511] != 0xaa)
        return loader_error("The %s has no partition table. Write the image to it again.", platform->medium);
    memcpy(entries, mbr + MBR_TABLE_OFFSET, sizeof entries);
    for (int i = 0; i < 4; i++) {
        if (!is_fat_type(entries[i].type) || entries[i].first_sector == 0)
            continue;
        if (!chosen || (entries[i].status == ACTIVE && chosen->status != ACTIVE))
            chosen = &entries[i];
    }
    if (chosen)
        *sector = chosen->first_sector;
    else if (memcmp(mbr + 54, "FAT", 3) != 0 && memcmp(mbr + 82, "FAT", 3) != 0)
        return loader_error("The %s has no FAT partition. Write the image to it again.", platform->medium);
    return 0;
}
