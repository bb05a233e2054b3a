/*
 * Archives (kernel/fs/archive/): members arrive as they are, however the bytes are cut, compressed or not; and each
 * kind of damage is noticed where it is. What the compressors of this machine make is unpacked by
 * tests/system/initramfs.t.
 */
#include "fs/archive/archive_internal.h"
#include "lib/xxh32.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What has arrived, as text: "name mode size:contents;". A trailer is "|". */
struct collected {
    struct archive_sink sink;
    char text[4096];
    size_t length;
    int fail_begin, fail_data;
};

static void add(struct collected *collected, const void *bytes, size_t length)
{
    assert_true(collected->length + length < sizeof collected->text);
    memcpy(collected->text + collected->length, bytes, length);
    collected->length += length;
    collected->text[collected->length] = '\0';
}

static int begin(struct archive_sink *sink, const struct archive_member *member)
{
    struct collected *collected = container_of(sink, struct collected, sink);
    char line[300];
    int length = snprintf(line, sizeof line, "%s %o %u:", member->name, member->mode, member->size);
    add(collected, line, (size_t)length);
    return collected->fail_begin;
}

static int data(struct archive_sink *sink, const void *bytes, size_t length)
{
    struct collected *collected = container_of(sink, struct collected, sink);
    add(collected, bytes, length);
    return collected->fail_data;
}

static int end(struct archive_sink *sink)
{
    add(container_of(sink, struct collected, sink), ";", 1);
    return 0;
}

static void trailer(struct archive_sink *sink)
{
    add(container_of(sink, struct collected, sink), "|", 1);
}

#define COLLECTED                                                                                                      \
    {                                                                                                                  \
        .sink = {.begin = begin, .data = data, .end = end, .trailer = trailer }                                        \
    }

/* ------------------------------------------------------------------------------------------------------------------
 * Making archives
 */

struct bytes {
    uint8_t data[16384];
    size_t size;
};

static void put(struct bytes *bytes, const void *data, size_t size)
{
    assert_true(bytes->size + size <= sizeof bytes->data);
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void put_number(struct bytes *bytes, uint64_t number, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        put(bytes, &(uint8_t){(uint8_t)(number >> 8 * i)}, 1);
}

static void pad(struct bytes *bytes)
{
    while (bytes->size % 4)
        put(bytes, "", 1);
}

static void put_member(struct bytes *bytes, const char *name, unsigned mode, const char *contents)
{
    char header[CPIO_HEADER_SIZE + 1];
    snprintf(header, sizeof header, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1u, mode, 0u, 0u,
        1u, 1000u, strlen(contents), 0u, 0u, 0u, 0u, strlen(name) + 1, 0u);
    put(bytes, header, CPIO_HEADER_SIZE);
    put(bytes, name, strlen(name) + 1);
    pad(bytes);
    put(bytes, contents, strlen(contents));
    pad(bytes);
}

static void put_archive(struct bytes *bytes)
{
    put_member(bytes, ".", 040755, "");
    put_member(bytes, "a", 0100644, "contents");
    put_member(bytes, "a name that is somewhat longer", 0100600, "x");
    put_member(bytes, "link", 0120777, "a");
    put_member(bytes, "TRAILER!!!", 0, "");
}

#define EXPECTED ". 40755 0:;a 100644 8:contents;a name that is somewhat longer 100600 1:x;link 120777 1:a;|"

static uint32_t crc_of(const uint8_t *data, size_t size)
{
    uint32_t sum = ~0u;
    for (size_t i = 0; i < size; i++) {
        sum ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
    }
    return ~sum;
}

/* With a header of every field, and stored blocks. */
static void put_gzip(struct bytes *to, const struct bytes *from, unsigned flags)
{
    const uint8_t header[10] = {0x1f, 0x8b, 8, (uint8_t)flags, 0, 0, 0, 0, 0, 3};
    put(to, header, sizeof header);
    if (flags & 4)
        put(to, "\x03\x00xyz", 5);
    if (flags & 8)
        put(to, "name", 5);
    if (flags & 16)
        put(to, "comment", 8);
    if (flags & 2)
        put(to, "\x12\x34", 2);
    for (size_t at = 0; at < from->size; at += 500) {
        size_t piece = min_u64(500, from->size - at);
        put_number(to, at + piece == from->size, 1);
        put_number(to, piece, 2);
        put_number(to, ~piece, 2);
        put(to, from->data + at, piece);
    }
    put_number(to, crc_of(from->data, from->size), 4);
    put_number(to, from->size, 4);
}

static uint32_t xxh32_of(const void *data, size_t size)
{
    struct xxh32 sum;
    xxh32_init(&sum);
    xxh32_add(&sum, data, size);
    return xxh32_end(&sum);
}

/* A block of literals only. */
static void put_literals(struct bytes *to, const uint8_t *from, size_t size)
{
    struct bytes block = {.size = 0};
    put_number(&block, size < 15 ? size << 4 : 0xf0, 1);
    if (size >= 15)
        for (size_t rest = size - 15;; rest -= 255) {
            put_number(&block, min_u64(rest, 255), 1);
            if (rest < 255)
                break;
        }
    put(&block, from, size);
    put_number(to, block.size, 4);
    put(to, block.data, block.size);
}

/* FLAGS of a frame's descriptor. Every other block is stored. */
static void put_frame(struct bytes *to, const struct bytes *from, unsigned flags)
{
    put_number(to, 0x184d2204, 4);
    size_t descriptor = to->size;
    put_number(to, flags, 1);
    put_number(to, 0x40, 1);
    if (flags & 8)
        put_number(to, from->size, 8);
    put_number(to, xxh32_of(to->data + descriptor, to->size - descriptor) >> 8 & 0xff, 1);
    for (size_t at = 0; at < from->size; at += 100) {
        size_t piece = min_u64(100, from->size - at), start = to->size;
        if (at % 200) {
            put_number(to, piece | 0x80000000u, 4);
            put(to, from->data + at, piece);
        } else {
            put_literals(to, from->data + at, piece);
        }
        if (flags & 16)
            put_number(to, xxh32_of(to->data + start + 4, to->size - start - 4), 4);
    }
    put_number(to, 0, 4);
    if (flags & 4)
        put_number(to, xxh32_of(from->data, from->size), 4);
}

static void put_legacy(struct bytes *to, const struct bytes *from)
{
    put_number(to, 0x184c2102, 4);
    put_literals(to, from->data, from->size);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Tests
 */

static void check(const struct bytes *bytes, const char *expected)
{
    struct collected collected = COLLECTED;
    struct archive_report report;
    assert_true(archive_is_one(bytes->data, bytes->size));
    assert_int_equal(archive_unpack(bytes->data, bytes->size, &collected.sink, &report), 0);
    assert_string_equal(collected.text, expected);
    assert_null(report.problem);
    assert_int_equal(report.at, bytes->size);
}

static void check_damage(const struct bytes *bytes, const char *problem)
{
    struct collected collected = COLLECTED;
    struct archive_report report;
    assert_int_equal(archive_unpack(bytes->data, bytes->size, &collected.sink, &report), -EINVAL);
    assert_string_equal(report.problem, problem);
    assert_true(report.at <= bytes->size);
}

static void members_arrive(void **state)
{
    struct bytes archive = {.size = 0};
    put_archive(&archive);
    check(&archive, EXPECTED);
    /* However it is cut. */
    for (size_t step = 1; step < 200; step++) {
        struct collected collected = COLLECTED;
        struct cpio *cpio = malloc(sizeof *cpio);
        cpio_init(cpio, &collected.sink);
        for (size_t at = 0; at < archive.size; at += step) {
            size_t piece = min_u64(step, archive.size - at);
            assert_int_equal(cpio_put(cpio, archive.data + at, piece), piece);
        }
        assert_true(cpio_is_idle(cpio));
        assert_int_equal(cpio->members, 4);
        assert_string_equal(collected.text, EXPECTED);
        free(cpio);
    }
}

static void compressed_ones_arrive(void **state)
{
    static const unsigned frame_flags[] = {0x40, 0x60, 0x64, 0x70, 0x7c, 0x5c, 0x68};
    struct bytes archive = {.size = 0};
    put_archive(&archive);
    for (unsigned flags = 0; flags < 32; flags += 2) {
        struct bytes gzip = {.size = 0};
        put_gzip(&gzip, &archive, flags);
        check(&gzip, EXPECTED);
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(frame_flags); i++) {
        struct bytes frame = {.size = 0};
        put_frame(&frame, &archive, frame_flags[i]);
        check(&frame, EXPECTED);
    }
    struct bytes legacy = {.size = 0};
    put_legacy(&legacy, &archive);
    check(&legacy, EXPECTED);
}

/* One after the other, with zeros between them. */
static void several_follow_each_other(void **state)
{
    struct bytes archive = {.size = 0}, all = {.size = 0};
    put_archive(&archive);
    put_archive(&all);
    put(&all, "\0\0\0\0\0\0\0\0", 8);
    put_gzip(&all, &archive, 0);
    put_archive(&all);
    put_legacy(&all, &archive);
    put(&all, "\0\0\0\0\0\0", 6);
    put_frame(&all, &archive, 0x64);
    put_number(&all, 0x184d2a53, 4); /* a frame to be skipped */
    put_number(&all, 3, 4);
    put(&all, "abc\0", 4);
    put_gzip(&all, &archive, 8);
    check(&all, EXPECTED EXPECTED EXPECTED EXPECTED EXPECTED EXPECTED);
}

/* Back references: near ones, overlapping ones, and far ones into the block before. */
static void matches_are_copied(void **state)
{
    struct bytes archive = {.size = 0}, packed = {.size = 0}, block = {.size = 0};
    put_member(&archive, "a", 0100644, "abcabcabcabcabcabcabcabcabcabcabcabcabcabcZ");
    put_member(&archive, "TRAILER!!!", 0, "");
    size_t literals = CPIO_HEADER_SIZE + 2 + 3; /* up to the first "abc" */
    put_number(&block, 0xff, 1);
    put_number(&block, literals - 15, 1);
    put(&block, archive.data, literals);
    put_number(&block, 3, 2);
    put_number(&block, 39 - 4 - 15, 1);
    size_t rest = archive.size - literals - 39;
    put_number(&block, 0xf0, 1);
    put_number(&block, rest - 15, 1);
    put(&block, archive.data + literals + 39, rest);
    put_number(&packed, 0x184c2102, 4);
    put_number(&packed, block.size, 4);
    put(&packed, block.data, block.size);
    check(&packed, "a 100644 43:abcabcabcabcabcabcabcabcabcabcabcabcabcabcZ;|");

    /* The same in a frame whose second block refers to the first. */
    struct bytes frame = {.size = 0};
    put_number(&frame, 0x184d2204, 4);
    put_number(&frame, 0x40, 1);
    put_number(&frame, 0x40, 1);
    put_number(&frame, xxh32_of("\x40\x40", 2) >> 8 & 0xff, 1);
    put_literals(&frame, archive.data, literals);
    struct bytes second = {.size = 0};
    put_number(&second, 0x0f, 1);
    put_number(&second, 3, 2);
    put_number(&second, 39 - 4 - 15, 1);
    put_number(&second, 0xf0, 1);
    put_number(&second, rest - 15, 1);
    put(&second, archive.data + literals + 39, rest);
    put_number(&frame, second.size, 4);
    put(&frame, second.data, second.size);
    put_number(&frame, 0, 4);
    check(&frame, "a 100644 43:abcabcabcabcabcabcabcabcabcabcabcabcabcabcZ;|");
}

/* Cut off anywhere: what is whole arrives, and the rest is told. */
static void cut_ones_are_noticed(void **state)
{
    struct bytes archive = {.size = 0}, gzip = {.size = 0}, frame = {.size = 0};
    put_archive(&archive);
    put_gzip(&gzip, &archive, 8);
    put_frame(&frame, &archive, 0x64);
    const struct bytes *const all[] = {&archive, &gzip, &frame};
    for (unsigned i = 0; i < ARRAY_LENGTH(all); i++)
        for (size_t size = 120; size < all[i]->size; size++) {
            struct collected collected = COLLECTED;
            struct archive_report report;
            int error = archive_unpack(all[i]->data, size, &collected.sink, &report);
            bool between = all[i] == &archive && error == 0; /* at the end of a member */
            assert_true(error == -EINVAL || between);
            assert_true(report.at <= size && (between || report.problem != NULL));
            assert_int_equal(strncmp(collected.text, EXPECTED, collected.length), 0);
        }
}

static void damage_is_noticed(void **state)
{
    struct bytes archive = {.size = 0}, bytes = {.size = 0};
    put_archive(&archive);
    bytes = archive;
    assert_memory_equal(bytes.data + 372, "\0\0\0\0x", 5);
    bytes.data[374] = 'x'; /* the padding of a name does not matter */
    check(&bytes, EXPECTED);
    bytes = archive;
    bytes.data[20] = 'g'; /* no hexadecimal digit */
    check_damage(&bytes, "is damaged");
    bytes = archive;
    memcpy(bytes.data + 94, "00000000", 8); /* no name */
    check_damage(&bytes, "is damaged");
    memcpy(bytes.data + 94, "0fffffff", 8);
    check_damage(&bytes, "is damaged");
    bytes = archive;
    bytes.data[CPIO_HEADER_SIZE + 1] = 'x'; /* the name's NUL */
    check_damage(&bytes, "is damaged");
    bytes = archive;
    put(&bytes, "junk", 4);
    check_damage(&bytes, "is damaged");

    for (unsigned i = 0; i < 3; i++) {
        struct bytes sound = {.size = 0};
        if (i == 0)
            put_gzip(&sound, &archive, 0);
        else
            put_frame(&sound, &archive, i == 1 ? 0x64 : 0x74);
        for (size_t at = i == 0 ? 10 : 6; at < sound.size; at++) { /* the checksums tell of every byte that counts */
            struct collected collected = COLLECTED;
            struct archive_report report;
            bytes = sound;
            bytes.data[at] ^= 1;
            if (archive_unpack(bytes.data, bytes.size, &collected.sink, &report) == 0)
                assert_string_equal(collected.text, i == 1 ? EXPECTED : "noticed");
        }
    }
    struct bytes inner = {.size = 0}, outer = {.size = 0};
    put_gzip(&inner, &archive, 0);
    put_gzip(&outer, &inner, 0); /* compressed twice */
    check_damage(&outer, "is damaged");
}

static void others_are_named(void **state)
{
    static const struct {
        const char *magic, *problem;
    } others[] = {{"\xfd"
                   "7zXZ",
                      "is compressed with xz, which cannot be undone here"},
        {"\x28\xb5\x2f\xfd", "is compressed with zstd, which cannot be undone here"},
        {"BZh9", "is compressed with bzip2, which cannot be undone here"}};
    for (unsigned i = 0; i < ARRAY_LENGTH(others); i++) {
        struct bytes bytes = {.size = 200};
        memcpy(bytes.data, others[i].magic, strlen(others[i].magic));
        assert_true(archive_is_one(bytes.data, bytes.size));
        check_damage(&bytes, others[i].problem);
    }
    assert_false(archive_is_one("\x7f"
                                "ELF and so on",
        14));
    assert_false(archive_is_one("", 0));
}

static void the_sink_ends_it(void **state)
{
    struct bytes archive = {.size = 0}, gzip = {.size = 0}, frame = {.size = 0};
    put_archive(&archive);
    put_gzip(&gzip, &archive, 0);
    put_frame(&frame, &archive, 0x64);
    const struct bytes *const all[] = {&archive, &gzip, &frame};
    for (unsigned i = 0; i < ARRAY_LENGTH(all); i++) {
        struct collected first = COLLECTED, second = COLLECTED;
        struct archive_report report;
        first.fail_begin = -ENOMEM;
        assert_int_equal(archive_unpack(all[i]->data, all[i]->size, &first.sink, &report), -ENOMEM);
        assert_string_equal(report.problem, "does not fit into memory");
        second.fail_data = -ENOMEM;
        assert_int_equal(archive_unpack(all[i]->data, all[i]->size, &second.sink, &report), -ENOMEM);
        assert_int_equal(report.members, 1);
    }
}

/* From the project's own list of values. */
static void sums_are_right(void **state)
{
    assert_int_equal(xxh32_of("", 0), 0x02cc5d05);
    assert_int_equal(xxh32_of("a", 1), 0x550d7456);
    assert_int_equal(xxh32_of("abc", 3), 0x32d153ff);
    assert_int_equal(xxh32_of("Nobody inspects the spammish repetition", 39), 0xe2293b2f);
    uint8_t bytes[100];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7);
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        struct xxh32 sum;
        xxh32_init(&sum);
        xxh32_add(&sum, bytes, cut);
        xxh32_add(&sum, bytes + cut, sizeof bytes - cut);
        assert_int_equal(xxh32_end(&sum), xxh32_of(bytes, sizeof bytes));
    }
}

UNIT_MAIN(cmocka_unit_test(members_arrive), cmocka_unit_test(compressed_ones_arrive),
    cmocka_unit_test(several_follow_each_other), cmocka_unit_test(matches_are_copied),
    cmocka_unit_test(cut_ones_are_noticed), cmocka_unit_test(damage_is_noticed), cmocka_unit_test(others_are_named),
    cmocka_unit_test(the_sink_ends_it), cmocka_unit_test(sums_are_right))
