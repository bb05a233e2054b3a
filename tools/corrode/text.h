/* Small helpers for memory, strings, lists of strings and little- or big-endian bytes. They never return NULL. */
#ifndef CORRODE_TEXT_H
#define CORRODE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memory_get(size_t size); /* zeroed */
char *text_copy(const char *text);
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The part after the last slash. */
const char *text_basename(const char *path);

/* Does PATH end in SUFFIX, in whatever case? */
char *text_escape_commas(const char *text); /* doubled, as QEMU wants them in the value of an option */
bool text_ends_with(const char *path, const char *suffix);

/* How many letters must change to turn one into the other: for "did you mean". */
unsigned text_distance(const char *left, const char *right);

/* "34 MiB", "1.5 GiB", "512 bytes", in one of a few static buffers. */
const char *text_size(uint64_t bytes);

/* 8 well-mixed bytes out of a block of data and an earlier result: not for security. */
uint64_t text_hash(uint64_t seed, const void *data, size_t size);

/* A growing list, always NULL-terminated, so that it serves as argv. */
struct strings {
    char **items;
    size_t count;
};

void strings_add(struct strings *list, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The list as one line that a shell would split into the same words. */
char *strings_quoted(const struct strings *list);
/* The list as one line, words separated by one space. */
char *strings_joined(const struct strings *list);

static inline void put_le16(void *at, uint16_t value)
{
    uint8_t *byte = at;
    byte[0] = value & 0xff;
    byte[1] = value >> 8;
}

static inline void put_le32(void *at, uint32_t value)
{
    put_le16(at, value & 0xffff);
    put_le16((uint8_t *)at + 2, value >> 16);
}

static inline void put_be16(void *at, uint16_t value)
{
    put_le16(at, (uint16_t)(value >> 8 | value << 8));
}

static inline void put_be32(void *at, uint32_t value)
{
    put_be16(at, value >> 16);
    put_be16((uint8_t *)at + 2, value & 0xffff);
}

static inline void put_le64(void *at, uint64_t value)
{
    put_le32(at, value & 0xffffffff);
    put_le32((uint8_t *)at + 4, value >> 32);
}

static inline uint16_t get_le16(const void *at)
{
    const uint8_t *byte = at;
    return (uint16_t)(byte[0] | byte[1] << 8);
}

static inline uint32_t get_le32(const void *at)
{
    return get_le16(at) | (uint32_t)get_le16((const uint8_t *)at + 2) << 16;
}

static inline uint64_t get_le64(const void *at)
{
    return get_le32(at) | (uint64_t)get_le32((const uint8_t *)at + 4) << 32;
}

#endif
