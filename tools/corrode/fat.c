/*
 * A FAT file system, from its boot sector to the last file. Everything is allocated in one pass from the first cluster
 * upward, so nothing is fragmented, and what lies beyond is never written: the image stays sparse.
 * Source: Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03.
 */
#include "fat_internal.h"

#include "boot/layout.h"
#include "report.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

#define FILE_ALIGNMENT (DISC_BLOCK_SIZE / SECTOR_SIZE) /* sectors */
#define DATA_ALIGNMENT 8                               /* sectors: flash and new disks write 4 KiB at once */
#define ROOT_RECORDS 512                               /* of FAT16's root directory, at least; what everyone uses */
#define FAT16_RESERVED 1
#define FAT32_RESERVED 32
#define FAT32_INFO_SECTOR 1
#define FAT32_BACKUP_SECTOR 6
#define MEDIA_FIXED 0xf8

/*
 * The number of clusters decides the type: FAT16 has 4085 to 65524, FAT32 more. Readers that are off by a few exist,
 * so the specification advises to keep 16 away from the limits.
 */
#define FAT16_MIN_CLUSTERS (4085 + 16)
#define FAT16_MAX_CLUSTERS (65524 - 16)
#define FAT32_MIN_CLUSTERS (65525 + 16)
#define FAT32_MAX_CLUSTERS 0x0ffffff0
#define FAT32_GOOD_CLUSTERS (1u << 19) /* beyond, take larger clusters: the tables stay below 2 MiB */
#define MAX_CLUSTER_SECTORS 64

struct fat *fat_new(uint32_t volume_id, time_t time)
{
    struct fat *fat = memory_get(sizeof *fat);
    fat->volume_id = volume_id;
    fat->root.directory = true;
    fat->root.name = text_copy("");
    fat_pack_time(fat, time);
    return fat;
}

static struct fat_entry *add_entry(struct fat_entry *parent, char *name, const char *path)
{
    struct fat_entry *entry = memory_get(sizeof *entry);
    entry->name = name;
    entry->parent = parent;
    struct fat_entry **end = &parent->children;
    while (*end)
        end = &(*end)->next;
    *end = entry;
    fat_name(entry, path);
    return entry;
}

static struct fat_entry *find_directory(struct fat_entry *parent, const char *name)
{
    for (struct fat_entry *child = parent->children; child; child = child->next) {
        if (child->directory && strcmp(child->name, name) == 0)
            return child;
    }
    return NULL;
}

struct fat_entry *fat_add(struct fat *fat, const char *path, const void *data, uint64_t size)
{
    struct fat_entry *parent = &fat->root;
    const char *name = path + 1, *slash;
    if (size > UINT32_MAX)
        fatal(path, "is %s and a file on FAT ends before 4 GiB; give a smaller one", text_size(size));
    while ((slash = strchr(name, '/'))) {
        char *part = text_format("%.*s", (int)(slash - name), name);
        struct fat_entry *directory = find_directory(parent, part);
        if (!directory) {
            directory = add_entry(parent, part, path);
            directory->directory = true;
        } else {
            free(part);
        }
        parent = directory;
        name = slash + 1;
    }
    struct fat_entry *entry = add_entry(parent, text_copy(name), path);
    entry->data = data;
    entry->size = size;
    return entry;
}

/* Sector numbers and counts for a type and size; false when that many sectors are not of this type. */
static bool choose_geometry(struct fat *fat, enum fat_type type, uint64_t sectors)
{
    uint32_t entry_size = type == FAT32 ? 4 : 2, records = ROOT_RECORDS;
    while (records * FAT_RECORD_SIZE < fat_directory_size(&fat->root))
        records += SECTOR_SIZE / FAT_RECORD_SIZE;
    fat->type = type;
    fat->sectors = (uint32_t)sectors;
    fat->root_sectors = type == FAT32 ? 0 : records * FAT_RECORD_SIZE / SECTOR_SIZE;
    fat->cluster_sectors = 1;
    uint32_t good = type == FAT32 ? FAT32_GOOD_CLUSTERS : FAT16_MAX_CLUSTERS;
    while (sectors / fat->cluster_sectors > good && fat->cluster_sectors < MAX_CLUSTER_SECTORS)
        fat->cluster_sectors *= 2;
    /* A table for a few clusters more than there are: those that the tables themselves displace. */
    uint64_t entries = sectors / fat->cluster_sectors + 2;
    fat->table_sectors = (uint32_t)((entries * entry_size + SECTOR_SIZE - 1) / SECTOR_SIZE);
    fat->reserved = type == FAT32 ? FAT32_RESERVED : FAT16_RESERVED;
    while ((fat->reserved + 2 * fat->table_sectors + fat->root_sectors) % DATA_ALIGNMENT)
        fat->reserved++;
    uint64_t before = fat->reserved + 2ull * fat->table_sectors + fat->root_sectors;
    uint64_t clusters = sectors > before ? (sectors - before) / fat->cluster_sectors : 0;
    fat->clusters = (uint32_t)clusters;
    if (type == FAT32)
        return clusters >= FAT32_MIN_CLUSTERS && clusters <= FAT32_MAX_CLUSTERS;
    return clusters >= FAT16_MIN_CLUSTERS && clusters <= FAT16_MAX_CLUSTERS;
}

static uint32_t clusters_of(const struct fat *fat, uint64_t size)
{
    uint64_t cluster_size = (uint64_t)fat->cluster_sectors * SECTOR_SIZE;
    return (uint32_t)((size + cluster_size - 1) / cluster_size);
}

/* Gives a file or directory, and all below it, its clusters; false when they run out. */
static bool allocate(struct fat *fat, struct fat_entry *entry)
{
    uint32_t step = fat->cluster_sectors < FILE_ALIGNMENT ? FILE_ALIGNMENT / fat->cluster_sectors : 1;
    if (entry->directory)
        entry->size = fat_directory_size(entry);
    uint64_t count = clusters_of(fat, entry->size);
    entry->cluster = 0;
    if (count && (entry->parent || fat->type == FAT32)) {
        while ((fat->next - 2) % step)
            fat->next++;
        if (fat->next - 2 + count > fat->clusters)
            return false;
        entry->cluster = fat->next;
        fat->next += (uint32_t)count;
        fat->used += (uint32_t)count;
    }
    for (struct fat_entry *child = entry->children; child; child = child->next) {
        if (!allocate(fat, child))
            return false;
    }
    return true;
}

bool fat_layout(struct fat *fat, enum fat_type type, uint64_t sectors)
{
    fat->next = 2;
    fat->used = 0;
    return sectors <= UINT32_MAX && choose_geometry(fat, type, sectors) && allocate(fat, &fat->root);
}

enum fat_type fat_type_of(const struct fat *fat)
{
    return fat->type;
}

uint64_t fat_offset(const struct fat *fat, const struct fat_entry *entry)
{
    uint64_t data = fat->reserved + 2ull * fat->table_sectors + fat->root_sectors;
    if (entry->cluster == 0) /* FAT16's root; for an empty file any place does */
        return (data - fat->root_sectors) * SECTOR_SIZE;
    return (data + (uint64_t)(entry->cluster - 2) * fat->cluster_sectors) * SECTOR_SIZE;
}

/* The BIOS parameter block, and code for a firmware that starts the partition: it asks for the next boot device. */
static void make_boot_sector(const struct fat *fat, uint8_t *sector)
{
    static const uint8_t code[] = {
        0xcd, 0x18, /* int 18h: no system here */
        0xfa, 0xf4, /* cli, hlt */
        0xeb, 0xfc, /* jump back to the cli */
    };
    unsigned extended = fat->type == FAT32 ? 64 : 36; /* where the fields that both types share go on */
    unsigned code_at = extended + 26;
    sector[0] = 0xeb; /* short jump to the code */
    sector[1] = (uint8_t)(code_at - 2);
    sector[2] = 0x90;
    memcpy(sector + 3, "CORRODE ", 8);
    put_le16(sector + 11, SECTOR_SIZE);
    sector[13] = (uint8_t)fat->cluster_sectors;
    put_le16(sector + 14, (uint16_t)fat->reserved);
    sector[16] = 2; /* FATs */
    put_le16(sector + 17, (uint16_t)(fat->root_sectors * SECTOR_SIZE / FAT_RECORD_SIZE));
    if (fat->type == FAT16 && fat->sectors <= UINT16_MAX)
        put_le16(sector + 19, (uint16_t)fat->sectors);
    else
        put_le32(sector + 32, fat->sectors);
    sector[21] = MEDIA_FIXED;
    put_le16(sector + 24, 63); /* sectors a track, heads: as in the partition table (mbr.c) */
    put_le16(sector + 26, 255);
    put_le32(sector + 28, LAYOUT_PARTITION_SECTOR); /* sectors before this one */
    if (fat->type == FAT32) {
        put_le32(sector + 36, fat->table_sectors);
        put_le32(sector + 44, fat->root.cluster);
        put_le16(sector + 48, FAT32_INFO_SECTOR);
        put_le16(sector + 50, FAT32_BACKUP_SECTOR);
    } else {
        put_le16(sector + 22, (uint16_t)fat->table_sectors);
    }
    sector[extended] = 0x80;     /* BIOS drive */
    sector[extended + 2] = 0x29; /* three fields follow */
    put_le32(sector + extended + 3, fat->volume_id);
    memcpy(sector + extended + 7, FAT_LABEL, FAT_ALIAS_SIZE);
    memcpy(sector + extended + 18, fat->type == FAT32 ? "FAT32   " : "FAT16   ", 8);
    memcpy(sector + code_at, code, sizeof code);
    put_le16(sector + 510, 0xaa55);
}

static void make_info_sector(const struct fat *fat, uint8_t *sector)
{
    put_le32(sector, 0x41615252);
    put_le32(sector + 484, 0x61417272);
    put_le32(sector + 488, fat->clusters - fat->used);
    put_le32(sector + 492, fat->next);
    put_le32(sector + 508, 0xaa550000);
}

static void put_entry(const struct fat *fat, uint8_t *table, uint32_t cluster, uint32_t value)
{
    if (fat->type == FAT32)
        put_le32(table + 4ull * cluster, value & 0x0fffffff);
    else
        put_le16(table + 2ull * cluster, value & 0xffff);
}

/* Chains the clusters of a file or directory, and of all below it. */
static void chain(const struct fat *fat, uint8_t *table, const struct fat_entry *entry)
{
    if (entry->cluster) {
        uint32_t last = entry->cluster + clusters_of(fat, entry->size) - 1;
        for (uint32_t cluster = entry->cluster; cluster < last; cluster++)
            put_entry(fat, table, cluster, cluster + 1);
        put_entry(fat, table, last, UINT32_MAX);
    }
    for (const struct fat_entry *child = entry->children; child; child = child->next)
        chain(fat, table, child);
}

static void write_contents(const struct fat *fat, const struct fat_entry *entry, struct output *output, uint64_t offset)
{
    if (entry->directory) {
        uint8_t *records = fat_directory_records(fat, entry);
        output_write(output, offset + fat_offset(fat, entry), records, entry->size);
        free(records);
    } else {
        output_write(output, offset + fat_offset(fat, entry), entry->data, entry->size);
    }
    for (const struct fat_entry *child = entry->children; child; child = child->next)
        write_contents(fat, child, output, offset);
}

void fat_write(const struct fat *fat, struct output *output, uint64_t offset)
{
    uint8_t sector[SECTOR_SIZE] = {0}, info[SECTOR_SIZE] = {0};
    make_boot_sector(fat, sector);
    output_write(output, offset, sector, sizeof sector);
    if (fat->type == FAT32) {
        make_info_sector(fat, info);
        output_write(output, offset + FAT32_INFO_SECTOR * SECTOR_SIZE, info, sizeof info);
        output_write(output, offset + FAT32_BACKUP_SECTOR * SECTOR_SIZE, sector, sizeof sector);
        output_write(output, offset + (FAT32_BACKUP_SECTOR + FAT32_INFO_SECTOR) * SECTOR_SIZE, info, sizeof info);
    }
    size_t size = (size_t)fat->next * (fat->type == FAT32 ? 4 : 2);
    uint8_t *table = memory_get(size);
    put_entry(fat, table, 0, 0xffffff00 | MEDIA_FIXED);
    put_entry(fat, table, 1, UINT32_MAX);
    chain(fat, table, &fat->root);
    for (unsigned copy = 0; copy < 2; copy++)
        output_write(output, offset + (fat->reserved + (uint64_t)copy * fat->table_sectors) * SECTOR_SIZE, table, size);
    free(table);
    write_contents(fat, &fat->root, output, offset);
}
