/*
 * Windows on the disk: see disk.h.
 */
#include "boot/loader/disk.h"

#include "lib/string.h"

#define WINDOW_SECTORS 64 /* 32 KiB: what BIOSes read safely in one call */

static uint8_t buffers[DISK_WINDOWS][WINDOW_SECTORS * SECTOR_SIZE];

/* Makes the window hold SECTOR and what follows it. */
static int window_fill(struct disk *disk, enum disk_window window, uint32_t sector)
{
    uint32_t count = WINDOW_SECTORS;
    if (disk->sectors > sector && disk->sectors - sector < count)
        count = disk->sectors - sector;
    disk->window[window].count = 0;
    int status = disk->read(disk, sector, count, buffers[window]);
    if (status < 0 && count > 1) {
        /* Perhaps only a sector that no one asked for is bad, or the disk ends. */
        count = 1;
        status = disk->read(disk, sector, count, buffers[window]);
    }
    if (status < 0)
        return -1;
    disk->window[window].first = sector;
    disk->window[window].count = count;
    return 0;
}

/* Copies from the window as much of the request as one window holds; returns the bytes, or 0 on failure. */
static uint32_t window_copy(
    struct disk *disk, enum disk_window window, uint32_t sector, uint32_t offset, void *to, uint32_t length)
{
    if (sector < disk->window[window].first || sector - disk->window[window].first >= disk->window[window].count) {
        if (window_fill(disk, window, sector) < 0)
            return 0;
    }
    uint32_t skip = (sector - disk->window[window].first) * SECTOR_SIZE + offset;
    uint32_t held = disk->window[window].count * SECTOR_SIZE - skip;
    uint32_t part = length < held ? length : held;
    memcpy(to, buffers[window] + skip, part);
    return part;
}

int disk_read(struct disk *disk, enum disk_window window, uint32_t sector, uint32_t offset, void *to, uint32_t length)
{
    uint8_t *out = to;
    while (length > 0) {
        uint32_t at = sector + offset / SECTOR_SIZE, skip = offset % SECTOR_SIZE;
        uint32_t count = length / SECTOR_SIZE, done;
        if (skip == 0 && count >= WINDOW_SECTORS)
            done = disk->read(disk, at, count, out) < 0 ? 0 : count * SECTOR_SIZE;
        else
            done = window_copy(disk, window, at, skip, out, length);
        if (done == 0)
            return -1;
        out += done;
        length -= done;
        offset += done;
    }
    return 0;
}
