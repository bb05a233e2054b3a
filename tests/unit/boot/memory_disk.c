/*
 * The disk in memory: see memory_disk.h. Its sentences are like those of a front end.
 */
#include "tests/unit/boot/memory_disk.h"

#include "boot/loader/error.h"

#include <string.h>

static int read_sectors(struct disk *disk, uint32_t sector, uint32_t count, void *buffer)
{
    struct memory_disk *d = (struct memory_disk *)disk;
    d->reads++;
    d->failures++; /* until it is not; what was read until then may be anything */
    memset(buffer, 0xbd, (size_t)count * SECTOR_SIZE);
    if (d->fail_from != 0 && d->reads >= d->fail_from)
        return loader_error("The test disk fails at read %u.", d->reads);
    if (sector >= d->sectors || count > d->sectors - sector)
        return loader_error("The test disk ends at sector %u; sector %u was asked for.", d->sectors, sector);
    if (sector < d->bad_first + d->bad_count && d->bad_first < sector + count)
        return loader_error("The test disk cannot read sector %u.", d->bad_first);
    memcpy(buffer, d->bytes + (size_t)sector * SECTOR_SIZE, (size_t)count * SECTOR_SIZE);
    d->failures--;
    d->sectors_read += count;
    return 0;
}

void memory_disk_open(struct memory_disk *disk, void *bytes, uint32_t sectors)
{
    *disk = (struct memory_disk){
        .disk = {.read = read_sectors, .sectors = sectors},
        .bytes = bytes,
        .sectors = sectors,
    };
}

void memory_disk_reset(struct memory_disk *disk)
{
    disk->reads = disk->failures = 0;
    disk->sectors_read = 0;
    memset(disk->disk.window, 0, sizeof disk->disk.window);
}
