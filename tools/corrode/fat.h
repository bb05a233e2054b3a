/*
 * Writes a FAT16 or FAT32 file system of read-only contents: every file lies in one piece, on a 2048-byte boundary, so
 * that an ISO 9660 directory can point at the same data.
 *
 *     struct fat *fat = fat_new(serial, time);
 *     fat_add(fat, "/EFI/BOOT/BOOTX64.EFI", data, size);
 *     if (fat_layout(fat, FAT32, sectors))
 *         fat_write(fat, output, offset);
 */
#ifndef CORRODE_FAT_H
#define CORRODE_FAT_H

#include "file.h"

#include <time.h>

enum fat_type { FAT16 = 16, FAT32 = 32 };

struct fat;

/* VOLUME_ID and TIME, before 2108, go into the file system: the caller decides what makes two of them differ. */
struct fat *fat_new(uint32_t volume_id, time_t time);

/* Adds a file, and the directories on its PATH. DATA must live until fat_write(). Fatal when the name cannot be. */
struct fat_entry *fat_add(struct fat *fat, const char *path, const void *data, uint64_t size);

/*
 * Lays everything out on a partition of SECTORS sectors of 512 bytes. False when the contents do not fit, or when that
 * many sectors cannot be of this type (a FAT's type is decided by its number of clusters).
 */
bool fat_layout(struct fat *fat, enum fat_type type, uint64_t sectors);

/* After fat_layout(): its type, and where a file's data lies, in bytes from the start of the partition. */
enum fat_type fat_type_of(const struct fat *fat);
uint64_t fat_offset(const struct fat *fat, const struct fat_entry *entry);

void fat_write(const struct fat *fat, struct output *output, uint64_t offset);

#endif
