/*
 * Makes a VHDX file reproducible. Random in it are: two headers with a sequence number, GUIDs and a checksum each; what
 * remains of a log that has been played back; and the disk's identifier among the metadata.
 * Source: Microsoft [MS-VHDX], 2.2 and 2.6.
 */
#include "formats.h"

#include <string.h>

#define HEADER_1 0x10000
#define HEADER_2 0x20000
#define HEADER_SIZE 4096
#define REGIONS 0x30000

static uint32_t crc32c(const uint8_t *data, size_t size)
{
    uint32_t crc = ~0u;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

/* [MS-VHDX] 2.2.2: checksum at 4, sequence number at 8, GUIDs of file writes at 16, of data writes at 32. */
static void fix_header(uint8_t *header, uint64_t hash, uint64_t sequence)
{
    put_le64(header + 8, sequence);
    format_uuid(header + 16, hash, 0);
    format_uuid(header + 32, hash, 1);
    put_le32(header + 4, 0);
    put_le32(header + 4, crc32c(header, HEADER_SIZE));
}

/* The first entry with this GUID in a table of COUNT entries of 32 bytes. */
static uint8_t *find_entry(uint8_t *entries, uint32_t count, const uint8_t *guid)
{
    for (uint32_t i = 0; i < count && i < 2047; i++) {
        if (memcmp(entries + 32 * i, guid, 16) == 0)
            return entries + 32 * i;
    }
    return NULL;
}

static void fix_disk_identifier(uint8_t *data, size_t size, uint64_t hash)
{
    static const uint8_t metadata_region[] = {
        0x06, 0xa2, 0x7c, 0x8b, 0x90, 0x47, 0x9a, 0x4b, 0xb8, 0xfe, 0x57, 0x5f, 0x05, 0x0f, 0x88, 0x6e};
    static const uint8_t disk_identifier[] = {
        0xab, 0x12, 0xca, 0xbe, 0xe6, 0xb2, 0x23, 0x45, 0x93, 0xef, 0xc3, 0x09, 0xe0, 0x00, 0xc7, 0x46};
    uint8_t *region = find_entry(data + REGIONS + 16, get_le32(data + REGIONS + 8), metadata_region);
    if (!region || get_le64(region + 16) > size - 0x20000)
        return;
    uint8_t *table = data + get_le64(region + 16);
    uint8_t *item = find_entry(table + 32, get_le16(table + 10), disk_identifier);
    if (item && get_le32(item + 16) <= (size_t)(data + size - table) - 16)
        format_uuid(table + get_le32(item + 16), hash, 2);
}

void vhdx_normalise(uint8_t *data, size_t size, uint64_t hash)
{
    if (size < 0x100000 || get_le64(data + HEADER_1 + 48) || get_le64(data + HEADER_2 + 48))
        return; /* the log still counts */
    uint64_t log = get_le64(data + HEADER_1 + 72), log_size = get_le32(data + HEADER_1 + 68);
    bool first_is_older = get_le64(data + HEADER_1 + 8) < get_le64(data + HEADER_2 + 8);
    if (log <= size && log_size <= size - log)
        memset(data + log, 0, log_size);
    fix_header(data + HEADER_1, hash, first_is_older ? 1 : 2);
    fix_header(data + HEADER_2, hash, first_is_older ? 2 : 1);
    fix_disk_identifier(data, size, hash);
}
