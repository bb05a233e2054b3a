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

enum length {
    LENGTH_INT,
    LENGTH_CHAR,
    LENGTH_SHORT,
    LENGTH_LONG,
    LENGTH_LONG_LONG,
    LENGTH_MAX,
    LENGTH_SIZE,
    LENGTH_DIFF
};

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
    enum length length;
    char kind; /* the letter */
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

/* TEXT in a field of WIDTH. */
static void emit_field(struct output *out, const struct conversion *c, const char *text, size_t length)
{
    int padding = length < (size_t)c->width ? c->width - (int)length : 0;
    bool left = c->flags & FLAG_LEFT;
    emit_pad(out, false, left ? 0 : padding);
    emit(out, text, length);
    emit_pad(out, false, left ? padding : 0);
}

/*
 * Divides by ten and returns the remainder. Short division, 16 bits at a time: a 64-bit division would be a call into
 * a run-time library on 32 bits.
 */
static unsigned divide_by_ten(uint64_t *value)
{
    uint32_t high = (uint32_t)(*value >> 32), low = (uint32_t)*value;
    uint32_t rest = 0;

    if (high != 0) {
        rest = high % 10;
        high /= 10;
        uint32_t middle = rest << 16 | low >> 16;
        rest = middle % 10;
        uint32_t bottom = rest << 16 | (low & 0xffff);
        rest = bottom % 10;
        low = (middle / 10) << 16 | bottom / 10;
    } else {
        rest = low % 10;
        low /= 10;
    }
    *value = (uint64_t)high << 32 | low;
    return rest;
}

/* Writes the digits of VALUE so that they end before END; returns where they start. Zero has no digits. */
static char *put_digits(char *end, uint64_t value, char kind)
{
    while (value != 0) {
        if (kind == 'o') {
            *--end = (char)('0' + (value & 7));
            value >>= 3;
        } else if (kind == 'x' || kind == 'X') {
            unsigned digit = value & 15;
            *--end = (char)(digit < 10 ? '0' + digit : (kind == 'x' ? 'a' : 'A') + digit - 10);
            value >>= 4;
        } else {
            *--end = (char)('0' + divide_by_ten(&value));
        }
    }
    return end;
}

/* A number: blanks, sign or prefix, zeros, digits, blanks. PREFIX stands in front even of nothing. */
static void emit_number(struct output *out, const struct conversion *c, const char *prefix, uint64_t value, char kind)
{
    char digits[DIGITS_MAX];
    char *end = digits + sizeof digits;
    char *start = put_digits(end, value, kind);
    int count = (int)(end - start), prefix_length = (int)strlen(prefix);

    /* Paragraphs 6 and 8: the precision is the least number of digits, 1 by default; # with o makes the first one 0. */
    int least = c->precision == NONE ? 1 : c->precision < PAD_MAX ? c->precision : PAD_MAX;
    int zeros = least > count ? least - count : 0;
    if (kind == 'o' && (c->flags & FLAG_ALTERNATE) && zeros == 0)
        zeros = 1;

    int padding = c->width - prefix_length - zeros - count;
    if ((c->flags & FLAG_ZERO) && !(c->flags & FLAG_LEFT) && c->precision == NONE && padding > 0) {
        zeros += padding;
        padding = 0;
    }
    bool left = c->flags & FLAG_LEFT;
    emit_pad(out, false, left ? 0 : padding);
    emit(out, prefix, (size_t)prefix_length);
    emit_pad(out, true, zeros);
    emit(out, start, (size_t)count);
    emit_pad(out, false, left ? padding : 0);
}

static int64_t signed_argument(enum length length, va_list *arguments)
{
    switch (length) {
    case LENGTH_CHAR:
        return (signed char)va_arg(*arguments, int);
    case LENGTH_SHORT:
        return (short)va_arg(*arguments, int);
    case LENGTH_LONG:
        return va_arg(*arguments, long);
    case LENGTH_LONG_LONG:
        return va_arg(*arguments, long long);
    case LENGTH_MAX:
        return va_arg(*arguments, intmax_t);
    case LENGTH_SIZE:
    case LENGTH_DIFF:
        return va_arg(*arguments, ptrdiff_t);
    default:
        return va_arg(*arguments, int);
    }
}

static uint64_t unsigned_argument(enum length length, va_list *arguments)
{
    switch (length) {
    case LENGTH_CHAR:
        return (unsigned char)va_arg(*arguments, unsigned);
    case LENGTH_SHORT:
        return (unsigned short)va_arg(*arguments, unsigned);
    case LENGTH_LONG:
        return va_arg(*arguments, unsigned long);
    case LENGTH_LONG_LONG:
        return va_arg(*arguments, unsigned long long);
    case LENGTH_MAX:
        return va_arg(*arguments, uintmax_t);
    case LENGTH_SIZE:
    case LENGTH_DIFF:
        return va_arg(*arguments, size_t);
    default:
        return va_arg(*arguments, unsigned);
    }
}

static void emit_signed(struct output *out, const struct conversion *c, va_list *arguments)
{
    int64_t value = signed_argument(c->length, arguments);
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    const char *sign = value < 0 ? "-" : c->flags & FLAG_PLUS ? "+" : c->flags & FLAG_SPACE ? " " : "";
    emit_number(out, c, sign, magnitude, 'u');
}

static void emit_unsigned(struct output *out, const struct conversion *c, va_list *arguments)
{
    uint64_t value = unsigned_argument(c->length, arguments);
    const char *prefix = "";
    if ((c->flags & FLAG_ALTERNATE) && value != 0)
        prefix = c->kind == 'x' ? "0x" : c->kind == 'X' ? "0X" : "";
    emit_number(out, c, prefix, value, c->kind);
}

static void emit_string(struct output *out, const struct conversion *c, const char *text)
{
    if (text == NULL)
        text = "(null)";
    emit_field(out, c, text, c->precision == NONE ? strlen(text) : strnlen(text, (size_t)c->precision));
}

static unsigned flag_of(char c)
{
    switch (c) {
    case '-':
        return FLAG_LEFT;
    case '+':
        return FLAG_PLUS;
    case ' ':
        return FLAG_SPACE;
    case '#':
        return FLAG_ALTERNATE;
    case '0':
        return FLAG_ZERO;
    default:
        return 0;
    }
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

static const char *parse_length(const char *f, enum length *length)
{
    switch (*f) {
    case 'h':
        *length = f[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
        return f + (f[1] == 'h' ? 2 : 1);
    case 'l':
        *length = f[1] == 'l' ? LENGTH_LONG_LONG : LENGTH_LONG;
        return f + (f[1] == 'l' ? 2 : 1);
    case 'j':
        *length = LENGTH_MAX;
        return f + 1;
    case 'z':
        *length = LENGTH_SIZE;
        return f + 1;
    case 't':
        *length = LENGTH_DIFF;
        return f + 1;
    default:
        *length = LENGTH_INT;
        return f;
    }
}

/* Reads the conversion that follows a `%`; returns what follows it, or NULL when it is none that we know. */
static const char *parse(const char *f, struct conversion *c)
{
    const char *start = f;

    c->flags = 0;
    for (unsigned flag; (flag = flag_of(*f)) != 0; f++)
        c->flags |= flag;
    f = parse_count(f, &c->width);
    c->precision = NONE;
    if (*f == '.')
        f = parse_count(f + 1, &c->precision);
    f = parse_length(f, &c->length);
    c->kind = *f;
    switch (c->kind) {
    case 'd':
    case 'i':
    case 'o':
    case 'u':
    case 'x':
    case 'X':
        return f + 1;
    case 'c':
    case 's':
    case 'p':
        return c->length == LENGTH_INT ? f + 1 : NULL;
    case '%':
        return f == start ? f + 1 : NULL; /* paragraph 8: the complete specification is %% */
    default:
        return NULL;
    }
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
    case 'i':
        emit_signed(out, c, arguments);
        break;
    case 'c': {
        char letter = (char)va_arg(*arguments, int);
        emit_field(out, c, &letter, 1);
        break;
    }
    case 's':
        emit_string(out, c, va_arg(*arguments, const char *));
        break;
    case 'p':
        emit_number(out, c, "0x", (uintptr_t)va_arg(*arguments, void *), 'x');
        break;
    case '%':
        emit(out, "%", 1);
        break;
    default:
        emit_unsigned(out, c, arguments);
        break;
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
