/*
 * The boot disk through EFI_BLOCK_IO_PROTOCOL: the partition that the firmware has loaded BOOTX64.EFI from, whatever
 * bus it is on. On an optical disc that is the El Torito image, in blocks of 2048 bytes.
 *
 * The loader counts sectors of 512 bytes and reads to any address. What begins and ends on a block, and whose buffer is
 * aligned as the device wants it, goes straight to its destination; the rest through a bounce buffer.
 *
 * Source: UEFI 2.10, 9.1 (loaded image), 13.9 (block I/O).
 */
#include "boot/uefi/uefi.h"

#include "boot/loader/error.h"
#include "lib/string.h"

#define BOUNCE_SECTORS 128
#define TRANSFER_SECTORS 8192 /* 4 MiB a call: long enough to cost nothing, and no driver is known to refuse it */
#define TRIES 3

static struct efi_block_io *device;
static uint32_t block_sectors; /* sectors in a block: a power of two */
static uint8_t bounce[BOUNCE_SECTORS * SECTOR_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* Reads COUNT sectors, whole blocks, to an aligned buffer. */
static int transfer(uint32_t sector, uint32_t count, void *buffer)
{
    efi_status_t status = EFI_SUCCESS;
    for (int try = 0; try < TRIES; try++) {
        status = device->read(device, device->media->id, sector / block_sectors, (size_t)count * SECTOR_SIZE, buffer);
        if (!EFI_ERROR(status))
            return 0;
        device->reset(device, false);
    }
    return loader_error("The disk does not answer at sector %u of the system partition (UEFI error %u). Try another "
                        "port, or write the image again.",
        sector, (unsigned)status);
}

static bool is_aligned_buffer(const void *buffer)
{
    uint32_t alignment = device->media->alignment;
    return alignment <= 1 || is_aligned((uintptr_t)buffer, alignment);
}

/* Reads as much of the request as one call can; returns how many sectors that was, or 0. */
static uint32_t read_part(uint32_t sector, uint32_t count, void *buffer)
{
    uint32_t skip = sector % block_sectors;
    if (skip == 0 && count >= block_sectors && is_aligned_buffer(buffer)) {
        count -= count % block_sectors;
        count = count < TRANSFER_SECTORS ? count : TRANSFER_SECTORS;
        return transfer(sector, count, buffer) < 0 ? 0 : count;
    }
    count = count < BOUNCE_SECTORS - skip ? count : BOUNCE_SECTORS - skip;
    if (transfer(sector - skip, (uint32_t)align_up(skip + count, block_sectors), bounce) < 0)
        return 0;
    memcpy(buffer, bounce + skip * SECTOR_SIZE, (size_t)count * SECTOR_SIZE);
    return count;
}

static int read(struct disk *disk, uint32_t sector, uint32_t count, void *buffer)
{
    uint8_t *to = buffer;
    while (count > 0) {
        uint32_t part = read_part(sector, count, to);
        if (part == 0)
            return -1;
        to += (size_t)part * SECTOR_SIZE;
        sector += part;
        count -= part;
    }
    return 0;
}

/* For a device that cannot be read: every read says why, with the sentence of uefi_disk_open. */
static int read_refused(struct disk *disk, uint32_t sector, uint32_t count, void *buffer)
{
    return -1;
}

void uefi_disk_open(struct disk *disk)
{
    static const struct efi_guid loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID, block_io = EFI_BLOCK_IO_PROTOCOL_GUID;
    const struct efi_loaded_image *self = uefi_protocol(uefi.image, &loaded_image);

    disk->read = read_refused;
    device = self ? uefi_protocol(self->device, &block_io) : NULL;
    const struct efi_block_media *media = device ? device->media : NULL;
    if (!media || media->block_size < SECTOR_SIZE) { /* a network boot program may put up a device that is none */
        loader_error("The firmware did not load BOOTX64.EFI from a disk (from the network?), and from there it cannot "
                     "read the kernel. Boot from a disk, stick or disc that holds the whole image.");
        return;
    }
    if (media->block_size > PAGE_SIZE || (media->block_size & (media->block_size - 1))) {
        loader_error("The boot disk has blocks of %u bytes; only 512 to 4096 can be booted from.", media->block_size);
        return;
    }
    block_sectors = media->block_size / SECTOR_SIZE;
    disk->sectors = (uint32_t)min_u64((media->last_block + 1) * block_sectors, UINT32_MAX);
    disk->read = read;
}
