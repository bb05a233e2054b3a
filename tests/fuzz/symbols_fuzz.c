/*
 * The reader of the table of symbols (kernel/debug/symbols_table.c) on tables that no mksymbols has made: it stays
 * within them, and what it finds is well-formed.
 */
#include "debug/symbols.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint32_t offset;
    if (size < sizeof offset)
        return 0;
    memcpy(&offset, data, sizeof offset);
    size -= sizeof offset;
    uint8_t *table = malloc(size > 0 ? size : 1); /* of exactly this size, for AddressSanitizer */
    const uint8_t *end = table + size;
    memcpy(table, data + sizeof offset, size);

    for (unsigned i = 0; i < 4; i++) {
        struct symbol symbol;
        memset(&symbol, 0xff, sizeof symbol);
        if (!symbols_find_in(table, size, offset >> 8 * i, &symbol))
            continue;
        if (memchr(symbol.name, '\0', sizeof symbol.name) == NULL)
            abort();
        if (symbol.file != NULL) {
            const uint8_t *file = (const uint8_t *)symbol.file;
            if (file < table || file >= end || memchr(file, '\0', (size_t)(end - file)) == NULL)
                abort();
        }
    }
    free(table);
    return 0;
}
