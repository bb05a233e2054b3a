/*
 * Windows on the disk: see disk.h.
 */
#include "boot/loader/disk.h"

#include "lib/string.h"

#define WINDOW_SECTORS 64 /* 32 KiB: what BIOSes read safely in one call */

static uint8_t buffers[DISK_WINDOWS][WINDOW_SECTORS * SECTOR_SIZE];

/* Makes the window hold SECTOR and what follows it. */
static int window_fill(struct disk *disk, enum disk_window window, uint64_t sector)
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

/* Copies from the window as much of the request as one window holds; returns the bytes, or -1. */
static int64_t window_copy(
    struct disk *disk, enum disk_window window, uint64_t sector, uint32_t offset, void *to, uint64_t length)
{
    if (sector < disk->window[window].first || sector - disk->window[window].first >= disk->window[window].count) {
        if (window_fill(disk, window, sector) < 0)
            return -1;
    }
    uint32_t skip = (uint32_t)(sector - disk->window[window].first) * SECTOR_SIZE + offset;
    uint32_t held = disk->window[window].count * SECTOR_SIZE - skip;
    uint32_t part = length < held ? (uint32_t)length : held;
    memcpy(to, buffers[window] + skip, part);
    return part;
}

int disk_read(struct disk *disk, enum disk_window window, uint64_t sector, uint64_t offset, void *to, uint64_t length)
{
    uint8_t *out = to;
    sector += offset / SECTOR_SIZE;
    uint32_t skip = offset % SECTOR_SIZE;
    while (length > 0) {
        uint64_t whole = length / SECTOR_SIZE;
        int64_t done;
        if (skip == 0 && whole >= WINDOW_SECTORS) {
            /* Not more than 32 bits' worth at once; no kernel part is near it. */
            uint32_t count = whole > 0x100000 ? 0x100000 : (uint32_t)whole;
            if (disk->read(disk, sector, count, out) < 0)
                return -1;
            done = (int64_t)count * SECTOR_SIZE;
        } else {
            done = window_copy(disk, window, sector, skip, out, length);
            if (done < 0)
                return -1;
        }
        out += done;
        length -= (uint64_t)done;
        sector += (skip + (uint64_t)done) / SECTOR_SIZE;
        skip = (skip + (uint64_t)done) % SECTOR_SIZE;
    }
    return 0;
}
