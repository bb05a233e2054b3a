/* Shared by fat.c (where things lie) and fat_names.c (directories and their names). */
#ifndef CORRODE_FAT_INTERNAL_H
#define CORRODE_FAT_INTERNAL_H

#include "fat.h"

#define FAT_RECORD_SIZE 32 /* of one directory record */
#define FAT_ALIAS_SIZE 11  /* a short name: eight and three, padded with blanks */
#define FAT_LABEL "CORRODE    "

/* A file or a directory. */
struct fat_entry {
    char *name;              /* UTF-8; "" for the root */
    uint16_t long_name[256]; /* the same in UTF-16, and a zero */
    unsigned long_length;    /* 0: the alias says it all */
    uint8_t alias[FAT_ALIAS_SIZE];
    bool directory;
    const void *data;
    uint64_t size;    /* bytes; of a directory: of its records */
    uint32_t cluster; /* its first; 0 when it is empty, or the root of a FAT16 */
    struct fat_entry *parent, *children, *next;
};

struct fat {
    struct fat_entry root;
    uint32_t volume_id;
    uint16_t date, time; /* packed as in a directory record */
    enum fat_type type;
    uint32_t sectors;       /* of the partition */
    uint32_t reserved;      /* sectors before the first FAT */
    uint32_t table_sectors; /* of one FAT */
    uint32_t root_sectors;  /* of FAT16's root directory */
    uint32_t cluster_sectors;
    uint32_t clusters; /* in all */
    uint32_t next;     /* first cluster that was never given away */
    uint32_t used;     /* clusters in use */
};

void fat_pack_time(struct fat *fat, time_t time);

/* Gives ENTRY, the newest of its parent's children, its names. Fatal when they are impossible or taken. */
void fat_name(struct fat_entry *entry, const char *path);

/* Bytes of a directory's records; and those records, allocated. */
uint64_t fat_directory_size(const struct fat_entry *directory);
uint8_t *fat_directory_records(const struct fat *fat, const struct fat_entry *directory);

#endif
