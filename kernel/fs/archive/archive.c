/*
 * What is in memory, one piece after the other, each in its own format: see archive.h.
 */
#include "fs/archive/archive_internal.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"

#define MAGIC_MAX 6

static bool cpio_is_one(const uint8_t *data, size_t size)
{
    return size >= CPIO_HEADER_SIZE && (memcmp(data, "070701", 6) == 0 || memcmp(data, "070702", 6) == 0);
}

static const struct format {
    const char *problem; /* of one that cannot be read */
    bool (*is_one)(const uint8_t *data, size_t size);
    long (*unpack)(const uint8_t *data, size_t size, unpack_function *out, void *context, size_t *at);
    char magic[MAGIC_MAX];
    uint8_t magic_size;
} formats[] = {
    {.is_one = cpio_is_one},
    {.is_one = gzip_is_one, .unpack = gzip_unpack},
    {.is_one = lz4_is_one, .unpack = lz4_unpack},
    {.problem = "is compressed with xz, which cannot be undone here",
        .magic = "\xfd"
                 "7zXZ",
        .magic_size = 6},
    {.problem = "is compressed with zstd, which cannot be undone here", .magic = "\x28\xb5\x2f\xfd", .magic_size = 4},
    {.problem = "is compressed with bzip2, which cannot be undone here", .magic = "BZh", .magic_size = 3},
    {.problem = "is compressed with lzop, which cannot be undone here", .magic = "\x89LZO", .magic_size = 5},
    {.problem = "is compressed with lzma, which cannot be undone here", .magic = "\x5d\0\0", .magic_size = 4},
};

/* NULL: none that is known. */
static const struct format *format_of(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < ARRAY_LENGTH(formats); i++) {
        const struct format *format = &formats[i];
        if (format->is_one ? format->is_one(data, size)
                           : size >= format->magic_size && memcmp(data, format->magic, format->magic_size) == 0)
            return format;
    }
    return NULL;
}

bool archive_is_one(const void *data, size_t size)
{
    return format_of(data, size) != NULL;
}

/* What comes out of a compression must be archives, and nothing but those. */
static int put_unpacked(void *context, const void *data, size_t length)
{
    long taken = cpio_put(context, data, length);
    return taken < 0 ? (int)taken : (size_t)taken == length ? 0 : -EINVAL;
}

/* The piece at report->at, which it moves on. */
static int unpack_piece(const uint8_t *data, size_t size, struct cpio *cpio, struct archive_report *report)
{
    const struct format *format = format_of(data + report->at, size - report->at);
    size_t at = 0;
    report->problem = format ? format->problem : "is damaged";
    if (format == NULL || format->problem)
        return -EINVAL;
    long used = format->unpack ? format->unpack(data + report->at, size - report->at, put_unpacked, cpio, &at)
                               : cpio_put(cpio, data + report->at, size - report->at);
    report->at += used > 0 ? (size_t)used : at;
    report->problem = used == -ENOMEM ? "does not fit into memory" : "is damaged";
    if (used < 0)
        return (int)used;
    if (!cpio_is_idle(cpio)) {
        report->problem = "ends in the middle of a member";
        return -EINVAL;
    }
    report->problem = NULL;
    return 0;
}

int archive_unpack(const void *data, size_t size, struct archive_sink *sink, struct archive_report *report)
{
    const uint8_t *bytes = data;
    int error = 0;
    *report = (struct archive_report){.problem = "does not fit into memory"};
    struct cpio *cpio = kmalloc(sizeof *cpio, 0);
    if (cpio == NULL)
        return -ENOMEM;
    report->problem = NULL;
    cpio_init(cpio, sink);
    while (report->at < size && !error) {
        if (bytes[report->at] == 0)
            report->at++; /* between archives */
        else
            error = unpack_piece(bytes, size, cpio, report);
    }
    report->members = cpio->members;
    kfree(cpio);
    return error;
}
