/*
 * FAT directories: long names, the short aliases that stand beside them, and the records on disk.
 * Source: Microsoft Extensible Firmware Initiative FAT32 File System Specification 1.03, "FAT Directory Structure" and
 * "FAT Long Directory Entries".
 */
#include "fat_internal.h"

#include "report.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define ATTRIBUTE_VOLUME 0x08
#define ATTRIBUTE_DIRECTORY 0x10
#define ATTRIBUTE_ARCHIVE 0x20
#define ATTRIBUTE_LONG 0x0f

#define LONG_LAST 0x40 /* in the sequence number of the record that holds the end of the name */
#define LONG_UNITS 13  /* UTF-16 units a record */
#define LONG_MAX_UNITS 255

void fat_pack_time(struct fat *fat, time_t time)
{
    struct tm tm;
    gmtime_r(&time, &tm);
    if (tm.tm_year < 80) /* FAT's time begins in 1980 */
        tm = (struct tm){.tm_year = 80, .tm_mday = 1};
    fat->date = (uint16_t)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
    fat->time = (uint16_t)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
}

/* Decodes one character of UTF-8 and steps over it; -1 for what is not UTF-8 (RFC 3629). */
static int32_t decode(const char **text)
{
    const uint8_t *byte = (const uint8_t *)*text;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned length = 0; /* as many as the first byte begins with ones; none and it stands for itself */
    while (length < 8 && byte[0] & 0x80 >> length)
        length++;
    if (length == 1 || length > 4)
        return -1;
    length += length == 0;
    uint32_t character = length == 1 ? byte[0] : byte[0] & (0x7fu >> length);
    for (unsigned i = 1; i < length; i++) {
        if (byte[i] >> 6 != 2)
            return -1;
        character = character << 6 | (byte[i] & 0x3f);
    }
    if (character < least[length] || character > 0x10ffff || character >> 11 == 0xd800 >> 11)
        return -1;
    *text += length;
    return (int32_t)character;
}

/*
 * Fills in the UTF-16 name; false for names that FAT cannot hold, or that the boot loader does not find (fat.c there):
 * with characters beyond 16 bits.
 */
static bool make_long_name(struct fat_entry *entry)
{
    const char *text = entry->name;
    size_t length = strlen(text);
    unsigned count = 0;
    if (length == 0 || text[0] == ' ' || text[length - 1] == ' ' || text[length - 1] == '.')
        return false;
    while (*text) {
        int32_t character = decode(&text);
        if (character < 0x20 || character == 0x7f || (character < 0x80 && strchr("\"*/:<>?\\|", character)) ||
            character >= 0xffff || count >= LONG_MAX_UNITS)
            return false;
        entry->long_name[count++] = (uint16_t)character;
    }
    entry->long_length = count;
    return true;
}

/* One character of a short name: capital, or '_' for what may not stand there. *exact says whether it changed. */
static uint8_t short_character(char c, bool *exact)
{
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c > 0 && strchr("$%'-_@~`!(){}^#&", c)))
        return (uint8_t)c;
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a' + 'A');
    *exact = false;
    return '_';
}

/* The alias without a number; returns whether it is the name itself but for the case of letters. */
static bool make_alias(struct fat_entry *entry)
{
    const char *dot = strrchr(entry->name, '.');
    bool exact = true;
    unsigned used = 0;
    memset(entry->alias, ' ', FAT_ALIAS_SIZE);
    if (dot == entry->name)
        dot = NULL;
    for (const char *c = entry->name; *c && c != dot; c++) {
        if (*c == ' ' || *c == '.' || used == 8)
            exact = false;
        else
            entry->alias[used++] = short_character(*c, &exact);
    }
    for (unsigned i = 0; dot && dot[1 + i]; i++) {
        if (i == 3 || dot[1 + i] == ' ') {
            exact = false;
            break;
        }
        entry->alias[8 + i] = short_character(dot[1 + i], &exact);
    }
    if (used == 0) {
        entry->alias[0] = '_';
        exact = false;
    }
    return exact;
}

/* Who else in the directory has the same alias, or NULL. */
static struct fat_entry *find_same_alias(const struct fat_entry *entry)
{
    for (struct fat_entry *other = entry->parent->children; other; other = other->next) {
        if (other != entry && memcmp(other->alias, entry->alias, FAT_ALIAS_SIZE) == 0)
            return other;
    }
    return NULL;
}

/* Ends the alias in ~1, ~2 and so on until no one else has it. */
static void number_alias(struct fat_entry *entry)
{
    unsigned base = 0;
    while (base < 8 && entry->alias[base] != ' ')
        base++;
    for (unsigned number = 1;; number++) {
        char tail[12];
        unsigned length = (unsigned)snprintf(tail, sizeof tail, "~%u", number);
        unsigned at = base + length > 8 ? 8 - length : base;
        memcpy(entry->alias + at, tail, length);
        if (!find_same_alias(entry))
            return;
    }
}

static bool has_lower_case(const char *name)
{
    for (; *name; name++) {
        if (*name >= 'a' && *name <= 'z')
            return true;
    }
    return false;
}

void fat_name(struct fat_entry *entry, const char *path)
{
    if (!make_long_name(entry))
        fatal(path, "FAT cannot hold a file of this name; rename it (UTF-8, without emoji or any of \" * : < > ? \\ |, "
                    "no blank at either end, no dot at the end)");
    for (const struct fat_entry *other = entry->parent->children; other; other = other->next) {
        if (other != entry && strcasecmp(other->name, entry->name) == 0)
            fatal(path, "another file in the image is also called %s; rename one of them", other->name);
    }
    if (!make_alias(entry)) {
        number_alias(entry);
        return;
    }
    if (!has_lower_case(entry->name))
        entry->long_length = 0;
    /* Readers take either name for the file, so another one's made-up alias, such as LONGER~1.BIN, gives way to it. */
    struct fat_entry *other = find_same_alias(entry);
    if (other)
        number_alias(other);
}

static unsigned long_records(const struct fat_entry *entry)
{
    return (entry->long_length + LONG_UNITS - 1) / LONG_UNITS;
}

uint64_t fat_directory_size(const struct fat_entry *directory)
{
    uint64_t records = directory->parent ? 2 : 1; /* "." and "..", or the volume's label */
    for (const struct fat_entry *child = directory->children; child; child = child->next)
        records += 1 + long_records(child);
    return records * FAT_RECORD_SIZE;
}

static uint8_t *put_record(
    const struct fat *fat, uint8_t *at, const void *alias, uint8_t attributes, uint32_t cluster, uint64_t size)
{
    memcpy(at, alias, FAT_ALIAS_SIZE);
    at[11] = attributes;
    put_le16(at + 14, fat->time); /* created */
    put_le16(at + 16, fat->date);
    put_le16(at + 18, fat->date); /* read */
    put_le16(at + 20, cluster >> 16);
    put_le16(at + 22, fat->time); /* written */
    put_le16(at + 24, fat->date);
    put_le16(at + 26, cluster & 0xffff);
    put_le32(at + 28, (uint32_t)size);
    return at + FAT_RECORD_SIZE;
}

/* The records of a long name stand before the alias, the end of the name first. */
static uint8_t *put_long_name(uint8_t *at, const struct fat_entry *entry)
{
    static const uint8_t places[LONG_UNITS] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    uint8_t checksum = 0;
    for (unsigned i = 0; i < FAT_ALIAS_SIZE; i++)
        checksum = (uint8_t)((checksum << 7 | checksum >> 1) + entry->alias[i]);
    unsigned records = long_records(entry);
    for (unsigned number = records; number > 0; number--, at += FAT_RECORD_SIZE) {
        at[0] = (uint8_t)(number | (number == records ? LONG_LAST : 0));
        at[11] = ATTRIBUTE_LONG;
        at[13] = checksum;
        for (unsigned i = 0; i < LONG_UNITS; i++) {
            unsigned unit = (number - 1) * LONG_UNITS + i;
            /* The name, a zero, and then all ones. */
            put_le16(at + places[i], unit <= entry->long_length ? entry->long_name[unit] : 0xffff);
        }
    }
    return at;
}

uint8_t *fat_directory_records(const struct fat *fat, const struct fat_entry *directory)
{
    uint8_t *records = memory_get(fat_directory_size(directory)), *at = records;
    if (directory->parent) {
        uint32_t parent = directory->parent->parent ? directory->parent->cluster : 0; /* the root is 0, even on FAT32 */
        at = put_record(fat, at, ".          ", ATTRIBUTE_DIRECTORY, directory->cluster, 0);
        at = put_record(fat, at, "..         ", ATTRIBUTE_DIRECTORY, parent, 0);
    } else {
        at = put_record(fat, at, FAT_LABEL, ATTRIBUTE_VOLUME, 0, 0);
    }
    for (const struct fat_entry *child = directory->children; child; child = child->next) {
        at = put_long_name(at, child);
        at = put_record(fat, at, child->alias, child->directory ? ATTRIBUTE_DIRECTORY : ATTRIBUTE_ARCHIVE,
            child->cluster, child->directory ? 0 : child->size);
    }
    return records;
}
