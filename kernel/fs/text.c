/*
 * Text that grows: see text.h. The room doubles, so that adding costs the same on average however long it gets. From
 * ROOM_SCATTERED on it is made of scattered frames, which are there when so many in a row are not.
 */
#include "fs/text.h"

#include "lib/string.h"
#include "mm/slab.h"
#include "mm/vmap.h"

#define ROOM_FIRST 256u
#define ROOM_SCATTERED (64u << 10)
#define ROOM_MAX (64u << 20)

static char *allocate(size_t room)
{
    return room < ROOM_SCATTERED ? kmalloc(room, 0) : vmap_allocate(room, 0);
}

static void release(char *data, size_t room)
{
    if (room < ROOM_SCATTERED)
        kfree(data);
    else
        vmap_free(data);
}

/* Makes room for LENGTH bytes more. */
static bool grow(struct text *text, size_t length)
{
    size_t room = max_u64(text->room, ROOM_FIRST);
    if (text->failed || length > ROOM_MAX || text->length + length > ROOM_MAX)
        return false;
    while (room < text->length + length)
        room *= 2;
    if (room == text->room)
        return true;
    char *data = allocate(room);
    if (data == NULL)
        return false;
    if (text->length)
        memcpy(data, text->data, text->length);
    release(text->data, text->room);
    text->data = data;
    text->room = room;
    return true;
}

void text_put(struct text *text, const char *data, size_t length)
{
    if (length == 0)
        return;
    if (!grow(text, length)) {
        text->failed = true;
        return;
    }
    memcpy(text->data + text->length, data, length);
    text->length += length;
}

void text_write(struct format_sink *sink, const char *data, size_t length)
{
    text_put(container_of(sink, struct text, sink), data, length);
}

void text_puts(struct text *text, const char *string)
{
    text_put(text, string, strlen(string));
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_sink_vprintf(&text->sink, format, arguments);
    va_end(arguments);
}

void text_put_escaped(struct text *text, const char *data, size_t length, const char *special)
{
    for (size_t i = 0; i < length; i++) {
        bool escape = data[i] == '\\';
        for (const char *c = special; *c && !escape; c++)
            escape = data[i] == *c;
        if (escape)
            text_printf(text, "\\%03o", (uint8_t)data[i]);
        else
            text_put(text, &data[i], 1);
    }
}

void text_pad(struct text *text, size_t start, size_t column)
{
    size_t length = text->length - start;
    if (length < column)
        text_printf(text, "%*s", (int)(column - length), "");
}

void text_put_bits(struct text *text, const uint64_t *bits, unsigned count)
{
    for (unsigned word = (count + 31) / 32; word-- > 0;) {
        unsigned left = count - word * 32 < 32 ? count - word * 32 : 32;
        uint32_t value = (uint32_t)(bits[word / 2] >> word % 2 * 32) & (uint32_t)((1ull << left) - 1);
        text_printf(text, "%0*x%s", (int)(left + 3) / 4, value, word ? "," : "");
    }
}

void text_put_bit_list(struct text *text, const uint64_t *bits, unsigned count)
{
    const char *separator = "";
    for (unsigned i = 0; i < count; i++) {
        unsigned first = i;
        while (i < count && bits[i / 64] >> i % 64 & 1)
            i++;
        if (i == first)
            continue;
        text_printf(text, i - first > 1 ? "%s%u-%u" : "%s%u", separator, first, i - 1);
        separator = ",";
    }
}

void text_free(struct text *text)
{
    release(text->data, text->room);
    *text = (struct text)TEXT_EMPTY;
}
