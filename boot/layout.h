/*
 * Where things lie in a Corrode image and in low memory: shared by the assembler stages, the loader and the image
 * tool, so it holds only preprocessor constants.
 *
 * One file is a hard disk, a USB stick and an optical disc (sectors of 512 bytes; blocks of 2048):
 *
 *     sector    0            stage 1: master boot record, one active FAT partition
 *     sector   64 (block 16) ISO 9660 volume descriptors, El Torito catalogue, directory of the disc
 *     sector  124 (block 31) a copy of stage 1: the El Torito image that a BIOS loads from a disc
 *     sector  128 (block 32) stage 2, at most 32 KiB
 *     sector 2048 (block 512) the FAT system partition; also the El Torito image for UEFI
 *
 * Sources: ECMA-119 (ISO 9660); "El Torito" Bootable CD-ROM Format Specification 1.0; UEFI 2.10, 13.3.2.
 */
#ifndef CORRODE_BOOT_LAYOUT_H
#define CORRODE_BOOT_LAYOUT_H

#define SECTOR_SIZE 512
#define DISC_BLOCK_SIZE 2048

/* In the image, in 512-byte sectors. */
#define LAYOUT_ISO_SECTOR 64
#define LAYOUT_DISC_STAGE1_SECTOR 124
#define LAYOUT_STAGE2_SECTOR 128
#define LAYOUT_STAGE2_MAX_SECTORS 64
#define LAYOUT_PARTITION_SECTOR 2048

/* In stage 1, in bytes. The tool writes stage 2's length here. */
#define STAGE1_SECTORS_OFFSET 438 /* uint16: sectors of stage 2, a multiple of 4 so that discs can read it */
#define MBR_SIGNATURE_OFFSET 440  /* uint32: disk signature */
#define MBR_TABLE_OFFSET 446

/* Stage 2 begins with a short jump, two bytes of padding and this number, so that stage 1 knows what it has read. */
#define STAGE2_MAGIC 0x32727243 /* "Crr2" in memory order */
#define STAGE2_MAGIC_OFFSET 4

/* In low memory while the loader runs on BIOS. */
#define BIOS_STACK_TOP 0x7000 /* grows down to 0x1000, in real and protected mode; not in stage 1's page: entry.S */
#define BIOS_STAGE1 0x7c00
#define BIOS_STAGE2 0x8000  /* code and data, to 0xffff */
#define BIOS_BOUNCE 0x10000 /* 64 KiB, aligned: a disk transfer never crosses a 64 KiB boundary */
#define BIOS_BOUNCE_SIZE 0x10000
#define BIOS_BSS 0x20000     /* zero-initialised data of stage 2 */
#define BIOS_LOW_END 0x60000 /* nothing of the loader's beyond: the EBDA may come down far */

/* Files on the system partition. */
#define LAYOUT_CONFIG_PATH "/corrode.conf"

#endif
