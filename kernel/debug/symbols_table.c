/*
 * Reading the table of symbols (debug/symbols.h has its form). One walk from its start: a look-up is for someone who
 * reads, and takes well below a millisecond. Also part of tools/mksymbols, which looks up with it what it has written.
 *
 * The reader never goes beyond the table, whatever is in it.
 */
#include "debug/symbols.h"
#include "lib/string.h"

struct reader {
    const uint8_t *at, *end;
};

static uint8_t get_byte(struct reader *reader)
{
    return reader->at < reader->end ? *reader->at++ : 0;
}

static uint32_t get_fixed(struct reader *reader)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 32; shift += 8)
        value |= (uint32_t)get_byte(reader) << shift;
    return value;
}

static uint64_t get_number(struct reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = get_byte(reader);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    return value;
}

/* The name takes the place of that of the function before, whose beginning it may share. */
static void get_name(struct reader *reader, char name[SYMBOLS_NAME_MAX])
{
    size_t length = get_byte(reader);
    if (length >= SYMBOLS_NAME_MAX)
        length = SYMBOLS_NAME_MAX - 1;
    for (char c; (c = (char)get_byte(reader)) != '\0';) {
        if (length < SYMBOLS_NAME_MAX - 1)
            name[length++] = c;
    }
    name[length] = '\0';
}

/* Walks the lines up to what is OFFSET bytes into their function. */
static void find_line(struct reader lines, uint64_t offset, uint64_t *file, uint64_t *line)
{
    *file = get_number(&lines);
    *line = get_number(&lines);
    uint64_t next_file = *file, next_line = *line, address = 0;
    while (lines.at < lines.end) {
        uint8_t step = get_byte(&lines);
        if (step == SYMBOLS_FILE) {
            next_file = get_number(&lines);
            continue;
        }
        if (step == SYMBOLS_FAR) {
            address += get_number(&lines);
            uint64_t distance = get_number(&lines);
            next_line += distance & 1 ? ~(distance >> 1) : distance >> 1;
        } else {
            address += step / SYMBOLS_LINES;
            next_line += step % SYMBOLS_LINES + (uint64_t)SYMBOLS_LINE_BASE;
        }
        if (address > offset)
            return;
        *file = next_file;
        *line = next_line;
    }
}

static const char *file_name(struct reader files, uint64_t number)
{
    while (number-- > 0 && files.at < files.end) {
        while (get_byte(&files) != 0)
            ;
    }
    size_t room = (size_t)(files.end - files.at);
    return strnlen((const char *)files.at, room) < room ? (const char *)files.at : NULL;
}

bool symbols_find_in(const uint8_t *table, size_t size, uint64_t offset, struct symbol *symbol)
{
    if (size < SYMBOLS_HEADER || memcmp(table, SYMBOLS_MAGIC, 4) != 0)
        return false;
    struct reader reader = {.at = table + 4, .end = table + size};
    uint32_t text_size = get_fixed(&reader), functions = get_fixed(&reader), files_at = get_fixed(&reader);
    if (offset >= text_size || files_at < SYMBOLS_HEADER || files_at > size)
        return false;
    struct reader files = {.at = table + files_at, .end = table + size};
    reader.end = files.at;

    symbol->name[0] = '\0';
    for (uint64_t end = 0; functions > 0 && reader.at < reader.end; functions--) {
        uint64_t start = end + get_number(&reader);
        end = start + get_number(&reader);
        get_name(&reader, symbol->name);
        uint64_t length = get_number(&reader);
        if (offset < start || length > (uint64_t)(reader.end - reader.at))
            return false;
        struct reader lines = {.at = reader.at, .end = reader.at + length};
        reader.at = lines.end;
        if (offset >= end)
            continue;

        uint64_t file = 0;
        symbol->offset = offset - start;
        symbol->file = NULL;
        symbol->line = 0;
        if (length > 0) {
            find_line(lines, symbol->offset, &file, &symbol->line);
            symbol->file = file_name(files, file);
        }
        return true;
    }
    return false;
}
