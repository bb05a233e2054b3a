/*
 * Looking into ld.so.cache: see library_cache.h. The file may begin with a table of the old format; the new one has a
 * header of its own, and offsets of strings count from there.
 */
#include "library_cache.h"

#include "file.h"
#include "text.h"

#include <string.h>
#include <unistd.h>

#define CACHE "/etc/ld.so.cache"
#define MAGIC "glibc-ld.so.cache1.1"
#define FLAGS_X86_64 0x0303 /* ELF, libc6, x86-64 */

/* The table's header is 48 bytes: magic, two counts, and what we do not need; then entries of 24. */
enum { COUNT = 20, ENTRIES = 48, ENTRY = 24, ENTRY_FLAGS = 0, ENTRY_NAME = 4, ENTRY_PATH = 8 };

static const char *string_at(const uint8_t *table, size_t size, uint32_t offset)
{
    return offset < size && memchr(table + offset, '\0', size - offset) ? (const char *)table + offset : "";
}

char *library_cache_find(const char *name)
{
    static struct file cache;
    if (access(CACHE, R_OK) < 0)
        return NULL;
    if (!cache.data)
        cache = file_load(CACHE);
    const uint8_t *table = cache.size > ENTRIES ? memmem(cache.data, cache.size, MAGIC, sizeof MAGIC - 1) : NULL;
    size_t size = table ? cache.size - (size_t)(table - cache.data) : 0;
    if (size < ENTRIES)
        return NULL;
    uint32_t count = get_le32(table + COUNT);
    for (uint32_t i = 0; i < count && ENTRIES + ((size_t)i + 1) * ENTRY <= size; i++) {
        const uint8_t *entry = table + ENTRIES + (size_t)i * ENTRY;
        if (get_le32(entry + ENTRY_FLAGS) != FLAGS_X86_64)
            continue;
        if (strcmp(string_at(table, size, get_le32(entry + ENTRY_NAME)), name) != 0)
            continue;
        const char *path = string_at(table, size, get_le32(entry + ENTRY_PATH));
        if (*path)
            return text_copy(path);
    }
    return NULL;
}
