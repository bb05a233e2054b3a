/*
 * The boot disk through INT 13h: by packets (EDD) where the BIOS has them, by cylinder, head and sector elsewhere.
 *
 * Transfers go through a buffer below 1 MiB that is aligned to 64 KiB, so none crosses such a boundary, and are copied
 * up from 32-bit code: no unreal mode, which not every machine and emulator keeps. No other drive is ever touched.
 * Calls are long, since each costs far more than the bytes that it brings, until one fails: from then on they are
 * short.
 *
 * Sources: BIOS Enhanced Disk Drive Services 3.0; Ralf Brown's Interrupt List, INT 13h AH=02h, 08h, 41h, 42h, 48h.
 */
#include "boot/bios/bios.h"

#include "boot/layout.h"
#include "boot/loader/error.h"
#include "lib/string.h"

#define PACKET_SECTORS 120 /* a call: what fits in the buffer, below 127, the limit of EDD 1.x */
#define SAFE_SECTORS 32    /* for a BIOS that fails at that */
#define TRIES 3

static struct {
    uint8_t drive;
    bool has_packets;
    uint32_t sector_shift; /* 512-byte sectors in one of the drive's: 0, or 2 on an optical disc */
    uint32_t heads, sectors_a_track;
    uint32_t packet_sectors; /* for one call, at most */
} drive;

struct packet {
    uint8_t size, zero;
    uint16_t count;
    uint16_t offset, segment;
    uint64_t block;
} __attribute__((packed));

struct parameters {
    uint16_t size, flags;
    uint32_t cylinders, heads, sectors_a_track;
    uint64_t sectors;
    uint16_t bytes_a_sector;
    uint32_t edd;
} __attribute__((packed));

static void reset(void)
{
    struct bios_registers r = {.eax = 0, .edx = drive.drive};
    bios_call(0x13, &r);
}

/* Reads COUNT of the drive's own blocks into the bounce buffer. */
static bool read_packet(uint64_t block, uint16_t count)
{
    static struct packet packet;
    packet = (struct packet){.size = sizeof packet, .count = count, .segment = BIOS_BOUNCE >> 4, .block = block};
    struct bios_registers r = {
        .eax = 0x4200, .edx = drive.drive, .ds = bios_segment(&packet), .esi = bios_offset(&packet)};
    bios_call(0x13, &r);
    return !bios_failed(&r);
}

static bool read_chs(uint32_t sector, uint8_t count)
{
    uint32_t track = sector / drive.sectors_a_track;
    uint32_t cylinder = track / drive.heads, head = track % drive.heads;
    if (cylinder > 1023)
        return false;
    uint32_t number = sector % drive.sectors_a_track + 1;
    struct bios_registers r = {
        .eax = 0x0200 | count,
        .ecx = (cylinder & 0xff) << 8 | (cylinder >> 2 & 0xc0) | number,
        .edx = head << 8 | drive.drive,
        .es = BIOS_BOUNCE >> 4,
    };
    bios_call(0x13, &r);
    return !bios_failed(&r);
}

/* One call for up to COUNT sectors from SECTOR: how many it is to cover, and what its buffer begins with too much. */
static uint32_t transfer_size(uint32_t sector, uint32_t count, uint32_t *skip)
{
    *skip = sector & ((1u << drive.sector_shift) - 1);
    uint32_t limit = drive.packet_sectors - *skip;
    if (!drive.has_packets)
        limit = drive.sectors_a_track - sector % drive.sectors_a_track; /* not beyond the track */
    return count < limit ? count : limit;
}

static bool transfer(uint32_t sector, uint32_t skip, uint32_t count)
{
    for (int try = 0; try < TRIES; try++) {
        uint32_t blocks = (skip + count + (1u << drive.sector_shift) - 1) >> drive.sector_shift;
        if (drive.has_packets ? read_packet(sector >> drive.sector_shift, (uint16_t)blocks)
                              : read_chs(sector, (uint8_t)count))
            return true;
        reset();
    }
    return false;
}

static int read(struct disk *disk, uint32_t sector, uint32_t count, void *buffer)
{
    uint8_t *to = buffer;
    while (count > 0) {
        uint32_t skip, part = transfer_size(sector, count, &skip);
        if (!transfer(sector, skip, part)) {
            if (drive.packet_sectors > SAFE_SECTORS) {
                drive.packet_sectors = SAFE_SECTORS;
                continue;
            }
            return loader_error("The disk does not answer at sector %u (drive %02xh). Try another port, or write the "
                                "image again.",
                sector, drive.drive);
        }
        memcpy(to, (uint8_t *)BIOS_BOUNCE + skip * SECTOR_SIZE, part * SECTOR_SIZE);
        to += part * SECTOR_SIZE;
        sector += part;
        count -= part;
    }
    return 0;
}

/* For a drive that cannot be read: every read says why. */
static int read_refused(struct disk *disk, uint32_t sector, uint32_t count, void *buffer)
{
    return -1;
}

static bool open_packets(struct disk *disk)
{
    struct bios_registers r = {.eax = 0x4100, .ebx = 0x55aa, .edx = drive.drive};
    bios_call(0x13, &r);
    if (bios_failed(&r) || (r.ebx & 0xffff) != 0xaa55 || !(r.ecx & 1))
        return false;
    drive.has_packets = true;

    static struct parameters p;
    p = (struct parameters){.size = 26};
    r = (struct bios_registers){.eax = 0x4800, .edx = drive.drive, .ds = bios_segment(&p), .esi = bios_offset(&p)};
    bios_call(0x13, &r);
    if (bios_failed(&r))
        return true; /* then it is an ordinary disk */
    if (p.bytes_a_sector == DISC_BLOCK_SIZE)
        drive.sector_shift = 2;
    else if (p.bytes_a_sector != SECTOR_SIZE && p.bytes_a_sector != 0) {
        loader_error("The boot disk has sectors of %u bytes; only 512, or 2048 on a disc, can be booted from.",
            p.bytes_a_sector);
        disk->read = read_refused;
    }
    return true;
}

static bool open_chs(void)
{
    struct bios_registers r = {.eax = 0x0800, .edx = drive.drive};
    bios_call(0x13, &r);
    drive.sectors_a_track = r.ecx & 0x3f;
    drive.heads = (r.edx >> 8 & 0xff) + 1;
    return !bios_failed(&r) && drive.sectors_a_track > 0;
}

int bios_disk_open(struct disk *disk, uint8_t number)
{
    disk->read = read;
    drive.drive = number;
    drive.packet_sectors = PACKET_SECTORS;
    if (open_packets(disk) || open_chs())
        return 0;
    disk->read = read_refused;
    return loader_error("The BIOS does not know the geometry of drive %02xh. Try another port.", number);
}
