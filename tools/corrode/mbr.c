/*
 * The partition table: one active FAT partition, which is what the pickiest firmware still boots. Cylinders, heads and
 * sectors are real, for some BIOSes take the disk's geometry from them.
 * Source: UEFI 2.10, 5.2.1.
 */
#include "image_internal.h"

#include "boot/layout.h"
#include "text.h"

#include <string.h>

#define HEADS 255
#define SECTORS 63 /* a track */
#define ACTIVE 0x80
#define TYPE_FAT32_LBA 0x0c
#define TYPE_FAT16_LBA 0x0e

static void put_chs(uint8_t *at, uint64_t sector)
{
    uint64_t cylinder = sector / (HEADS * SECTORS);
    uint32_t head = sector / SECTORS % HEADS, number = sector % SECTORS + 1;
    if (cylinder > 1023) { /* beyond what 10 bits say */
        cylinder = 1023;
        head = HEADS - 1;
        number = SECTORS;
    }
    at[0] = (uint8_t)head;
    at[1] = (uint8_t)(number | (cylinder >> 2 & 0xc0));
    at[2] = cylinder & 0xff;
}

void mbr_fill(uint8_t *sector, uint32_t signature, uint64_t image_sectors, bool fat32)
{
    uint8_t *entry = sector + MBR_TABLE_OFFSET;
    put_le32(sector + MBR_SIGNATURE_OFFSET, signature ? signature : 1); /* 0 means none */
    put_le16(sector + MBR_SIGNATURE_OFFSET + 4, 0);
    memset(entry, 0, 4 * 16);
    entry[0] = ACTIVE;
    put_chs(entry + 1, LAYOUT_PARTITION_SECTOR);
    entry[4] = fat32 ? TYPE_FAT32_LBA : TYPE_FAT16_LBA;
    put_chs(entry + 5, image_sectors - 1);
    put_le32(entry + 8, LAYOUT_PARTITION_SECTOR);
    put_le32(entry + 12, (uint32_t)(image_sectors - LAYOUT_PARTITION_SECTOR));
    put_le16(sector + SECTOR_SIZE - 2, 0xaa55);
}
