/* Memory, strings and lists of strings: see text.h. */
#include "text.h"

#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void *check(void *memory)
{
    if (!memory)
        fatal(NULL, "out of memory; close something or use smaller files");
    return memory;
}

void *memory_get(size_t size)
{
    return check(calloc(1, size ? size : 1));
}

char *text_copy(const char *text)
{
    return check(strdup(text));
}

static char *format_text(const char *format, va_list arguments)
{
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    return check(text);
}

char *text_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = format_text(format, arguments);
    va_end(arguments);
    return text;
}

const char *text_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *text_escape_commas(const char *text)
{
    char *escaped = memory_get(2 * strlen(text) + 1), *to = escaped;
    for (; *text; text++) {
        *to++ = *text;
        if (*text == ',')
            *to++ = ',';
    }
    return escaped;
}

bool text_ends_with(const char *path, const char *suffix)
{
    size_t length = strlen(path), tail = strlen(suffix);
    return length > tail && strcasecmp(path + length - tail, suffix) == 0;
}

/* The usual table of Wagner and Fischer, one row at a time; words longer than the row count as far apart. */
unsigned text_distance(const char *left, const char *right)
{
    unsigned row[32];
    size_t width = strlen(right);
    if (width >= 32)
        return 32;
    for (unsigned i = 0; i <= width; i++)
        row[i] = i;
    for (unsigned y = 1; left[y - 1]; y++) {
        unsigned diagonal = row[0];
        row[0] = y;
        for (unsigned x = 1; x <= width; x++) {
            unsigned best = diagonal + (left[y - 1] != right[x - 1]);
            if (best > row[x] + 1)
                best = row[x] + 1;
            if (best > row[x - 1] + 1)
                best = row[x - 1] + 1;
            diagonal = row[x];
            row[x] = best;
        }
    }
    return row[width];
}

const char *text_size(uint64_t bytes)
{
    static char buffers[4][32];
    static unsigned turn;
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    char *buffer = buffers[turn++ % 4];
    unsigned unit = 0;
    double value = (double)bytes;
    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    bool whole = value == (double)(uint64_t)value;
    snprintf(buffer, sizeof buffers[0], "%.*f %s", whole ? 0 : 1, value, units[unit]);
    return buffer;
}

/* FNV-1a over the bytes, then one round of the splitmix64 finaliser so that every bit depends on every other. */
uint64_t text_hash(uint64_t seed, const void *data, size_t size)
{
    uint64_t hash = seed ^ 0xcbf29ce484222325;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ ((const uint8_t *)data)[i]) * 0x100000001b3;
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
    return hash ^ hash >> 31;
}

void strings_add(struct strings *list, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    list->items = check(realloc(list->items, (list->count + 2) * sizeof *list->items));
    list->items[list->count++] = format_text(format, arguments);
    list->items[list->count] = NULL;
    va_end(arguments);
}

static bool is_plain(const char *word)
{
    return *word &&
           word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,.:=_/+@%-")] == '\0';
}

char *strings_quoted(const struct strings *list)
{
    char *line = NULL;
    size_t length;
    FILE *out = check(open_memstream(&line, &length));
    for (size_t i = 0; i < list->count; i++) {
        const char *word = list->items[i];
        if (i)
            fputc(' ', out);
        if (is_plain(word)) {
            fputs(word, out);
            continue;
        }
        fputc('\'', out);
        for (; *word; word++) {
            if (*word == '\'')
                fputs("'\\''", out);
            else
                fputc(*word, out);
        }
        fputc('\'', out);
    }
    fclose(out);
    return check(line);
}

char *strings_joined(const struct strings *list)
{
    char *line = NULL;
    size_t length;
    FILE *out = check(open_memstream(&line, &length));
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, "%s%s", i ? " " : "", list->items[i]);
    fclose(out);
    return check(line);
}
