/*
 * Fuzzes printf (kernel/lib/printf.c) two ways. Any bytes at all as a format, with arguments that suit nothing: it may
 * not crash, hang, or write beyond its buffer. And a valid conversion made from the bytes: the C library must agree.
 */
#include "tests/unit/corrode_lib.h"

#include <stdint.h>
#include <stdlib.h>

#pragma clang diagnostic ignored "-Wformat-nonliteral"
#pragma clang diagnostic ignored "-Wformat-security"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every argument reads as a string and as a number. */
static void any_format(const uint8_t *data, size_t size)
{
    static const char *const s = "string";
    char format[256], text[64];
    if (size >= sizeof format)
        size = sizeof format - 1;
    memcpy(format, data, size);
    format[size] = '\0';

    /* A %s in the format takes what comes next, so all that comes is a string: as many as the format can ask for. */
    size_t room = size > 0 ? data[0] % sizeof text : 0;
    memset(text, '#', sizeof text);
    unsigned conversions = 0;
    for (size_t i = 0; i < size; i++)
        conversions += format[i] == '%' || format[i] == '*';
    if (conversions > 12)
        return;
    int length = corrode_snprintf(text, room, format, s, s, s, s, s, s, s, s, s, s, s, s);
    if (length < 0)
        abort();
    for (size_t i = room; i < sizeof text; i++) {
        if (text[i] != '#')
            abort();
    }
    if (room > 0 && memchr(text, '\0', room) == NULL)
        abort();
}

static void valid_conversion(const uint8_t *data, size_t size)
{
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "j", "z", "t"};
    uint64_t number;
    if (size < 5 + sizeof number)
        return;
    memcpy(&number, data + 5, sizeof number);

    char format[32], ours[256], theirs[256];
    unsigned length = data[1] % 8, n = 0;
    format[n++] = '%';
    for (unsigned i = 0; i < 5; i++) {
        if (data[0] & 1u << i)
            format[n++] = "-+ #0"[i];
    }
    if (data[2] < 200)
        n += (unsigned)snprintf(format + n, sizeof format - n, "%u", data[2] % 70 + 1);
    if (data[3] < 128)
        n += (unsigned)snprintf(format + n, sizeof format - n, ".%u", data[3] % 70);
    snprintf(format + n, sizeof format - n, "%s%c", lengths[length], "diouxX"[data[4] % 6]);

    int our_length, their_length;
    if (length <= 2) {
        our_length = corrode_snprintf(ours, sizeof ours, format, (int)number);
        their_length = snprintf(theirs, sizeof theirs, format, (int)number);
    } else {
        our_length = corrode_snprintf(ours, sizeof ours, format, number);
        their_length = snprintf(theirs, sizeof theirs, format, number);
    }
    if (our_length != their_length || strcmp(ours, theirs) != 0) {
        fprintf(stderr, "\"%s\" of %#llx: \"%s\", not \"%s\"\n", format, (unsigned long long)number, ours, theirs);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    any_format(data, size);
    valid_conversion(data, size);
    return 0;
}
