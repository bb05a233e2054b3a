/*
 * Composing an image: one file that is a hard disk, a USB stick and an optical disc, for BIOS and for UEFI. What lies
 * where is in boot/layout.h.
 */
#ifndef CORRODE_IMAGE_H
#define CORRODE_IMAGE_H

#include "text.h"

#include <time.h>

#define IMAGE_FORMATS "raw|qcow2|vmdk|vdi|vhdx|iso"
enum image_format { IMAGE_RAW, IMAGE_QCOW2, IMAGE_VMDK, IMAGE_VDI, IMAGE_VHDX, IMAGE_ISO, IMAGE_UNKNOWN };

struct image_spec {
    const char *kernel;     /* an ELF file with a Corrode boot note */
    struct strings modules; /* files that go beside it */
    const char *cmdline;    /* NULL: none */
    const char *config;     /* a file whose lines come first in corrode.conf; NULL: none */
    uint64_t size;          /* bytes; 0: the smallest that FAT32 can have */
    bool smallest;          /* with size 0: as small as FAT16 can be, for images that live for one boot */
    enum image_format format;
};

/* Builds the image and moves it to OUT when it is complete. Fatal on errors. */
void image_build(const struct image_spec *spec, const char *out);

/* The time of what has none of its own: that of SOURCE_DATE_EPOCH, or a fixed one. */
time_t image_time(void);

/* The format that a file is in, by its first bytes: IMAGE_RAW for whatever ends its first sector in 55 AA. */
enum image_format image_detect(const char *path);

/* "raw", "qcow2" and so on, as qemu-img has it. */
const char *image_format_name(enum image_format format);

/* Is it a raw image that this tool made? */
bool image_is_ours(const char *path);

#endif
