/*
 * LZ4, in both of its containers: the frame that `lz4` makes, and the older one of `lz4 -l` that Linux wants. Blocks
 * are undone by the library; this finds them, and memory for what comes out.
 *
 * How long a block becomes is not said anywhere, but can be counted (block_length), so that a buffer need not be as
 * large as a block may be: 8 MiB.
 *
 * Source: LZ4's doc/lz4_Frame_format.md and lz4_Block_format.md.
 */
#include "fs/archive/archive_internal.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "lib/xxh32.h"
#include "mm/vmap.h"

#include <lz4.h>

#define MAGIC_FRAME 0x184d2204u
#define MAGIC_LEGACY 0x184c2102u
#define MAGIC_SKIPPABLE 0x184d2a50u /* to ...5f */

#define LEGACY_BLOCK_MAX MIB(8)
#define HISTORY_SIZE KIB(64) /* that a linked block may refer to */

#define FLAG_VERSION 0xc0u
#define FLAG_VERSION_1 0x40u
#define FLAG_INDEPENDENT 0x20u
#define FLAG_BLOCK_SUM 0x10u
#define FLAG_SIZE 0x08u
#define FLAG_SUM 0x04u
#define FLAG_RESERVED 0x02u
#define FLAG_DICTIONARY 0x01u
#define BLOCK_STORED 0x80000000u

struct unlz4 {
    const uint8_t *data;
    size_t size, at;
    unpack_function *out;
    void *context;
    uint8_t *buffer; /* history, then a block; NULL: none yet */
    size_t room;     /* for the block */
    size_t history;  /* bytes of what came before, right before the block */
    bool sums;       /* everything is summed up */
    struct xxh32 sum;
};

static size_t left(const struct unlz4 *unlz4)
{
    return unlz4->size - unlz4->at;
}

/* The next 32 bits; false: there are none. */
static bool next_u32(struct unlz4 *unlz4, uint32_t *value)
{
    if (left(unlz4) < 4)
        return false;
    *value = read_u32(unlz4->data + unlz4->at);
    unlz4->at += 4;
    return true;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Blocks
 */

/* A length of 15 goes on in the next bytes. False: they are not there. */
static bool add_length(const uint8_t **at, const uint8_t *end, size_t *length)
{
    uint8_t byte = 255;
    while (byte == 255) {
        if (*at == end)
            return false;
        byte = *(*at)++;
        *length += byte;
    }
    return true;
}

/* How many bytes come out of a block; more than MAX: so many, or it is damaged. */
static size_t block_length(const uint8_t *at, size_t size, size_t max)
{
    const uint8_t *end = at + size;
    size_t total = 0;
    while (at < end && total <= max) {
        uint8_t token = *at++;
        size_t literals = token >> 4, match = (token & 15) + 4u;
        if (literals == 15 && !add_length(&at, end, &literals))
            return max + 1;
        if (literals > (size_t)(end - at))
            return max + 1;
        at += literals;
        total += literals;
        if (at == end)
            return total; /* the last sequence has no match */
        if (end - at < 2)
            return max + 1;
        at += 2;
        if ((token & 15) == 15 && !add_length(&at, end, &match))
            return max + 1;
        total += match;
    }
    return max + 1;
}

/* Room for a block of LENGTH bytes behind the history, which comes along. */
static int make_room(struct unlz4 *unlz4, size_t length)
{
    if (unlz4->buffer && unlz4->room >= length)
        return 0;
    uint8_t *buffer = vmap_allocate(HISTORY_SIZE + length, 0);
    if (buffer == NULL)
        return -ENOMEM;
    if (unlz4->buffer)
        memcpy(buffer, unlz4->buffer, HISTORY_SIZE);
    vmap_free(unlz4->buffer);
    unlz4->buffer = buffer;
    unlz4->room = length;
    return 0;
}

/* What a linked block may refer to: the last bytes that came out. */
static void keep_history(struct unlz4 *unlz4, size_t length)
{
    uint8_t *block = unlz4->buffer + HISTORY_SIZE;
    size_t before = unlz4->history;
    unlz4->history = min_u64(before + length, HISTORY_SIZE);
    memmove(block - unlz4->history, block + length - unlz4->history, unlz4->history);
}

/* A compressed block at the current position; LINKED: it may refer to those before. */
static int unpack_block(struct unlz4 *unlz4, size_t size, size_t max, bool linked)
{
    const uint8_t *from = unlz4->data + unlz4->at;
    size_t length = block_length(from, size, max);
    if (length > max || size > INT32_MAX)
        return -EINVAL;
    int error = make_room(unlz4, max_u64(length, 1));
    if (error)
        return error;
    uint8_t *block = unlz4->buffer + HISTORY_SIZE;
    size_t history = linked ? unlz4->history : 0;
    int made = LZ4_decompress_safe_usingDict(
        (const char *)from, (char *)block, (int)size, (int)length, (const char *)block - history, (int)history);
    if (made < 0 || (size_t)made != length)
        return -EINVAL;
    if (unlz4->sums)
        xxh32_add(&unlz4->sum, block, length);
    error = unlz4->out(unlz4->context, block, length);
    if (linked && !error)
        keep_history(unlz4, length);
    unlz4->at += size;
    return error;
}

/* One that is as it was. */
static int copy_block(struct unlz4 *unlz4, size_t size, size_t max, bool linked)
{
    const uint8_t *from = unlz4->data + unlz4->at;
    if (size > max)
        return -EINVAL;
    if (unlz4->sums)
        xxh32_add(&unlz4->sum, from, size);
    int error = unlz4->out(unlz4->context, from, size);
    if (linked && !error && (error = make_room(unlz4, max_u64(size, 1))) == 0) {
        memcpy(unlz4->buffer + HISTORY_SIZE, from, size);
        keep_history(unlz4, size);
    }
    unlz4->at += size;
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Containers
 */

/* Blocks with their sizes before them, up to the end, or to what can be none. */
static int unpack_legacy(struct unlz4 *unlz4)
{
    int error = 0;
    while (!error && left(unlz4) >= 4) {
        uint32_t size = read_u32(unlz4->data + unlz4->at);
        if (size == MAGIC_LEGACY) { /* another one right behind it */
            unlz4->at += 4;
            continue;
        }
        if (size == 0 || size > (uint32_t)LZ4_compressBound(LEGACY_BLOCK_MAX))
            break;
        unlz4->at += 4;
        error = size <= left(unlz4) ? unpack_block(unlz4, size, LEGACY_BLOCK_MAX, false) : -EINVAL;
    }
    return error;
}

struct frame {
    uint8_t flags;
    size_t block_max;
};

/* The descriptor of a frame, with its checksum. */
static int read_frame(struct unlz4 *unlz4, struct frame *frame)
{
    const uint8_t *descriptor = unlz4->data + unlz4->at;
    if (left(unlz4) < 3)
        return -EINVAL;
    uint8_t flags = descriptor[0], block = descriptor[1];
    size_t size = 2 + (flags & FLAG_SIZE ? 8 : 0) + (flags & FLAG_DICTIONARY ? 4 : 0);
    if ((flags & FLAG_VERSION) != FLAG_VERSION_1 || flags & (FLAG_RESERVED | FLAG_DICTIONARY) || block & 0x8f)
        return -EINVAL;
    if (block >> 4 < 4 || left(unlz4) < size + 1)
        return -EINVAL;
    struct xxh32 sum;
    xxh32_init(&sum);
    xxh32_add(&sum, descriptor, size);
    if (descriptor[size] != (xxh32_end(&sum) >> 8 & 0xff))
        return -EINVAL;
    unlz4->at += size + 1;
    *frame = (struct frame){.flags = flags, .block_max = (size_t)1 << (8 + 2 * (block >> 4))};
    return 0;
}

/* A checksum that follows what it is of. */
static int check_sum(struct unlz4 *unlz4, uint32_t expected)
{
    uint32_t sum;
    return next_u32(unlz4, &sum) && sum == expected ? 0 : -EINVAL;
}

static int unpack_frame_block(struct unlz4 *unlz4, const struct frame *frame, uint32_t word)
{
    size_t size = word & ~BLOCK_STORED;
    bool linked = !(frame->flags & FLAG_INDEPENDENT);
    if (size > left(unlz4))
        return -EINVAL;
    struct xxh32 sum;
    xxh32_init(&sum);
    if (frame->flags & FLAG_BLOCK_SUM)
        xxh32_add(&sum, unlz4->data + unlz4->at, size);
    int error = word & BLOCK_STORED ? copy_block(unlz4, size, frame->block_max, linked)
                                    : unpack_block(unlz4, size, frame->block_max, linked);
    return !error && frame->flags & FLAG_BLOCK_SUM ? check_sum(unlz4, xxh32_end(&sum)) : error;
}

static int unpack_frame(struct unlz4 *unlz4)
{
    struct frame frame;
    int error = read_frame(unlz4, &frame);
    unlz4->history = 0;
    unlz4->sums = !error && frame.flags & FLAG_SUM;
    xxh32_init(&unlz4->sum);
    while (!error) {
        uint32_t word;
        if (!next_u32(unlz4, &word))
            return -EINVAL;
        if (word == 0)
            return frame.flags & FLAG_SUM ? check_sum(unlz4, xxh32_end(&unlz4->sum)) : 0;
        error = unpack_frame_block(unlz4, &frame, word);
    }
    return error;
}

static int skip_frame(struct unlz4 *unlz4)
{
    uint32_t size;
    if (!next_u32(unlz4, &size) || size > left(unlz4))
        return -EINVAL;
    unlz4->at += size;
    return 0;
}

static bool is_skippable(uint32_t magic)
{
    return (magic & ~0xfu) == MAGIC_SKIPPABLE;
}

bool lz4_is_one(const uint8_t *data, size_t size)
{
    uint32_t magic = size >= 8 ? read_u32(data) : 0;
    return magic == MAGIC_FRAME || magic == MAGIC_LEGACY || is_skippable(magic);
}

long lz4_unpack(const uint8_t *data, size_t size, unpack_function *out, void *context, size_t *at)
{
    struct unlz4 unlz4 = {.data = data, .size = size, .at = 4, .out = out, .context = context};
    uint32_t magic = read_u32(data);
    int error = magic == MAGIC_LEGACY ? unpack_legacy(&unlz4)
                : is_skippable(magic) ? skip_frame(&unlz4)
                                      : unpack_frame(&unlz4);
    vmap_free(unlz4.buffer);
    *at = unlz4.at;
    return error ? error : (long)unlz4.at;
}
