/*
 * Reading a kernel: the executable segment, the symbol table and the line tables. What an ELF file claims is checked by
 * libelf and libdw, and what they pass on is only used as far as it lies in the text; a file that makes no sense ends
 * in a sentence.
 */
#include "mksymbols.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <err.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *grow(void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array; /* it doubles at powers of two */
    void *larger = realloc(array, (count == 0 ? 1 : 2 * count) * size);
    if (larger == NULL)
        errx(1, "out of memory");
    return larger;
}

static void find_text(struct kernel *kernel, Elf *elf, const char *path)
{
    size_t count;
    GElf_Ehdr header;
    if (gelf_getehdr(elf, &header) == NULL || header.e_machine != EM_X86_64 || gelf_getclass(elf) != ELFCLASS64)
        errx(1, "%s: not a 64-bit ELF file for x86-64", path);
    if (elf_getphdrnum(elf, &count) != 0)
        errx(1, "%s: %s", path, elf_errmsg(-1));
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(elf, (int)i, &segment) == NULL || segment.p_type != PT_LOAD || !(segment.p_flags & PF_X))
            continue;
        if (kernel->text_size != 0)
            errx(1, "%s: it has two executable segments", path);
        kernel->text_start = segment.p_vaddr;
        kernel->text_size = segment.p_memsz;
    }
    if (kernel->text_size == 0 || kernel->text_size > UINT32_MAX)
        errx(1, "%s: it has no executable segment of a reasonable size", path);
}

/* Functions, and labels of assembly code, which have no type and, when hidden, have become local. */
static bool is_function(const GElf_Sym *symbol, const char *name)
{
    unsigned type = GELF_ST_TYPE(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_shndx == SHN_ABS || name == NULL || name[0] == '\0')
        return false;
    return type == STT_FUNC || (type == STT_NOTYPE && name[0] != '.');
}

static void add_function(struct kernel *kernel, const GElf_Sym *symbol, const char *name)
{
    uint64_t start = symbol->st_value - kernel->text_start;
    if (start >= kernel->text_size)
        return;
    uint64_t room = kernel->text_size - start;
    kernel->functions = grow(kernel->functions, kernel->function_count, sizeof *kernel->functions);
    struct function *function = &kernel->functions[kernel->function_count++];
    *function = (struct function){
        .name = strdup(name),
        .start = start,
        .end = start + (symbol->st_size < room ? symbol->st_size : room),
        .global = GELF_ST_BIND(symbol->st_info) != STB_LOCAL,
    };
    if (function->name == NULL)
        errx(1, "out of memory");
}

/* By address; at one address first what says how long it is, then what is global. */
static int compare_functions(const void *left, const void *right)
{
    const struct function *a = left, *b = right;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    if ((a->end > a->start) != (b->end > b->start))
        return a->end > a->start ? -1 : 1;
    if (a->global != b->global)
        return a->global ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* One function at an address; none reaches into the next; one of unknown length goes on up to it. */
static void tidy_functions(struct kernel *kernel)
{
    size_t kept = 0;
    struct function *functions = kernel->functions;
    qsort(functions, kernel->function_count, sizeof *functions, compare_functions);
    for (size_t i = 0; i < kernel->function_count; i++) {
        if (kept > 0 && functions[kept - 1].start == functions[i].start)
            free(functions[i].name);
        else
            functions[kept++] = functions[i];
    }
    kernel->function_count = kept;
    for (size_t i = 0; i < kept; i++) {
        uint64_t next = i + 1 < kept ? functions[i + 1].start : kernel->text_size;
        if (functions[i].end == functions[i].start || functions[i].end > next)
            functions[i].end = next;
    }
}

static void read_functions(struct kernel *kernel, Elf *elf, const char *path)
{
    Elf_Scn *section = NULL;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == NULL || header.sh_type != SHT_SYMTAB || header.sh_entsize == 0)
            continue;
        Elf_Data *data = elf_getdata(section, NULL);
        size_t count = data != NULL ? data->d_size / header.sh_entsize : 0;
        for (size_t i = 0; i < count; i++) {
            GElf_Sym symbol;
            if (gelf_getsym(data, (int)i, &symbol) == NULL)
                break;
            const char *name = elf_strptr(elf, header.sh_link, symbol.st_name);
            if (is_function(&symbol, name))
                add_function(kernel, &symbol, name);
        }
    }
    if (kernel->function_count == 0)
        errx(1, "%s: it has no symbols; was it stripped?", path);
    tidy_functions(kernel);
}

/* The file's number. Few enough, and mostly the one that was asked for last. */
static uint32_t file_number(struct kernel *kernel, const char *name)
{
    static size_t last;
    if (last < kernel->file_count && strcmp(kernel->files[last], name) == 0)
        return (uint32_t)last;
    for (last = 0; last < kernel->file_count; last++) {
        if (strcmp(kernel->files[last], name) == 0)
            return (uint32_t)last;
    }
    kernel->files = grow(kernel->files, kernel->file_count, sizeof *kernel->files);
    kernel->files[kernel->file_count] = strdup(name);
    if (kernel->files[kernel->file_count] == NULL)
        errx(1, "out of memory");
    return (uint32_t)kernel->file_count++;
}

static void add_row(struct kernel *kernel, uint64_t address, uint32_t file, int line)
{
    kernel->rows = grow(kernel->rows, kernel->row_count, sizeof *kernel->rows);
    kernel->rows[kernel->row_count] = (struct row){
        .address = address,
        .file = file,
        .line = line > 0 ? (uint32_t)line : 0,
        .order = (uint32_t)kernel->row_count,
    };
    kernel->row_count++;
}

/* The path as the sources' directory knows it, so that the table is the same wherever that is. */
static const char *relative(const char *path, const char *directory)
{
    size_t length = strlen(directory);
    if (length > 0 && strncmp(path, directory, length) == 0 && path[length] == '/')
        path += length + 1;
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    return path;
}

static void read_unit(struct kernel *kernel, Dwarf_Die *unit)
{
    Dwarf_Lines *lines;
    size_t count;
    Dwarf_Attribute attribute;
    const char *directory = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
    if (dwarf_getsrclines(unit, &lines, &count) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        Dwarf_Line *line = dwarf_onesrcline(lines, i);
        Dwarf_Addr address;
        int number = 0;
        bool ends = false;
        if (line == NULL || dwarf_lineaddr(line, &address) != 0 || address - kernel->text_start >= kernel->text_size)
            continue;
        dwarf_lineno(line, &number);
        dwarf_lineendsequence(line, &ends);
        const char *path = dwarf_linesrc(line, NULL, NULL);
        uint32_t file = path != NULL ? file_number(kernel, relative(path, directory != NULL ? directory : "")) : 0;
        add_row(kernel, address - kernel->text_start, file, ends || path == NULL ? 0 : number);
    }
}

/* By address. What ends at an address comes before what begins there, then in the order in which they were found. */
static int compare_rows(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    if ((a->line == 0) != (b->line == 0))
        return a->line == 0 ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static bool has_lines(Elf *elf)
{
    size_t names;
    Elf_Scn *section = NULL;
    if (elf_getshdrstrndx(elf, &names) != 0)
        return false;
    while ((section = elf_nextscn(elf, section)) != NULL) {
        GElf_Shdr header;
        const char *name = gelf_getshdr(section, &header) != NULL ? elf_strptr(elf, names, header.sh_name) : NULL;
        if (name != NULL && strcmp(name, ".debug_line") == 0)
            return true;
    }
    return false;
}

static void read_lines(struct kernel *kernel, Elf *elf, const char *path)
{
    if (!has_lines(elf))
        return; /* functions are better than nothing */
    Dwarf *dwarf = dwarf_begin_elf(elf, DWARF_C_READ, NULL);
    if (dwarf == NULL)
        errx(1, "%s: its debugging information cannot be read: %s", path, dwarf_errmsg(-1));
    Dwarf_Off offset = 0, next;
    size_t header;
    while (dwarf_nextcu(dwarf, offset, &next, &header, NULL, NULL, NULL) == 0) {
        Dwarf_Die unit;
        if (dwarf_offdie(dwarf, offset + header, &unit) != NULL)
            read_unit(kernel, &unit);
        offset = next;
    }
    dwarf_end(dwarf);
    qsort(kernel->rows, kernel->row_count, sizeof *kernel->rows, compare_rows);
}

void kernel_read(struct kernel *kernel, const char *path, bool lines)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        err(1, "%s", path);
    elf_version(EV_CURRENT);
    Elf *elf = elf_begin(file, ELF_C_READ, NULL);
    if (elf == NULL || elf_kind(elf) != ELF_K_ELF)
        errx(1, "%s: not an ELF file", path);
    find_text(kernel, elf, path);
    read_functions(kernel, elf, path);
    if (lines)
        read_lines(kernel, elf, path);
    elf_end(elf);
    close(file);
}

void kernel_free(struct kernel *kernel)
{
    for (size_t i = 0; i < kernel->function_count; i++)
        free(kernel->functions[i].name);
    for (size_t i = 0; i < kernel->file_count; i++)
        free(kernel->files[i]);
    free(kernel->functions);
    free(kernel->rows);
    free(kernel->files);
}
