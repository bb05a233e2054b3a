/*
 * ISO 9660 level 2 with El Torito, in the gap between the master boot record and stage 2.
 *
 *     block 16  primary volume descriptor        20, 21  path tables (little and big endian)
 *           17  El Torito boot record            22, 23  /EFI, /EFI/BOOT
 *           18  terminator                       24..30  root directory
 *           19  El Torito boot catalogue         31      stage 1 (image.c)
 *
 * Sources: ECMA-119, 4th edition; "El Torito" Bootable CD-ROM Format Specification 1.0; UEFI 2.10, 13.3.2.
 */
#include "iso9660.h"

#include "boot/layout.h"
#include "report.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK DISC_BLOCK_SIZE
#define BLOCKS_PER(sector) ((sector) / (DISC_BLOCK_SIZE / SECTOR_SIZE))
#define FIRST_BLOCK BLOCKS_PER(LAYOUT_ISO_SECTOR)
#define STAGE1_BLOCK BLOCKS_PER(LAYOUT_DISC_STAGE1_SECTOR)
#define PARTITION_BLOCK BLOCKS_PER(LAYOUT_PARTITION_SECTOR)

enum { PRIMARY = 16, BOOT_RECORD, TERMINATOR, CATALOGUE, TABLE_L, TABLE_M, EFI_BLOCK, BOOT_BLOCK, ROOT_BLOCK };
#define ROOT_BLOCKS (STAGE1_BLOCK - ROOT_BLOCK)

_Static_assert(PRIMARY == FIRST_BLOCK, "discs keep their first descriptor in block 16");

#define NAME_MAX_LENGTH 30 /* level 2: name and extension together, without the dot */
#define RECORD_DIRECTORY 2 /* file flag */

static const struct {
    const char *name;
    unsigned parent, block, blocks;
} directories[ISO_DIRECTORIES] = {
    [ISO_ROOT] = {"", ISO_ROOT, ROOT_BLOCK, ROOT_BLOCKS},
    [ISO_EFI] = {"EFI", ISO_ROOT, EFI_BLOCK, 1},
    [ISO_EFI_BOOT] = {"BOOT", ISO_EFI, BOOT_BLOCK, 1},
};

/* One file or directory as it will stand in its parent. */
struct record {
    char name[NAME_MAX_LENGTH + 8];
    uint32_t block;
    uint64_t size;
    bool directory;
};

/* Both byte orders, one after the other: ECMA-119 7.2.3 and 7.3.3. */
static void put_both16(uint8_t *at, uint16_t value)
{
    put_le16(at, value);
    put_be16(at + 2, value);
}

static void put_both32(uint8_t *at, uint32_t value)
{
    put_le32(at, value);
    put_be32(at + 4, value);
}

static void put_text(uint8_t *at, size_t size, const char *text)
{
    size_t length = strlen(text);
    memset(at, ' ', size);
    memcpy(at, text, length < size ? length : size);
}

/* The date of a directory record: ECMA-119 9.1.5. */
static void put_date(uint8_t *at, time_t time)
{
    struct tm tm;
    gmtime_r(&time, &tm);
    at[0] = (uint8_t)tm.tm_year;
    at[1] = (uint8_t)(tm.tm_mon + 1);
    at[2] = (uint8_t)tm.tm_mday;
    at[3] = (uint8_t)tm.tm_hour;
    at[4] = (uint8_t)tm.tm_min;
    at[5] = (uint8_t)tm.tm_sec;
}

/* The date of a descriptor, 16 digits and a time zone: ECMA-119 8.4.26.1. */
static void put_long_date(uint8_t *at, time_t time)
{
    char digits[64];
    struct tm tm;
    gmtime_r(&time, &tm);
    snprintf(digits, sizeof digits, "%04d%02d%02d%02d%02d%02d00", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
        tm.tm_hour, tm.tm_min, tm.tm_sec);
    memcpy(at, digits, 16);
}

/* Length of a directory record with a name of so many bytes; always even. */
static unsigned record_length(unsigned name_length)
{
    return 33 + name_length + !(name_length & 1);
}

static uint8_t *put_record(
    uint8_t *at, const void *name, unsigned name_length, uint32_t block, uint64_t size, bool directory, time_t time)
{
    at[0] = (uint8_t)record_length(name_length);
    put_both32(at + 2, block);
    put_both32(at + 10, (uint32_t)size);
    put_date(at + 18, time);
    at[25] = directory ? RECORD_DIRECTORY : 0;
    put_both16(at + 28, 1); /* volume number */
    at[32] = (uint8_t)name_length;
    memcpy(at + 33, name, name_length);
    return at + at[0];
}

/* "modül.tar.gz" becomes "MOD__L_TAR.GZ;1": capitals, digits and '_', one dot, a version. */
static void make_name(struct record *record, const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t extension = dot ? strlen(dot + 1) : 0, used = 0;
    if (extension > 8) {
        dot = NULL;
        extension = 0;
    }
    for (; *name; name++) {
        bool letter = (*name >= 'A' && *name <= 'Z') || (*name >= '0' && *name <= '9');
        char c = letter ? *name : *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : '_';
        if (name == dot)
            record->name[used++] = '.';
        else if ((dot && name > dot) || used < NAME_MAX_LENGTH - extension)
            record->name[used++] = c;
    }
    if (!dot)
        record->name[used++] = '.';
    memcpy(record->name + used, ";1", 3);
}

static int compare_records(const void *left, const void *right)
{
    return strcmp(((const struct record *)left)->name, ((const struct record *)right)->name);
}

/* Names that the disc's rules have made equal get a number over their last characters before the dot. */
static void make_unique(struct record *records, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        unsigned number = 0;
        for (unsigned j = 0; j < i; j++) {
            if (strcmp(records[i].name, records[j].name) != 0)
                continue;
            char digits[8], *dot = strchr(records[i].name, '.');
            int length = snprintf(digits, sizeof digits, "%03u", ++number);
            int room = (int)(dot - records[i].name);
            memcpy(dot - (room < length ? room : length), digits + (room < length ? length - room : 0),
                (size_t)(room < length ? room : length));
            j = (unsigned)-1; /* compare the new name with all of them */
            if (number > 999)
                return;
        }
    }
}

/* The records of one directory, sorted by name as ECMA-119 9.3 wants; returns how many. */
static unsigned collect(enum iso_directory which, const struct iso_file *files, unsigned count, struct record *records)
{
    unsigned used = 0;
    for (unsigned i = ISO_ROOT + 1; i < ISO_DIRECTORIES; i++) {
        if (directories[i].parent != which)
            continue;
        struct record *record = &records[used++];
        *record =
            (struct record){.block = directories[i].block, .size = directories[i].blocks * BLOCK, .directory = true};
        memcpy(record->name, directories[i].name, strlen(directories[i].name) + 1);
    }
    unsigned first_file = used;
    for (unsigned i = 0; i < count; i++) {
        if (files[i].directory != which)
            continue;
        records[used] = (struct record){.block = (uint32_t)(files[i].offset / BLOCK), .size = files[i].size};
        make_name(&records[used++], files[i].name);
    }
    make_unique(records + first_file, used - first_file);
    qsort(records, used, sizeof *records, compare_records);
    return used;
}

static void write_directory(
    struct output *output, enum iso_directory which, time_t time, const struct iso_file *files, unsigned count)
{
    static const char self = 0, parent = 1;
    uint64_t size = directories[which].blocks * BLOCK;
    unsigned above = directories[which].parent;
    struct record *records = memory_get((count + ISO_DIRECTORIES) * sizeof *records);
    uint8_t *data = memory_get(size), *at = data;
    unsigned used = collect(which, files, count, records);
    at = put_record(at, &self, 1, directories[which].block, size, true, time);
    at = put_record(at, &parent, 1, directories[above].block, directories[above].blocks * BLOCK, true, time);
    for (unsigned i = 0; i < used; i++) {
        unsigned length = record_length((unsigned)strlen(records[i].name));
        if ((uint64_t)(at - data) % BLOCK + length > BLOCK) /* no record crosses a block */
            at = data + ((uint64_t)(at - data) / BLOCK + 1) * BLOCK;
        if ((uint64_t)(at - data) + length > size)
            fatal(NULL, "too many files for the disc's directory; pack several into one");
        at = put_record(at, records[i].name, (unsigned)strlen(records[i].name), records[i].block, records[i].size,
            records[i].directory, time);
    }
    output_write(output, (uint64_t)directories[which].block * BLOCK, data, size);
    free(data);
    free(records);
}

/* A path table in one byte order: ECMA-119 9.4. Returns its length. */
static uint32_t make_path_table(uint8_t *table, bool big_endian)
{
    uint8_t *at = table;
    for (unsigned i = 0; i < ISO_DIRECTORIES; i++) {
        unsigned length = i == ISO_ROOT ? 1 : (unsigned)strlen(directories[i].name);
        at[0] = (uint8_t)length;
        (big_endian ? put_be32 : put_le32)(at + 2, directories[i].block);
        (big_endian ? put_be16 : put_le16)(at + 6, (uint16_t)(directories[i].parent + 1));
        memcpy(at + 8, directories[i].name, i == ISO_ROOT ? 0 : length);
        at += 8 + length + (length & 1);
    }
    return (uint32_t)(at - table);
}

static void put_descriptor(uint8_t *block, uint8_t type)
{
    block[0] = type;
    memcpy(block + 1, "CD001", 5);
    block[6] = 1; /* version */
}

/* ECMA-119 8.4. */
static void write_primary(struct output *output, uint64_t image_size, time_t time)
{
    static const char self = 0;
    uint8_t block[BLOCK] = {0}, table[BLOCK] = {0};
    put_descriptor(block, 1);
    put_text(block + 8, 32, "");
    put_text(block + 40, 32, "CORRODE");
    put_both32(block + 80, (uint32_t)(image_size / BLOCK));
    put_both16(block + 120, 1); /* volumes in the set */
    put_both16(block + 124, 1); /* this one */
    put_both16(block + 128, BLOCK);
    put_both32(block + 132, make_path_table(table, false));
    put_le32(block + 140, TABLE_L);
    put_be32(block + 148, TABLE_M);
    put_record(block + 156, &self, 1, ROOT_BLOCK, ROOT_BLOCKS * BLOCK, true, time);
    put_text(block + 190, 623, "");                 /* eight names of people and files: none */
    put_text(block + 574, 128, "CORRODE " VERSION); /* application */
    put_long_date(block + 813, time);               /* created */
    put_long_date(block + 830, time);               /* changed */
    memset(block + 847, '0', 16);                   /* expires: never */
    memset(block + 864, '0', 16);                   /* valid from: always */
    block[881] = 1;                                 /* version of directories */
    output_write(output, PRIMARY * BLOCK, block, sizeof block);
    output_write(output, TABLE_L * BLOCK, table, sizeof table);
    memset(table, 0, sizeof table);
    make_path_table(table, true);
    output_write(output, TABLE_M * BLOCK, table, sizeof table);
}

static void write_boot_record(struct output *output)
{
    uint8_t block[BLOCK] = {0};
    put_descriptor(block, 0);
    memcpy(block + 7, "EL TORITO SPECIFICATION", 23);
    put_le32(block + 71, CATALOGUE);
    output_write(output, BOOT_RECORD * BLOCK, block, sizeof block);
    memset(block, 0, sizeof block);
    put_descriptor(block, 255);
    output_write(output, TERMINATOR * BLOCK, block, sizeof block);
}

/*
 * El Torito 2.0 to 2.5: validation entry, initial entry (BIOS), section header and entry (UEFI).
 *
 * The UEFI entry's sector count is 0, "to the end of the disc" (UEFI 2.10, 13.3.2). The true count would not fit into
 * its 16 bits, firmware disagrees on its unit, and 1, which the specification takes for the same, fails on a USB stick
 * with firmware that looks for El Torito there too and scales the count to the stick's sectors.
 */
static void write_catalogue(struct output *output)
{
    uint8_t block[BLOCK] = {0};
    uint16_t sum = 0;
    uint8_t *validation = block, *initial = block + 32, *header = block + 64, *section = block + 96;
    validation[0] = 1;
    memcpy(validation + 4, "CORRODE", 7);
    validation[30] = 0x55;
    validation[31] = 0xaa;
    for (unsigned i = 0; i < 32; i += 2)
        sum = (uint16_t)(sum + get_le16(validation + i));
    put_le16(validation + 28, (uint16_t)-sum);
    initial[0] = 0x88; /* bootable, no emulation */
    put_le16(initial + 6, DISC_BLOCK_SIZE / SECTOR_SIZE);
    put_le32(initial + 8, STAGE1_BLOCK);
    header[0] = 0x91;        /* the last section */
    header[1] = 0xef;        /* UEFI */
    put_le16(header + 2, 1); /* one entry */
    section[0] = 0x88;
    put_le32(section + 8, PARTITION_BLOCK);
    output_write(output, CATALOGUE * BLOCK, block, sizeof block);
}

void iso_write(struct output *output, uint64_t image_size, time_t time, const struct iso_file *files, unsigned count)
{
    write_primary(output, image_size, time);
    write_boot_record(output);
    write_catalogue(output);
    for (unsigned i = 0; i < ISO_DIRECTORIES; i++)
        write_directory(output, i, time, files, count);
}
