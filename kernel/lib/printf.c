/*
 * printf: decode a conversion completely, then fetch its arguments, then write it. Text that is no valid conversion
 * is written as it stands, so a wrong format string costs a strange line and nothing else.
 *
 * Source: C11, 7.21.6.1; the paragraph numbers below are of that section.
 */
#include "lib/printf.h"
#include "lib/string.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* A width, or a number of leading zeros, is cut off here: what paragraph 15 lets every program count on. */
#define PAD_MAX 4095

/* 64 bits in octal. */
#define DIGITS_MAX 22

#define FLAGS "-+ #0" /* a flag's number is its place in this list */
#define FLAG_LEFT (1u << 0)
#define FLAG_PLUS (1u << 1)
#define FLAG_SPACE (1u << 2)
#define FLAG_ALTERNATE (1u << 3)
#define FLAG_ZERO (1u << 4)

/* Where a width or a precision comes from, when it is not a number in the format. */
#define NONE (-1)
#define ARGUMENT (-2)

struct conversion {
    unsigned flags;
    int width;     /* or ARGUMENT */
    int precision; /* or NONE or ARGUMENT */
    size_t size;   /* of the argument, in bytes, when it is an integer */
    char kind;     /* the letter */
};

struct output {
    struct format_sink *sink;
    int written;
};

static void emit(struct output *out, const char *text, size_t length)
{
    if (length == 0)
        return;
    out->sink->write(out->sink, text, length);
    out->written = length < (size_t)(INT_MAX - out->written) ? out->written + (int)length : INT_MAX;
}

static void emit_pad(struct output *out, bool zeros, int count)
{
    static const char pad[2][17] = {"                ", "0000000000000000"};
    for (; count > 0; count -= 16)
        emit(out, pad[zeros], count < 16 ? (size_t)count : 16);
}

/* A field of the conversion's width: PREFIX, ZEROS, TEXT, in this order. */
static void emit_field(
    struct output *out, const struct conversion *c, const char *prefix, int zeros, const char *text, size_t length)
{
    size_t prefix_length = strlen(prefix), total = prefix_length + (size_t)zeros + length;
    int padding = total < (size_t)c->width ? c->width - (int)total : 0;
    bool left = c->flags & FLAG_LEFT;

    emit_pad(out, false, left ? 0 : padding);
    emit(out, prefix, prefix_length);
    emit_pad(out, true, zeros);
    emit(out, text, length);
    emit_pad(out, false, left ? padding : 0);
}

/*
 * Divides by BASE, at most 16, and returns the remainder. Short division, with digits of 16 bits: division of 64 bits
 * would be a call into a run-time library on a 32-bit processor.
 */
static unsigned divide(uint64_t *value, unsigned base)
{
    uint32_t high = (uint32_t)(*value >> 32), low = (uint32_t)*value;

    uint32_t middle = high % base << 16 | low >> 16;
    uint32_t bottom = middle % base << 16 | (low & 0xffff);
    *value = (uint64_t)(high / base) << 32 | (middle / base << 16 | bottom / base);
    return bottom % base;
}

/* Writes the digits of VALUE so that they end before END; returns where they start. Zero has no digits. */
static char *put_digits(char *end, uint64_t value, char kind)
{
    unsigned base = kind == 'o' ? 8 : kind == 'u' ? 10 : 16;
    while (value != 0)
        *--end = (kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef")[divide(&value, base)];
    return end;
}

/* A number behind its sign or prefix. */
static void emit_number(struct output *out, const struct conversion *c, const char *prefix, uint64_t value, char kind)
{
    char digits[DIGITS_MAX];
    char *end = digits + sizeof digits;
    char *start = put_digits(end, value, kind);
    int count = (int)(end - start), least = c->precision;

    /* Paragraphs 6 and 8: the precision is the least number of digits; without one, 0 pads, and else it is 1. */
    if (least == NONE) {
        least = 1;
        if ((c->flags & (FLAG_ZERO | FLAG_LEFT)) == FLAG_ZERO && c->width > (int)strlen(prefix))
            least = c->width - (int)strlen(prefix);
    }
    if (least > PAD_MAX)
        least = PAD_MAX;
    int zeros = least > count ? least - count : 0;
    if (kind == 'o' && (c->flags & FLAG_ALTERNATE) && zeros == 0)
        zeros = 1; /* # makes the first digit 0 */
    emit_field(out, c, prefix, zeros, start, (size_t)count);
}

/* The next argument, an integer of the conversion's size, extended to 64 bits. */
static uint64_t integer_argument(const struct conversion *c, va_list *arguments, bool is_signed)
{
    uint64_t value = c->size > sizeof(int) ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
    switch (c->size) {
    case 1: return is_signed ? (uint64_t)(int8_t)value : (uint8_t)value;
    case 2: return is_signed ? (uint64_t)(int16_t)value : (uint16_t)value;
    case 4: return is_signed ? (uint64_t)(int32_t)value : (uint32_t)value;
    default: return value;
    }
}

static void emit_signed(struct output *out, const struct conversion *c, va_list *arguments)
{
    uint64_t value = integer_argument(c, arguments, true);
    if ((int64_t)value < 0)
        emit_number(out, c, "-", 0 - value, 'u');
    else
        emit_number(out, c, c->flags & FLAG_PLUS ? "+" : c->flags & FLAG_SPACE ? " " : "", value, 'u');
}

static void emit_unsigned(struct output *out, const struct conversion *c, va_list *arguments)
{
    uint64_t value = integer_argument(c, arguments, false);
    const char *prefix = "";
    if ((c->flags & FLAG_ALTERNATE) && value != 0)
        prefix = c->kind == 'x' ? "0x" : c->kind == 'X' ? "0X" : "";
    emit_number(out, c, prefix, value, c->kind);
}

static void emit_string(struct output *out, const struct conversion *c, const char *text)
{
    if (text == NULL)
        text = "(null)";
    emit_field(out, c, "", 0, text, c->precision == NONE ? strlen(text) : strnlen(text, (size_t)c->precision));
}

/* Is C, which may be the NUL, in SET? */
static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* `*`, or digits (none are 0), as a width or a precision. */
static const char *parse_count(const char *f, int *count)
{
    if (*f == '*') {
        *count = ARGUMENT;
        return f + 1;
    }
    *count = 0;
    for (; *f >= '0' && *f <= '9'; f++) {
        int digit = *f - '0';
        *count = *count > (INT_MAX - digit) / 10 ? INT_MAX : *count * 10 + digit;
    }
    return f;
}

static const char *parse_length(const char *f, size_t *size)
{
    bool twice = *f != '\0' && f[1] == *f;
    switch (*f) {
    case 'h': *size = twice ? sizeof(char) : sizeof(short); return f + 1 + twice;
    case 'l': *size = twice ? sizeof(long long) : sizeof(long); return f + 1 + twice;
    case 'j': *size = sizeof(intmax_t); return f + 1;
    case 'z':
    case 't':
        *size = sizeof(size_t); /* as large as ptrdiff_t */
        return f + 1;
    default: *size = sizeof(int); return f;
    }
}

/* Reads the conversion that follows a `%`; returns what follows it, or NULL when it is none that we know. */
static const char *parse(const char *f, struct conversion *c)
{
    const char *start = f;

    for (c->flags = 0; is_one_of(*f, FLAGS); f++)
        c->flags |= 1u << (strchr(FLAGS, *f) - FLAGS);
    f = parse_count(f, &c->width);
    c->precision = NONE;
    if (*f == '.')
        f = parse_count(f + 1, &c->precision);
    const char *length = f;
    f = parse_length(f, &c->size);
    c->kind = *f;

    bool known = is_one_of(*f, "diouxX") || (f == length && is_one_of(*f, "csp")) ||
                 (f == start && *f == '%'); /* paragraph 8: the complete specification is %% */
    return known ? f + 1 : NULL;
}

/* Paragraph 5: a negative width means left-adjusted, a negative precision none. */
static void fetch_counts(struct conversion *c, va_list *arguments)
{
    if (c->width == ARGUMENT) {
        c->width = va_arg(*arguments, int);
        if (c->width < 0) {
            c->flags |= FLAG_LEFT;
            c->width = c->width == INT_MIN ? INT_MAX : -c->width;
        }
    }
    if (c->width > PAD_MAX)
        c->width = PAD_MAX;
    if (c->precision == ARGUMENT) {
        c->precision = va_arg(*arguments, int);
        if (c->precision < 0)
            c->precision = NONE;
    }
}

static void convert(struct output *out, struct conversion *c, va_list *arguments)
{
    fetch_counts(c, arguments);
    switch (c->kind) {
    case 'd':
    case 'i': emit_signed(out, c, arguments); break;
    case 'c': {
        char letter = (char)va_arg(*arguments, int);
        emit_field(out, c, "", 0, &letter, 1);
        break;
    }
    case 's': emit_string(out, c, va_arg(*arguments, const char *)); break;
    case 'p': emit_number(out, c, "0x", (uintptr_t)va_arg(*arguments, void *), 'x'); break;
    case '%': emit(out, "%", 1); break;
    default: emit_unsigned(out, c, arguments); break;
    }
}

int format_sink_vprintf(struct format_sink *sink, const char *format, va_list arguments)
{
    struct output out = {.sink = sink};
    va_list list; /* a va_list parameter may be an array, whose address is not that of a va_list */
    va_copy(list, arguments);

    const char *plain = format; /* text not written yet */
    while (*format != '\0') {
        struct conversion c;
        const char *after = *format == '%' ? parse(format + 1, &c) : NULL;
        if (after == NULL) {
            format++;
            continue;
        }
        emit(&out, plain, (size_t)(format - plain));
        convert(&out, &c, &list);
        plain = format = after;
    }
    emit(&out, plain, (size_t)(format - plain));
    va_end(list);
    return out.written;
}

int format_sink_printf(struct format_sink *sink, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = format_sink_vprintf(sink, format, arguments);
    va_end(arguments);
    return length;
}

struct buffer_sink {
    struct format_sink sink; /* first: the one is the other */
    char *next;
    size_t room; /* without the NUL */
};

static void buffer_write(struct format_sink *sink, const char *text, size_t length)
{
    struct buffer_sink *buffer = (struct buffer_sink *)sink;
    if (length > buffer->room)
        length = buffer->room;
    memcpy(buffer->next, text, length);
    buffer->next += length;
    buffer->room -= length;
}

int vsnprintf(char *buffer, size_t size, const char *format, va_list arguments)
{
    char nothing;
    if (size == 0) {
        buffer = &nothing;
        size = 1;
    }
    struct buffer_sink sink = {.sink = {.write = buffer_write}, .next = buffer, .room = size - 1};
    int length = format_sink_vprintf(&sink.sink, format, arguments);
    *sink.next = '\0';
    return length;
}

int snprintf(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(buffer, size, format, arguments);
    va_end(arguments);
    return length;
}
