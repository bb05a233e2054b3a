/*
 * Text that grows while it is written: what the files of /proc and /sys show.
 *
 *     struct text text = TEXT_EMPTY;
 *     text_printf(&text, "%u kB\n", size);
 *     if (text.failed) ...                 there was no memory, and `length` is not the whole of it
 *     text_free(&text);
 *
 * Whoever writes need not look at `failed`: from then on nothing is added.
 */
#ifndef CORRODE_FS_TEXT_H
#define CORRODE_FS_TEXT_H

#include "lib/printf.h"
#include "lib/types.h"

struct text {
    struct format_sink sink;
    char *data; /* NULL: nothing yet */
    size_t length, room;
    bool failed;
};

void text_write(struct format_sink *sink, const char *data, size_t length);
#define TEXT_EMPTY                                                                                                     \
    {                                                                                                                  \
        .sink = {.write = text_write }                                                                                 \
    }

void text_put(struct text *text, const char *data, size_t length);
void text_puts(struct text *text, const char *string);
void text_printf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, with each character of SPECIAL, and the backslash, as \ and three octal digits. */
void text_put_escaped(struct text *text, const char *data, size_t length, const char *special);

/* Blanks until the line that began at START is COLUMN characters long. */
void text_pad(struct text *text, size_t start, size_t column);

/* COUNT bits as Linux shows sets: "ff,ffffffff", and as "0-3,8". */
void text_put_bits(struct text *text, const uint64_t *bits, unsigned count);
void text_put_bit_list(struct text *text, const uint64_t *bits, unsigned count);

void text_free(struct text *text);

#endif
