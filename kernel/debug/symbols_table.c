/*
 * Reading the table of symbols (debug/symbols.h has its form). One walk from its start: a look-up is for someone who
 * reads, and takes well below a millisecond. Also part of tools/mksymbols, which looks up with it what it has written.
 *
 * The reader never goes beyond the table, whatever is in it.
 */
#include "debug/symbols.h"
#include "debug/symbols_steps.h"
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

/* Takes one step; returns by how many bytes, and where to in *place. */
static uint64_t get_step(struct reader *lines, const struct symbols_recent *recent, struct symbols_place *place)
{
    unsigned step = get_byte(lines);
    *place = recent->places[0];
    if (step < STEP_POSITION) {
        place->line += step % STEP_LINES + (uint64_t)STEP_LINE_BASE;
        return step / STEP_LINES;
    }
    uint64_t bytes = get_number(lines);
    if (step < STEP_RECENT) {
        *place = recent->places[step - STEP_POSITION];
    } else if (step < STEP_FILE) {
        uint64_t distance = get_number(lines);
        *place = recent->files[step - STEP_RECENT];
        place->line += distance & 1 ? ~(distance >> 1) : distance >> 1;
    } else {
        place->file = get_number(lines);
        place->line = get_number(lines);
    }
    return bytes;
}

/* Walks the lines up to what is OFFSET bytes into their function. */
static struct symbols_place find_place(struct reader lines, uint64_t offset)
{
    struct symbols_recent recent = {0};
    struct symbols_place next = {.file = get_number(&lines)};
    next.line = get_number(&lines);
    symbols_go(&recent, next);
    for (uint64_t address = 0; lines.at < lines.end; symbols_go(&recent, next)) {
        address += get_step(&lines, &recent, &next);
        if (address > offset)
            break;
    }
    return recent.places[0];
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

/* The table's header, and where its parts are. */
struct table {
    struct reader functions, files;
    uint32_t text_size, count;
};

static bool open_table(const uint8_t *bytes, size_t size, struct table *table)
{
    if (size < SYMBOLS_HEADER || memcmp(bytes, SYMBOLS_MAGIC, 4) != 0)
        return false;
    struct reader reader = {.at = bytes + 4, .end = bytes + size};
    table->text_size = get_fixed(&reader);
    table->count = get_fixed(&reader);
    uint32_t files_at = get_fixed(&reader);
    if (files_at < SYMBOLS_HEADER || files_at > size)
        return false;
    table->files = (struct reader){.at = bytes + files_at, .end = bytes + size};
    table->functions = (struct reader){.at = reader.at, .end = table->files.at};
    return true;
}

/* One function: its name takes the place of the one before, its offsets in the text that of the one before. */
struct function {
    char name[SYMBOLS_NAME_MAX];
    uint64_t start, end;
    struct reader lines;
};

static bool next_function(struct table *table, struct function *function)
{
    struct reader *reader = &table->functions;
    if (table->count == 0 || reader->at >= reader->end)
        return false;
    table->count--;
    function->start = function->end + get_number(reader);
    function->end = function->start + get_number(reader);
    get_name(reader, function->name);
    uint64_t length = get_number(reader);
    if (length > (uint64_t)(reader->end - reader->at))
        return false;
    function->lines = (struct reader){.at = reader->at, .end = reader->at + length};
    reader->at = function->lines.end;
    return true;
}

void symbols_visit_in(const uint8_t *bytes, size_t size, struct symbol_visitor *visitor)
{
    struct table table;
    struct function function = {.end = 0};
    if (!open_table(bytes, size, &table))
        return;
    while (next_function(&table, &function))
        visitor->visit(visitor, function.name, function.start);
}

bool symbols_find_in(const uint8_t *bytes, size_t size, uint64_t offset, struct symbol *symbol)
{
    struct table table;
    struct function function = {.end = 0};
    if (!open_table(bytes, size, &table) || offset >= table.text_size)
        return false;
    do {
        if (!next_function(&table, &function) || offset < function.start)
            return false;
    } while (offset >= function.end);

    memcpy(symbol->name, function.name, sizeof symbol->name);
    symbol->offset = offset - function.start;
    symbol->file = NULL;
    symbol->line = 0;
    if (function.lines.at < function.lines.end) {
        struct symbols_place found = find_place(function.lines, symbol->offset);
        symbol->file = file_name(table.files, found.file);
        symbol->line = found.line;
    }
    return true;
}
