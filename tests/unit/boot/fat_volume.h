/*
 * Writes FAT volumes in memory, with control over where each cluster goes, so that tests can lay out files as they like
 * and then damage them. It shares nothing with the reader under test.
 */
#ifndef CORRODE_TESTS_BOOT_FAT_VOLUME_H
#define CORRODE_TESTS_BOOT_FAT_VOLUME_H

#include <stdbool.h>
#include <stdint.h>

struct fat_shape {
    bool fat32;
    uint32_t sector_size;     /* bytes */
    uint32_t cluster_sectors; /* of these */
    uint32_t clusters;
};

struct fat_directory {
    uint32_t cluster; /* 0: FAT16's root */
    uint8_t *bytes;   /* all of it, in one piece */
    uint32_t used, size;
};

struct fat_volume {
    struct fat_shape shape;
    uint8_t *bytes;                                           /* the caller frees it */
    uint32_t sectors;                                         /* of 512 bytes */
    uint32_t fat_offset, fat_size, data_offset, cluster_size; /* bytes */
    uint32_t next;                                            /* the first cluster that was not taken yet */
    struct fat_directory root;
    uint8_t *entry; /* the 32 bytes of the directory entry that was written last */
};

void fat_volume_make(struct fat_volume *volume, struct fat_shape shape);

/* A directory of CLUSTERS clusters. */
struct fat_directory fat_volume_directory(
    struct fat_volume *volume, struct fat_directory *parent, const char *name, uint32_t clusters);

/* A file; after every RUN clusters one is left out (0: it is in one piece). Its first cluster. */
uint32_t fat_volume_file(struct fat_volume *volume, struct fat_directory *parent, const char *name, const void *data,
    uint32_t size, uint32_t run);

/* The link from a cluster, in every copy of the FAT. */
uint32_t fat_volume_link(const struct fat_volume *volume, uint32_t cluster);
void fat_volume_set_link(struct fat_volume *volume, uint32_t cluster, uint32_t link);

uint8_t *fat_volume_cluster(const struct fat_volume *volume, uint32_t cluster);

/* Where the entry that was written last says that its file begins, and how long it is. */
void fat_volume_set_start(struct fat_volume *volume, uint32_t cluster);
void fat_volume_set_size(struct fat_volume *volume, uint32_t size);

#endif
