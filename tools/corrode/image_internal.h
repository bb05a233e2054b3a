/* Shared by the files that compose an image. */
#ifndef CORRODE_IMAGE_INTERNAL_H
#define CORRODE_IMAGE_INTERNAL_H

#include "image.h"

/* Where things are in the image, besides boot/layout.h's. */
#define IMAGE_KERNEL_PATH "/kernel.elf"
#define IMAGE_UEFI_PATH "/EFI/BOOT/BOOTX64.EFI"

/* Writes disk signature and partition table into stage 1: one active FAT partition that ends with the image. */
void mbr_fill(uint8_t *sector, uint32_t signature, uint64_t image_sectors, bool fat32);

/* The text of corrode.conf, *LENGTH bytes. Fatal when the boot loader would not take it. */
char *boot_config_make(const struct image_spec *spec, size_t *length);

#endif
