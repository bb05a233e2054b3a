/*
 * Reading FAT16 and FAT32, fragmented or not, with long file names: see fat.c.
 */
#ifndef CORRODE_BOOT_FAT_H
#define CORRODE_BOOT_FAT_H

#include "boot/loader/disk.h"

struct fat {
    struct disk *disk;
    uint32_t fat_sector;      /* on the disk, as every sector here */
    uint32_t root_sector;     /* FAT16: the fixed root directory */
    uint32_t root_size;       /* FAT16: its bytes; 0 on FAT32 */
    uint32_t root_cluster;    /* FAT32 */
    uint32_t data_sector;     /* of cluster 2 */
    uint32_t cluster_sectors; /* 512-byte sectors a cluster */
    uint32_t cluster_shift;   /* log2 of the bytes in a cluster */
    uint32_t clusters;        /* valid numbers are 2 .. clusters + 1 */
    bool is_fat32;
};

struct fat_file {
    struct fat *fat;
    const char *path;       /* for messages; the caller keeps it alive */
    uint32_t first_cluster; /* 0: the fixed root directory of FAT16, or an empty file */
    uint32_t size;          /* bytes; directories have none and run to the end of their chain */
    bool is_directory;
    uint32_t near_index;   /* the cluster that was reached last: reading on does not start at the front again */
    uint32_t near_cluster; /* 0: none yet */
};

/* Both return 0, or -1 after loader_error. */
int fat_mount(struct fat *fat, struct disk *disk, uint32_t sector);

/* PATH is absolute, with / between names; case does not matter. */
int fat_open(struct fat *fat, const char *path, struct fat_file *file);

/* Reads exactly LENGTH bytes from OFFSET, with one disk access for each unbroken run of clusters. */
int fat_read(struct fat_file *file, uint32_t offset, void *to, uint32_t length);

#endif
