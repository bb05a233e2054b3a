/*
 * mksymbols, a build helper: the table with which a kernel names its own addresses (kernel/debug/symbols.h has its
 * form), from the kernel's ELF file and its debugging information (DWARF, read by elfutils' libdw).
 *
 *     mksymbols KERNEL >TABLE
 *     mksymbols --look-up KERNEL TABLE ADDRESS...     what the kernel will say of it, for tests
 *
 * The text is the executable segment; offsets count from its start. What is not in it (code that the linker dropped
 * leaves its debugging information behind) is left out. Rows of the line table that add nothing, neither a new line nor
 * a new file, are left out as well.
 */
#include "mksymbols.h"
#include "debug/symbols.h"
#include "debug/symbols_steps.h"

#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *must(void *memory)
{
    if (memory == NULL)
        errx(1, "out of memory");
    return memory;
}

/* The table as it grows. */
struct bytes {
    uint8_t *data;
    size_t size, room;
};

static void put(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->room) {
        bytes->room = 2 * bytes->room + size;
        bytes->data = must(realloc(bytes->data, bytes->room));
    }
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void put_byte(struct bytes *bytes, unsigned value)
{
    uint8_t byte = (uint8_t)value;
    put(bytes, &byte, 1);
}

static void put_fixed(struct bytes *bytes, uint64_t value)
{
    for (unsigned shift = 0; shift < 32; shift += 8)
        put_byte(bytes, (unsigned)(value >> shift & 0xff));
}

static void put_number(struct bytes *bytes, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        put_byte(bytes, (unsigned)(value & 0x7f) | 0x80);
    put_byte(bytes, (unsigned)value);
}

static unsigned find_place(
    const struct symbols_place *list, unsigned count, const struct symbols_place *place, bool by_file)
{
    unsigned i = 0;
    while (i < count && (list[i].file != place->file || (!by_file && list[i].line != place->line)))
        i++;
    return i;
}

/* A step of so many bytes: see symbols_steps.h. */
static void put_step(
    struct bytes *bytes, const struct symbols_recent *recent, uint64_t distance, const struct symbols_place *to)
{
    uint64_t biased = to->line - recent->places[0].line - (uint64_t)STEP_LINE_BASE;
    unsigned place = find_place(recent->places, recent->place_count, to, false);
    unsigned file = find_place(recent->files, recent->file_count, to, true);
    if (file == 0 && biased < STEP_LINES && distance < STEP_POSITION / STEP_LINES) {
        put_byte(bytes, (unsigned)(distance * STEP_LINES + biased));
    } else if (place < recent->place_count) {
        put_byte(bytes, STEP_POSITION + place);
        put_number(bytes, distance);
    } else if (file < recent->file_count) {
        int64_t lines = (int64_t)(to->line - recent->files[file].line);
        put_byte(bytes, STEP_RECENT + file);
        put_number(bytes, distance);
        put_number(bytes, lines < 0 ? ~(uint64_t)lines << 1 | 1 : (uint64_t)lines << 1);
    } else {
        put_byte(bytes, STEP_FILE);
        put_number(bytes, distance);
        put_number(bytes, to->file);
        put_number(bytes, to->line);
    }
}

/*
 * The lines of the code from START to END. *row: where to go on in the rows; it stays at the last that is not beyond
 * the start, for the next function may begin within it.
 */
static void put_lines(struct bytes *bytes, const struct kernel *kernel, uint64_t start, uint64_t end, size_t *row)
{
    const struct row *rows = kernel->rows;
    while (*row + 1 < kernel->row_count && rows[*row + 1].address <= start)
        ++*row;
    size_t i = *row;
    if (i >= kernel->row_count || rows[i].address > start || rows[i].line == 0)
        return;

    struct symbols_recent recent = {0};
    struct symbols_place here = {.file = rows[i].file, .line = rows[i].line};
    uint64_t address = start;
    put_number(bytes, here.file);
    put_number(bytes, here.line);
    symbols_go(&recent, here);
    for (i++; i < kernel->row_count && rows[i].address < end; i++) {
        struct symbols_place next = {.file = rows[i].file, .line = rows[i].line};
        bool last_of_address = i + 1 == kernel->row_count || rows[i + 1].address != rows[i].address;
        if (!last_of_address || next.line == 0 || (next.line == here.line && next.file == here.file))
            continue;
        put_step(bytes, &recent, rows[i].address - address, &next);
        symbols_go(&recent, next);
        address = rows[i].address;
        here = next;
    }
}

static size_t shared_letters(const char *a, const char *b)
{
    size_t count = 0;
    while (a[count] != '\0' && a[count] == b[count])
        count++;
    return count;
}

static void put_functions(struct bytes *bytes, const struct kernel *kernel)
{
    char previous[SYMBOLS_NAME_MAX] = "", name[SYMBOLS_NAME_MAX];
    uint64_t end = 0;
    size_t row = 0;
    for (size_t i = 0; i < kernel->function_count; i++) {
        const struct function *function = &kernel->functions[i];
        struct bytes lines = {0};
        put_lines(&lines, kernel, function->start, function->end, &row);

        snprintf(name, sizeof name, "%s", function->name);
        size_t shared = shared_letters(name, previous);
        put_number(bytes, function->start - end);
        put_number(bytes, function->end - function->start);
        put_byte(bytes, (unsigned)shared);
        put(bytes, name + shared, strlen(name + shared) + 1);
        put_number(bytes, lines.size);
        put(bytes, lines.data, lines.size);

        end = function->end;
        memcpy(previous, name, sizeof previous);
        free(lines.data);
    }
}

static void write_table(const struct kernel *kernel)
{
    struct bytes body = {0}, table = {0};
    put_functions(&body, kernel);
    put(&table, SYMBOLS_MAGIC, 4);
    put_fixed(&table, kernel->text_size);
    put_fixed(&table, kernel->function_count);
    put_fixed(&table, SYMBOLS_HEADER + body.size);
    put(&table, body.data, body.size);
    for (size_t i = 0; i < kernel->file_count; i++)
        put(&table, kernel->files[i], strlen(kernel->files[i]) + 1);

    if (fwrite(table.data, 1, table.size, stdout) != table.size || fflush(stdout) != 0)
        err(1, "writing the table");
    free(body.data);
    free(table.data);
}

/* What is in the file; it is short, and the process ends soon. */
static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        err(1, "%s", path);
    struct bytes bytes = {0};
    char part[4096];
    for (size_t count; (count = fread(part, 1, sizeof part, file)) > 0;)
        put(&bytes, part, count);
    if (ferror(file))
        err(1, "%s", path);
    fclose(file);
    *size = bytes.size;
    return bytes.data;
}

static void look_up(const struct kernel *kernel, const char *table_path, char **addresses)
{
    size_t size;
    uint8_t *table = read_file(table_path, &size);
    for (; *addresses != NULL; addresses++) {
        struct symbol symbol;
        uint64_t address = strtoull(*addresses, NULL, 16);
        if (!symbols_find_in(table, size, address - kernel->text_start, &symbol))
            printf("%s\n", "??");
        else
            printf("%s+%#" PRIx64 " %s:%" PRIu64 "\n", symbol.name, symbol.offset,
                symbol.file != NULL ? symbol.file : "??", symbol.line);
    }
    free(table);
}

int main(int argc, char **argv)
{
    struct kernel kernel = {0};
    if (argc == 2 && argv[1][0] != '-') {
        kernel_read(&kernel, argv[1], true);
        write_table(&kernel);
    } else if (argc > 4 && strcmp(argv[1], "--look-up") == 0) {
        kernel_read(&kernel, argv[2], false);
        look_up(&kernel, argv[3], argv + 4);
    } else {
        errx(2, "usage: mksymbols KERNEL >TABLE, or mksymbols --look-up KERNEL TABLE ADDRESS...");
    }
    kernel_free(&kernel);
    return 0;
}
