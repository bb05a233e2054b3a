/*
 * gzip: a header, what deflate made, and a trailer with the checksum and the length of what went in. Deflate is undone
 * by zlib (its infback.c, which gives a window full of bytes at a time).
 *
 * Source: RFC 1952; zlib.h.
 */
#include "fs/archive/archive_internal.h"
#include "lib/errno.h"
#include "mm/slab.h"

#include <zlib.h>

#define HEADER_SIZE 10u
#define TRAILER_SIZE 8u
#define DEFLATE 8
#define FLAG_HEADER_CRC 0x02u
#define FLAG_EXTRA 0x04u
#define FLAG_NAME 0x08u
#define FLAG_COMMENT 0x10u
#define FLAGS_RESERVED 0xe0u

#define WINDOW_BITS 15
#define CRC_POLYNOMIAL 0xedb88320u /* bits in reverse order */
#define CRC_STEP 4                 /* bytes that are looked up at a time */

/* ------------------------------------------------------------------------------------------------------------------
 * CRC-32
 */

struct crc {
    uint32_t table[CRC_STEP][256]; /* of a byte that so many others follow */
    uint32_t sum;
};

static void crc_init(struct crc *crc)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t sum = i;
        for (unsigned bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? CRC_POLYNOMIAL : 0);
        crc->table[0][i] = sum;
    }
    for (unsigned step = 1; step < CRC_STEP; step++)
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t sum = crc->table[step - 1][i];
            crc->table[step][i] = sum >> 8 ^ crc->table[0][sum & 0xff];
        }
    crc->sum = ~0u;
}

static void crc_add(struct crc *crc, const uint8_t *data, size_t length)
{
    uint32_t sum = crc->sum;
    for (; length >= CRC_STEP; data += CRC_STEP, length -= CRC_STEP) {
        sum ^= read_u32(data);
        sum = crc->table[3][sum & 0xff] ^ crc->table[2][sum >> 8 & 0xff] ^ crc->table[1][sum >> 16 & 0xff] ^
              crc->table[0][sum >> 24];
    }
    for (; length > 0; data++, length--)
        sum = sum >> 8 ^ crc->table[0][(sum ^ *data) & 0xff];
    crc->sum = sum;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Undoing it
 */

struct gunzip {
    const uint8_t *data, *end; /* what zlib has not been given yet */
    unpack_function *out;
    void *context;
    int error; /* of OUT */
    uint32_t length;
    struct crc crc;
    uint8_t window[1 << WINDOW_BITS];
};

static void *allocate(void *opaque, unsigned items, unsigned size)
{
    uint64_t bytes = (uint64_t)items * size;
    return bytes <= KIB(64) ? kmalloc(bytes, 0) : NULL; /* it asks for some ten KiB */
}

static void release(void *opaque, void *memory)
{
    kfree(memory);
}

/* All that there is, at most as much as it can count. */
static unsigned give(void *context, const uint8_t **data)
{
    struct gunzip *gunzip = context;
    unsigned length = (unsigned)min_u64((size_t)(gunzip->end - gunzip->data), 1u << 30);
    *data = gunzip->data;
    gunzip->data += length;
    return length;
}

static int take(void *context, uint8_t *data, unsigned length)
{
    struct gunzip *gunzip = context;
    crc_add(&gunzip->crc, data, length);
    gunzip->length += length;
    gunzip->error = gunzip->out(gunzip->context, data, length);
    return gunzip->error != 0;
}

bool gzip_is_one(const uint8_t *data, size_t size)
{
    return size >= HEADER_SIZE && data[0] == 0x1f && data[1] == 0x8b;
}

/* A string with its NUL, of the header; 0: it does not end. */
static size_t skip_string(const uint8_t *data, size_t size, size_t at)
{
    while (at < size && data[at] != 0)
        at++;
    return at < size ? at + 1 : 0;
}

/* How long the header is; 0: it is damaged. */
static size_t header_size(const uint8_t *data, size_t size)
{
    size_t at = HEADER_SIZE;
    uint8_t flags = data[3];
    if (data[2] != DEFLATE || flags & FLAGS_RESERVED)
        return 0;
    if (flags & FLAG_EXTRA) {
        if (size - at < 2)
            return 0;
        at += 2 + (size_t)(data[at] | data[at + 1] << 8);
    }
    if (flags & FLAG_NAME)
        at = skip_string(data, size, at);
    if (at && flags & FLAG_COMMENT)
        at = skip_string(data, size, at);
    if (at && flags & FLAG_HEADER_CRC)
        at += 2;
    return at <= size ? at : 0;
}

/* Deflated data from gunzip->data on: where it ends, or NULL when it is damaged; gunzip->error, if OUT said so. */
static const uint8_t *inflate_all(struct gunzip *gunzip, int *error)
{
    z_stream stream = {.zalloc = allocate, .zfree = release};
    if (inflateBackInit(&stream, WINDOW_BITS, gunzip->window) != Z_OK) {
        *error = -ENOMEM;
        return NULL;
    }
    int result = inflateBack(&stream, give, gunzip, take, gunzip);
    const uint8_t *end = gunzip->data - stream.avail_in;
    inflateBackEnd(&stream);
    *error = result == Z_STREAM_END ? 0 : gunzip->error ? gunzip->error : -EINVAL;
    return end;
}

/* What the trailer says must be true. */
static int check_trailer(const struct gunzip *gunzip, const uint8_t *trailer, size_t size)
{
    if (size < TRAILER_SIZE)
        return -EINVAL;
    return read_u32(trailer) == ~gunzip->crc.sum && read_u32(trailer + 4) == gunzip->length ? 0 : -EINVAL;
}

long gzip_unpack(const uint8_t *data, size_t size, unpack_function *out, void *context, size_t *at)
{
    struct gunzip *gunzip = kmalloc(sizeof *gunzip, 0);
    int error = -EINVAL;
    if (gunzip == NULL)
        return -ENOMEM;
    *at = header_size(data, size);
    if (*at == 0)
        goto out_free;
    gunzip->data = data + *at;
    gunzip->end = data + size;
    gunzip->out = out;
    gunzip->context = context;
    gunzip->length = 0;
    gunzip->error = 0;
    crc_init(&gunzip->crc);
    const uint8_t *end = inflate_all(gunzip, &error);
    *at = end ? (size_t)(end - data) : *at;
    if (!error)
        error = check_trailer(gunzip, end, size - *at);
    if (!error)
        *at += TRAILER_SIZE;
out_free:
    kfree(gunzip);
    return error ? error : (long)*at;
}
