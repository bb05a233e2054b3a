/*
 * The optical disc's side of the image: ISO 9660 volume descriptors, an El Torito boot catalogue for both firmwares,
 * and directories whose files are the very data in the FAT partition.
 */
#ifndef CORRODE_ISO9660_H
#define CORRODE_ISO9660_H

#include "file.h"

#include <time.h>

/* Directories of the disc. */
enum iso_directory { ISO_ROOT, ISO_EFI, ISO_EFI_BOOT, ISO_DIRECTORIES };

struct iso_file {
    const char *name;
    enum iso_directory directory;
    uint64_t offset; /* in the image; a multiple of 2048 */
    uint64_t size;
};

/* IMAGE_SIZE is the whole image's. There is room for some 200 files. */
void iso_write(struct output *output, uint64_t image_size, time_t time, const struct iso_file *files, unsigned count);

#endif
