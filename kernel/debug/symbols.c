/*
 * The symbols of the running kernel: where its table and its code are. See debug/symbols.h.
 *
 * The table is all there is in the section `symbols`: nothing, or what the second link has put there. The code is the
 * executable segment of the kernel's own program headers, which lie in memory with the rest of it.
 */
#include "debug/symbols.h"
#include "lib/elf.h"
#include "lib/printf.h"

/* So that there is a section in the first link, too. */
static const uint8_t none[0] __attribute__((section("symbols"), used, retain));

/* Where the code is: bounds as it runs. */
struct text {
    uintptr_t start, end;
};

static struct text find_text(void)
{
    const struct elf64_phdr *segments = (const void *)((const uint8_t *)&__ehdr_start + __ehdr_start.e_phoff);
    uintptr_t slide = 0;
    struct text text = {0};
    for (unsigned i = 0; i < __ehdr_start.e_phnum; i++) {
        if (segments[i].p_type != PT_LOAD)
            continue;
        if (segments[i].p_offset == 0)
            slide = (uintptr_t)&__ehdr_start - segments[i].p_vaddr;
        if (segments[i].p_flags & PF_X)
            text = (struct text){.start = segments[i].p_vaddr, .end = segments[i].p_vaddr + segments[i].p_memsz};
    }
    return (struct text){.start = text.start + slide, .end = text.end + slide};
}

bool symbols_is_code(uintptr_t address)
{
    struct text text = find_text();
    return address >= text.start && address < text.end;
}

bool symbols_find(uintptr_t address, struct symbol *symbol)
{
    struct text text = find_text();
    size_t size = (size_t)(__stop_symbols - __start_symbols);
    return address >= text.start && address < text.end &&
           symbols_find_in(__start_symbols, size, address - text.start, symbol);
}

void symbols_visit(struct symbol_visitor *visitor)
{
    symbols_visit_in(__start_symbols, (size_t)(__stop_symbols - __start_symbols), visitor);
}

uintptr_t symbols_text_start(void)
{
    return find_text().start;
}

static void format(char *buffer, size_t size, uintptr_t address, uintptr_t looked_up)
{
    struct symbol symbol;
    if (!symbols_find(looked_up, &symbol))
        snprintf(buffer, size, "%#lx", address);
    else if (symbol.file == NULL)
        snprintf(buffer, size, "%s+%#lx", symbol.name, symbol.offset + (address - looked_up));
    else
        snprintf(buffer, size, "%s+%#lx (%s:%lu)", symbol.name, symbol.offset + (address - looked_up), symbol.file,
            symbol.line);
}

void symbols_format(char *buffer, size_t size, uintptr_t address)
{
    format(buffer, size, address, address);
}

void symbols_format_return(char *buffer, size_t size, uintptr_t address)
{
    format(buffer, size, address, address - 1);
}
