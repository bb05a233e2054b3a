/*
 * The FAT writer: see fat_volume.h.
 *
 * Source: Microsoft FAT32 File System Specification 1.03.
 */
#include "tests/unit/boot/fat_volume.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESERVED_SECTORS 32
#define COPIES 2
#define ROOT_ENTRIES 512
#define ROOT_CLUSTERS 2 /* on FAT32 */
#define FAT32_ROOT 5    /* not the usual 2, so that a reader cannot guess it */
#define END_OF_CHAIN 0x0fffffff

static void put16(uint8_t *p, uint32_t n)
{
    p[0] = (uint8_t)n;
    p[1] = (uint8_t)(n >> 8);
}

static void put32(uint8_t *p, uint32_t n)
{
    put16(p, n);
    put16(p + 2, n >> 16);
}

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint32_t fat_volume_link(const struct fat_volume *volume, uint32_t cluster)
{
    const uint8_t *fat = volume->bytes + volume->fat_offset;
    return volume->shape.fat32 ? get32(fat + 4 * cluster) & 0x0fffffff : get32(fat + 2 * cluster) & 0xffff;
}

void fat_volume_set_link(struct fat_volume *volume, uint32_t cluster, uint32_t link)
{
    for (uint32_t copy = 0; copy < COPIES; copy++) {
        uint8_t *fat = volume->bytes + volume->fat_offset + copy * volume->fat_size;
        if (volume->shape.fat32)
            put32(fat + 4 * cluster, link | 0xa0000000); /* the upper four bits are no one's */
        else
            put16(fat + 2 * cluster, link);
    }
}

uint8_t *fat_volume_cluster(const struct fat_volume *volume, uint32_t cluster)
{
    return volume->bytes + volume->data_offset + (size_t)(cluster - 2) * volume->cluster_size;
}

static void write_boot_sector(struct fat_volume *v)
{
    const struct fat_shape *s = &v->shape;
    uint8_t *b = v->bytes;
    uint32_t total = v->sectors / (s->sector_size / 512), fat_sectors = v->fat_size / s->sector_size;
    memcpy(b, "\xeb\x58\x90", 3);
    memcpy(b + 3, "CORRODE ", 8);
    put16(b + 11, s->sector_size);
    b[13] = (uint8_t)s->cluster_sectors;
    put16(b + 14, RESERVED_SECTORS);
    b[16] = COPIES;
    put16(b + 17, s->fat32 ? 0 : ROOT_ENTRIES);
    if (total < 0x10000 && !s->fat32)
        put16(b + 19, total);
    else
        put32(b + 32, total);
    b[21] = 0xf8;
    if (s->fat32) {
        put32(b + 36, fat_sectors);
        put32(b + 44, FAT32_ROOT);
        put16(b + 48, 1);
        memcpy(b + 82, "FAT32   ", 8);
    } else {
        put16(b + 22, fat_sectors);
        memcpy(b + 54, "FAT16   ", 8);
    }
    put16(b + 510, 0xaa55);
}

void fat_volume_make(struct fat_volume *v, struct fat_shape shape)
{
    uint32_t root_size = shape.fat32 ? 0 : ROOT_ENTRIES * 32, entry_size = shape.fat32 ? 4 : 2;
    *v = (struct fat_volume){
        .shape = shape,
        .cluster_size = shape.sector_size * shape.cluster_sectors,
        .fat_offset = RESERVED_SECTORS * shape.sector_size,
        .fat_size = ((shape.clusters + 2) * entry_size + shape.sector_size - 1) / shape.sector_size * shape.sector_size,
        .next = 2,
    };
    uint32_t root_offset = v->fat_offset + COPIES * v->fat_size;
    v->data_offset = root_offset + (root_size + shape.sector_size - 1) / shape.sector_size * shape.sector_size;
    size_t size = v->data_offset + (size_t)shape.clusters * v->cluster_size;
    v->sectors = (uint32_t)(size / 512);
    v->bytes = calloc(1, size);
    if (!v->bytes)
        abort();
    write_boot_sector(v);
    fat_volume_set_link(v, 0, 0x0ffffff8);
    fat_volume_set_link(v, 1, END_OF_CHAIN);
    v->root = (struct fat_directory){.bytes = v->bytes + root_offset, .size = root_size};
    if (shape.fat32) {
        v->root = (struct fat_directory){
            .cluster = FAT32_ROOT,
            .bytes = fat_volume_cluster(v, FAT32_ROOT),
            .size = ROOT_CLUSTERS * v->cluster_size,
        };
        fat_volume_set_link(v, FAT32_ROOT, FAT32_ROOT + 1);
        fat_volume_set_link(v, FAT32_ROOT + 1, END_OF_CHAIN);
        v->next = FAT32_ROOT + ROOT_CLUSTERS;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files
 */

static uint8_t *next_entry(struct fat_directory *directory)
{
    if (directory->used + 32 > directory->size) {
        fprintf(stderr, "fat_volume: a directory is full\n");
        abort();
    }
    directory->used += 32;
    return directory->bytes + directory->used - 32;
}

/* "N1234567EXT", N from a counter, so that the short name never equals the long one. */
static void make_short_name(const struct fat_directory *directory, uint8_t *name)
{
    char text[16];
    snprintf(text, sizeof text, "~%07uSHT", directory->used / 32);
    memcpy(name, text, 11);
}

/* A short name that says all: "KERNEL.ELF" as it is. */
static bool is_short(const char *name)
{
    const char *dot = strchr(name, '.');
    size_t length = dot ? (size_t)(dot - name) : strlen(name), extension = dot ? strlen(dot + 1) : 0;
    for (const char *c = name; *c; c++) {
        if (!isupper((unsigned char)*c) && !isdigit((unsigned char)*c) && c != dot)
            return false;
    }
    return length >= 1 && length <= 8 && extension <= 3;
}

static void write_long_name(struct fat_directory *directory, const char *name, const uint8_t *short_name)
{
    static const uint8_t places[13] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    uint32_t length = (uint32_t)strlen(name), pieces = (length + 12) / 13;
    uint8_t checksum = 0;
    for (int i = 0; i < 11; i++)
        checksum = (uint8_t)((checksum & 1) << 7 | checksum >> 1) + short_name[i];
    for (uint32_t piece = pieces; piece >= 1; piece--) {
        uint8_t *entry = next_entry(directory);
        entry[0] = (uint8_t)(piece | (piece == pieces ? 0x40 : 0));
        entry[11] = 0x0f;
        entry[13] = checksum;
        for (uint32_t i = 0; i < 13; i++) {
            uint32_t at = 13 * (piece - 1) + i;
            put16(entry + places[i], at < length ? (uint8_t)name[at] : at == length ? 0 : 0xffff);
        }
    }
}

static void write_entry(struct fat_volume *v, struct fat_directory *parent, const char *name, uint8_t attribute)
{
    uint8_t short_name[11];
    memset(short_name, ' ', sizeof short_name);
    if (is_short(name)) {
        const char *dot = strchr(name, '.');
        memcpy(short_name, name, dot ? (size_t)(dot - name) : strlen(name));
        if (dot)
            memcpy(short_name + 8, dot + 1, strlen(dot + 1));
    } else {
        make_short_name(parent, short_name);
        write_long_name(parent, name, short_name);
    }
    v->entry = next_entry(parent);
    memcpy(v->entry, short_name, sizeof short_name);
    v->entry[11] = attribute;
}

/* Takes clusters and chains them; the first, or 0 when the file is empty. */
static uint32_t write_chain(struct fat_volume *v, const uint8_t *data, uint32_t size, uint32_t run)
{
    uint32_t first = 0, last = 0;
    for (uint32_t done = 0, n = 0; done < size; done += v->cluster_size, n++) {
        if (run > 0 && n > 0 && n % run == 0)
            v->next++;
        uint32_t cluster = v->next++;
        if (cluster - 2 >= v->shape.clusters) {
            fprintf(stderr, "fat_volume: the volume is full\n");
            abort();
        }
        if (data)
            memcpy(fat_volume_cluster(v, cluster), data + done,
                size - done < v->cluster_size ? size - done : v->cluster_size);
        fat_volume_set_link(v, cluster, END_OF_CHAIN);
        if (last)
            fat_volume_set_link(v, last, cluster);
        else
            first = cluster;
        last = cluster;
    }
    return first;
}

void fat_volume_set_start(struct fat_volume *v, uint32_t cluster)
{
    put16(v->entry + 26, cluster);
    put16(v->entry + 20, v->shape.fat32 ? cluster >> 16 : 0xdead); /* FAT16: no one's */
}

void fat_volume_set_size(struct fat_volume *v, uint32_t size)
{
    put32(v->entry + 28, size);
}

uint32_t fat_volume_file(
    struct fat_volume *v, struct fat_directory *parent, const char *name, const void *data, uint32_t size, uint32_t run)
{
    uint32_t first = write_chain(v, data, size, run);
    write_entry(v, parent, name, 0x20);
    fat_volume_set_start(v, first);
    fat_volume_set_size(v, size);
    return first;
}

struct fat_directory fat_volume_directory(
    struct fat_volume *v, struct fat_directory *parent, const char *name, uint32_t clusters)
{
    uint32_t size = clusters * v->cluster_size, first = write_chain(v, NULL, size, 0);
    struct fat_directory directory = {.cluster = first, .bytes = fat_volume_cluster(v, first), .size = size};
    write_entry(v, parent, name, 0x10);
    fat_volume_set_start(v, first);
    return directory;
}
