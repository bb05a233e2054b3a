/*
 * memcpy, memmove, memset and memcmp for every bare-metal target: 64-bit kernel and UEFI loader, and 32-bit BIOS
 * loader. The compiler emits calls to these wherever it likes, so nothing here may be turned into such a call: the
 * loops move several words a turn, and what is one run of bytes is an instruction of the processor.
 *
 * On 64 bits three sizes of work are told apart:
 *
 *   - up to 16 bytes: two words, possibly overlapping, that are both read before either is written. No loop;
 *   - up to LARGE: four words a turn, and the last 32 bytes (again overlapping) separately;
 *   - beyond: `rep movs`, by bytes where the processor says that this is fast (ERMS), else by words.
 *
 * On 32 bits size matters more than speed: `rep movsl`, then the bytes that are left. A 386 has nothing better.
 *
 * Sources: Intel Optimization Reference Manual, 3.7.6 (REP MOVSB and STOSB, ERMS, where start-up cost is paid back);
 * SDM volume 2, CPUID leaf 7, EBX bit 9. The direction flag is clear on entry, as both ABIs promise.
 */
#include "lib/string.h"

#include <stdbool.h>
#include <stdint.h>

/* Clang believes -ffreestanding; GCC must be told apart not to see memcpy in a loop. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

static inline void copy_bytes(void *to, const void *from, size_t count)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static inline void fill_bytes(void *to, uint8_t byte, size_t count)
{
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(byte) : "memory");
}

#ifdef __x86_64__

#include "arch/x86_64/io.h"

/* From here on `rep` is worth its start-up cost. */
#define LARGE 512

/* A word at any address. */
struct unaligned64 {
    uint64_t value;
} __attribute__((packed, may_alias));

struct unaligned32 {
    uint32_t value;
} __attribute__((packed, may_alias));

struct unaligned16 {
    uint16_t value;
} __attribute__((packed, may_alias));

static inline uint64_t get64(const uint8_t *p)
{
    return ((const struct unaligned64 *)p)->value;
}

static inline uint32_t get32(const uint8_t *p)
{
    return ((const struct unaligned32 *)p)->value;
}

static inline uint16_t get16(const uint8_t *p)
{
    return ((const struct unaligned16 *)p)->value;
}

static inline void put64(uint8_t *p, uint64_t value)
{
    ((struct unaligned64 *)p)->value = value;
}

static inline void put32(uint8_t *p, uint32_t value)
{
    ((struct unaligned32 *)p)->value = value;
}

static inline void put16(uint8_t *p, uint16_t value)
{
    ((struct unaligned16 *)p)->value = value;
}

/* Are byte-wise `rep movs` and `rep stos` the fast ones? Asked once: on a virtual machine CPUID is slow. */
static enum { REP_UNKNOWN, REP_WORDS, REP_BYTES } rep_kind;

static bool rep_by_bytes(void)
{
    if (rep_kind == REP_UNKNOWN) {
        bool erms = cpu_id(0, 0).eax >= 7 && (cpu_id(7, 0).ebx & 1u << 9);
        rep_kind = erms ? REP_BYTES : REP_WORDS;
    }
    return rep_kind == REP_BYTES;
}

/* At most 16 bytes, overlapping or not: all is read before anything is written. */
static inline void copy_small(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size >= 8) {
        uint64_t first = get64(from), last = get64(from + size - 8);
        put64(to, first);
        put64(to + size - 8, last);
    } else if (size >= 4) {
        uint32_t first = get32(from), last = get32(from + size - 4);
        put32(to, first);
        put32(to + size - 4, last);
    } else if (size >= 2) {
        uint16_t first = get16(from), last = get16(from + size - 2);
        put16(to, first);
        put16(to + size - 2, last);
    } else if (size == 1) {
        *to = *from;
    }
}

/* 32 bytes; all is read before anything is written. */
static inline void copy_32(uint8_t *to, const uint8_t *from)
{
    uint64_t a = get64(from), b = get64(from + 8), c = get64(from + 16), d = get64(from + 24);
    put64(to, a);
    put64(to + 8, b);
    put64(to + 16, c);
    put64(to + 24, d);
}

/* More than 16 bytes, upwards: right when the ranges are apart, or TO is the lower. */
static inline void copy_up(uint8_t *to, const uint8_t *from, size_t size)
{
    if (size < 32) {
        uint64_t a = get64(from), b = get64(from + 8), c = get64(from + size - 16), d = get64(from + size - 8);
        put64(to, a);
        put64(to + 8, b);
        put64(to + size - 16, c);
        put64(to + size - 8, d);
        return;
    }

    /* The last 32 bytes are read now, for the loop may write over them, and written last. */
    uint8_t *end = to + size;
    const uint8_t *tail = from + size - 32;
    uint64_t a = get64(tail), b = get64(tail + 8), c = get64(tail + 16), d = get64(tail + 24);
    for (; size > 32; size -= 32) {
        copy_32(to, from);
        to += 32;
        from += 32;
    }
    put64(end - 32, a);
    put64(end - 24, b);
    put64(end - 16, c);
    put64(end - 8, d);
}

/* At least 32 bytes, downwards: right when the ranges are apart, or TO is the higher. */
static inline void copy_down(uint8_t *to, const uint8_t *from, size_t size)
{
    uint64_t a = get64(from), b = get64(from + 8), c = get64(from + 16), d = get64(from + 24);
    for (; size > 32; size -= 32)
        copy_32(to + size - 32, from + size - 32);
    put64(to, a);
    put64(to + 8, b);
    put64(to + 16, c);
    put64(to + 24, d);
}

/* At least LARGE bytes. Upwards, so also right when TO is the lower; but where ranges overlap, `rep movs` is slow. */
static void copy_large(uint8_t *to, const uint8_t *from, size_t size)
{
    if (rep_by_bytes()) {
        copy_bytes(to, from, size);
        return;
    }
    uint64_t last = get64(from + size - 8);
    uint8_t *end = to + size;
    size_t words = size / 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    put64(end - 8, last);
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    if (size <= 16)
        copy_small(to, from, size);
    else if (size < LARGE)
        copy_up(to, from, size);
    else
        copy_large(to, from, size);
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    size_t ahead = (uintptr_t)to - (uintptr_t)from; /* wraps, and then is larger than any size, when TO is the lower */
    size_t behind = (uintptr_t)from - (uintptr_t)to;

    if (size <= 16)
        copy_small(to, from, size);
    else if (size >= LARGE && ahead >= size && behind >= size)
        copy_large(to, from, size);
    else if (size < 32 || ahead >= size)
        copy_up(to, from, size);
    else
        copy_down(to, from, size);
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    uint64_t word = 0x0101010101010101ull * (uint8_t)byte;
    uint8_t *p = to, *end = p + size;

    if (size >= LARGE && rep_by_bytes()) {
        fill_bytes(to, (uint8_t)byte, size);
    } else if (size >= LARGE) {
        size_t words = size / 8;
        __asm__ volatile("rep stosq" : "+D"(p), "+c"(words) : "a"(word) : "memory");
        put64(end - 8, word);
    } else if (size >= 8) {
        for (; size > 8; size -= 8, p += 8)
            put64(p, word);
        put64(end - 8, word);
    } else if (size >= 4) {
        put32(p, (uint32_t)word);
        put32(end - 4, (uint32_t)word);
    } else if (size >= 2) {
        put16(p, (uint16_t)word);
        put16(end - 2, (uint16_t)word);
    } else if (size == 1) {
        *p = (uint8_t)byte;
    }
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *l = left, *r = right;

    while (size >= 8 && get64(l) == get64(r)) {
        l += 8;
        r += 8;
        size -= 8;
    }
    if (size >= 8) {
        /* They differ here: in memory order, so that the first byte weighs most. */
        uint64_t a = __builtin_bswap64(get64(l)), b = __builtin_bswap64(get64(r));
        return a < b ? -1 : 1;
    }
    for (; size > 0; size--, l++, r++) {
        if (*l != *r)
            return *l - *r;
    }
    return 0;
}

#else /* 32 bits */

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *d = to;
    const void *s = from;
    size_t words = size / 4;
    __asm__ volatile("rep movsl" : "+D"(d), "+S"(s), "+c"(words) : : "memory");
    copy_bytes(d, s, size % 4);
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size) /* wraps when TO is the lower: upwards is right then */
        return memcpy(to, from, size);

    void *d = (uint8_t *)to + size - 1;
    const void *s = (const uint8_t *)from + size - 1;
    __asm__ volatile("std; rep movsb; cld" : "+D"(d), "+S"(s), "+c"(size) : : "memory");
    return to;
}

void *memset(void *to, int byte, size_t size)
{
    void *d = to;
    size_t words = size / 4;
    __asm__ volatile("rep stosl" : "+D"(d), "+c"(words) : "a"(0x01010101u * (uint8_t)byte) : "memory");
    fill_bytes(d, (uint8_t)byte, size % 4);
    return to;
}

int memcmp(const void *left, const void *right, size_t size)
{
    const uint8_t *l = left, *r = right;

    for (; size > 0; size--, l++, r++) {
        if (*l != *r)
            return *l - *r;
    }
    return 0;
}

#endif
