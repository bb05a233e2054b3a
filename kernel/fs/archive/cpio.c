/*
 * The format of cpio's archives: see archive.h. Each member is a header of 110 characters, a name with its NUL, and the
 * contents, name and contents each padded to four bytes. The last is called TRAILER!!!; zeros and another archive may
 * follow.
 *
 * It is a machine with a state, since what was compressed comes in pieces that end anywhere.
 */
#include "fs/archive/archive_internal.h"
#include "lib/errno.h"
#include "lib/string.h"

#define MAGIC "070701"
#define MAGIC_CRC "070702" /* with a sum of each file's bytes, which is not looked at */
#define MAGIC_SIZE 6u
#define TRAILER "TRAILER!!!"

/* The fields, each eight hexadecimal digits, in the order of the header. */
enum field {
    INODE,
    MODE,
    UID,
    GID,
    LINKS,
    TIME,
    SIZE,
    MAJOR,
    MINOR,
    DEVICE_MAJOR,
    DEVICE_MINOR,
    NAME_SIZE,
    CHECK,
    FIELDS
};
_Static_assert(MAGIC_SIZE + 8 * FIELDS == CPIO_HEADER_SIZE, "newc");

void cpio_init(struct cpio *cpio, struct archive_sink *sink)
{
    cpio->sink = sink;
    cpio->state = CPIO_START;
    cpio->members = 0;
}

/* Eight hexadecimal digits; false when they are not. */
static bool read_field(const char *digits, uint32_t *value)
{
    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        uint8_t c = (uint8_t)digits[i] | 0x20; /* digits stay what they are */
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return false;
        *value = *value << 4 | (uint32_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return true;
}

/* Bytes up to the next multiple of four. */
static uint64_t padding(uint64_t size)
{
    return -size & 3;
}

static void enter(struct cpio *cpio, unsigned state, uint64_t left)
{
    cpio->state = state;
    cpio->left = left;
    cpio->have = 0;
}

/* The header is there. */
static int read_header(struct cpio *cpio)
{
    uint32_t fields[FIELDS];
    if (memcmp(cpio->header, MAGIC, MAGIC_SIZE) != 0 && memcmp(cpio->header, MAGIC_CRC, MAGIC_SIZE) != 0)
        return -EINVAL;
    for (unsigned i = 0; i < FIELDS; i++)
        if (!read_field(cpio->header + MAGIC_SIZE + 8 * i, &fields[i]))
            return -EINVAL;
    if (fields[NAME_SIZE] == 0 || fields[NAME_SIZE] > ARCHIVE_NAME_MAX)
        return -EINVAL;
    cpio->name_size = fields[NAME_SIZE];
    cpio->member = (struct archive_member){.name = cpio->name,
        .mode = fields[MODE],
        .uid = fields[UID],
        .gid = fields[GID],
        .links = fields[LINKS],
        .inode = fields[INODE],
        .major = fields[MAJOR],
        .minor = fields[MINOR],
        .time = fields[TIME],
        .device = fields[DEVICE_MAJOR] << 8 | fields[DEVICE_MINOR],
        .size = fields[SIZE]};
    enter(cpio, CPIO_NAME, fields[NAME_SIZE]);
    return 0;
}

/* The data is there, and so is what follows it. */
static int end_member(struct cpio *cpio)
{
    int error = cpio->sink->end(cpio->sink);
    cpio->members += error == 0;
    enter(cpio, CPIO_START, 0);
    return error;
}

static int begin_member(struct cpio *cpio)
{
    if (strcmp(cpio->name, TRAILER) == 0 && cpio->member.size == 0) {
        cpio->sink->trailer(cpio->sink);
        enter(cpio, CPIO_START, 0);
        return 0;
    }
    int error = cpio->sink->begin(cpio->sink, &cpio->member);
    enter(cpio, CPIO_DATA, cpio->member.size);
    return error ? error : cpio->left == 0 ? end_member(cpio) : 0;
}

/* What was to come in this state has come. */
static int advance(struct cpio *cpio)
{
    switch (cpio->state) {
    case CPIO_HEADER: return read_header(cpio);
    case CPIO_NAME:
        if (cpio->name[cpio->name_size - 1] != '\0')
            return -EINVAL;
        enter(cpio, CPIO_NAME_PAD, padding(CPIO_HEADER_SIZE + cpio->name_size));
        return cpio->left ? 0 : begin_member(cpio);
    case CPIO_NAME_PAD: return begin_member(cpio);
    case CPIO_DATA: enter(cpio, CPIO_DATA_PAD, padding(cpio->member.size)); return cpio->left ? 0 : end_member(cpio);
    case CPIO_DATA_PAD: return end_member(cpio);
    default: return 0;
    }
}

/* Takes a piece that belongs to this state. */
static int take(struct cpio *cpio, const uint8_t *data, size_t length)
{
    int error = 0;
    if (cpio->state == CPIO_HEADER)
        memcpy(cpio->header + cpio->have, data, length);
    else if (cpio->state == CPIO_NAME)
        memcpy(cpio->name + cpio->have, data, length);
    else if (cpio->state == CPIO_DATA)
        error = cpio->sink->data(cpio->sink, data, length);
    cpio->have += length;
    cpio->left -= length;
    return error ? error : cpio->left == 0 ? advance(cpio) : 0;
}

long cpio_put(struct cpio *cpio, const uint8_t *data, size_t size)
{
    size_t at = 0;
    int error = 0;
    while (at < size && !error) {
        if (cpio->state == CPIO_START) {
            if (data[at] == 0) {
                at++;
                continue;
            }
            if (data[at] != MAGIC[0])
                break;
            enter(cpio, CPIO_HEADER, CPIO_HEADER_SIZE);
        }
        size_t piece = min_u64(size - at, cpio->left);
        error = take(cpio, data + at, piece);
        at += piece;
    }
    return error ? error : (long)at;
}
