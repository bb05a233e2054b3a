/* Shared by the files that compose an image. */
#ifndef CORRODE_IMAGE_INTERNAL_H
#define CORRODE_IMAGE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

/* Writes disk signature and partition table into stage 1: one active FAT partition that ends with the image. */
void mbr_fill(uint8_t *sector, uint32_t signature, uint64_t image_sectors, bool fat32);

#endif
