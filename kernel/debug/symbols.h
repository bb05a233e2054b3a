/*
 * Symbols: which function, file and line an address of the kernel's code belongs to.
 *
 *     char text[SYMBOL_TEXT];
 *     symbols_format(text, sizeof text, address);     "page_allocate+0x1c (kernel/mm/page.c:123)"
 *
 * The table is made from the linked kernel by tools/mksymbols and linked in by a second link (targets/kernel.mk). A
 * kernel without one, as those of the kit are, gets plain addresses. Nothing here takes a lock or allocates, and any
 * number is an address: it is for panics.
 *
 * The table's form, all of it bytes, so that it needs no alignment; numbers are LEB128 as in DWARF (7 bits a byte,
 * lowest first, bit 7: more follow) unless a size is given:
 *
 *     "SYM1", length of the text (4 bytes, lowest first), number of functions (4), where the files' names begin (4)
 *     for each function, by address:
 *         distance from the end of the one before it (for the first: from the start of the text), and its length
 *         1 byte: how many letters its name shares with the one before it; the other letters; a zero byte
 *         length of its lines, in bytes; 0: nothing is known of them
 *         its lines: number of the file and line of its first instruction, then steps (debug/symbols_steps.h)
 *     the files' names, each with a zero byte
 */
#ifndef CORRODE_DEBUG_SYMBOLS_H
#define CORRODE_DEBUG_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYMBOLS_MAGIC "SYM1"
#define SYMBOLS_HEADER 16u
#define SYMBOLS_NAME_MAX 96u /* bytes, with a zero byte: mksymbols cuts longer names */

struct elf64_ehdr;

struct symbol {
    char name[SYMBOLS_NAME_MAX]; /* of the function */
    uint64_t offset;             /* of the address in it */
    const char *file;            /* NULL: not known; in the table */
    uint64_t line;
};

/* Looks up an address that is OFFSET bytes into the text of TABLE. False when no function is there. */
bool symbols_find_in(const uint8_t *table, size_t size, uint64_t offset, struct symbol *symbol);

/* Calls VISIT for each function, in the order of addresses: OFFSET is that from the start of the text. */
struct symbol_visitor {
    void (*visit)(struct symbol_visitor *visitor, const char *name, uint64_t offset);
};
void symbols_visit_in(const uint8_t *table, size_t size, struct symbol_visitor *visitor);

/* The same for this kernel; and where its text begins. */
void symbols_visit(struct symbol_visitor *visitor);
uintptr_t symbols_text_start(void);

/* Looks up an address of this kernel. False for everything else, or without a table. */
bool symbols_find(uintptr_t address, struct symbol *symbol);

/* Is it an address in this kernel's code? With or without a table. */
bool symbols_is_code(uintptr_t address);

/*
 * Writes what an address is in BUFFER: "function+0xoffset (file:line)", or "0x..." if it is nothing that is known.
 * symbols_format_return is for return addresses: the line is that of the call, which is just before.
 */
void symbols_format(char *buffer, size_t size, uintptr_t address);
void symbols_format_return(char *buffer, size_t size, uintptr_t address);
#define SYMBOL_TEXT 192u

/* From the linker: the kernel's ELF header, and the bounds of the table. */
extern const struct elf64_ehdr __ehdr_start;
extern const uint8_t __start_symbols[], __stop_symbols[];

#endif
