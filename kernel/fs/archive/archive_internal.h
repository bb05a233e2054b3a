/*
 * What the files of this folder share: the parser of cpio's format, and those who undo compressions.
 */
#ifndef CORRODE_FS_ARCHIVE_INTERNAL_H
#define CORRODE_FS_ARCHIVE_INTERNAL_H

#include "fs/archive/archive.h"

#define CPIO_HEADER_SIZE 110u

/* An archive on its way through: bytes come in pieces of any size. */
struct cpio {
    struct archive_sink *sink;
    enum { CPIO_START, CPIO_HEADER, CPIO_NAME, CPIO_NAME_PAD, CPIO_DATA, CPIO_DATA_PAD } state;
    size_t have;   /* bytes of header or name that are there */
    uint64_t left; /* bytes of name, data or padding that are to come */
    size_t name_size;
    struct archive_member member;
    unsigned members;
    char header[CPIO_HEADER_SIZE];
    char name[ARCHIVE_NAME_MAX];
};

void cpio_init(struct cpio *cpio, struct archive_sink *sink);

/*
 * Takes bytes in; all of them, but where an archive is expected to begin and something else does. Returns how many, or
 * -EINVAL (damaged), or the sink's error.
 */
long cpio_put(struct cpio *cpio, const uint8_t *data, size_t size);

/* Is it between archives, or members? */
static inline bool cpio_is_idle(const struct cpio *cpio)
{
    return cpio->state == CPIO_START;
}

/* Who gets what comes out: 0, or an error that ends it. */
typedef int unpack_function(void *context, const void *data, size_t length);

/*
 * Undo a compression, of what begins at DATA: how many bytes of it belonged to that, or -EINVAL (damaged), -ENOMEM, or
 * what OUT said. *at: how far they came.
 */
long gzip_unpack(const uint8_t *data, size_t size, unpack_function *out, void *context, size_t *at);
long lz4_unpack(const uint8_t *data, size_t size, unpack_function *out, void *context, size_t *at);

bool gzip_is_one(const uint8_t *data, size_t size);
bool lz4_is_one(const uint8_t *data, size_t size);

static inline uint32_t read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

#endif
