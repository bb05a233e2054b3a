/*
 * The disk under the loader: 512-byte sectors, numbered from the start of the boot device, read-only.
 *
 * Small reads go through windows that are filled with one large read each, because a firmware call costs far more than
 * the sectors it brings. There are two, so that looking up the FAT does not throw out the directory or file being
 * read. A large read goes straight to its destination.
 *
 * Sectors are counted in 32 bits, as master boot records and FAT do: that reaches 2 TiB.
 */
#ifndef CORRODE_BOOT_DISK_H
#define CORRODE_BOOT_DISK_H

#include "boot/layout.h"
#include "lib/types.h"

enum disk_window { DISK_WINDOW_DATA, DISK_WINDOW_FAT, DISK_WINDOWS };

struct disk {
    /* Reads COUNT sectors. 0, or -1 after loader_error. The front end splits reads that are too long for it. */
    int (*read)(struct disk *disk, uint32_t sector, uint32_t count, void *buffer);
    uint32_t sectors; /* sectors on the device; 0 when it is not known: then reads ahead may fail, and are forgiven */

    struct {
        uint32_t first;
        uint32_t count;
    } window[DISK_WINDOWS]; /* what the buffers in disk.c hold */
};

/* Copies LENGTH bytes from byte OFFSET of sector SECTOR. */
int disk_read(struct disk *disk, enum disk_window window, uint32_t sector, uint32_t offset, void *to, uint32_t length);

#endif
