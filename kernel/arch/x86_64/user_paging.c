/*
 * Page tables of programs: see user_paging.h. A table is a frame of its own, found through the direct map. All bits
 * that forbid are in the last entry: those above allow everything to user mode.
 */
#include "arch/x86_64/user_paging.h"

#include "arch/x86_64/paging_internal.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/page.h"

#define ENTRIES 512u
#define USER_ROOT_ENTRIES 256u
#define TABLE_ENTRY (PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED)

static uint64_t *table_of(uint64_t entry)
{
    return direct_map(entry & PTE_ADDRESS);
}

static unsigned index_of(vaddr_t address, unsigned level)
{
    return (unsigned)(address >> (PAGE_SHIFT + 9 * level)) % ENTRIES;
}

int user_tables_create(struct user_tables *tables)
{
    *tables = (struct user_tables){.id = user_tables_new_id()};
    struct page *page = page_allocate(0, 0);
    if (page == NULL)
        return -ENOMEM;
    page_mark(page, PAGE_TABLE);
    tables->count = 1;
    uint64_t *root = page_memory(page);
    memset(root, 0, USER_ROOT_ENTRIES * sizeof *root);
    memcpy(root + USER_ROOT_ENTRIES, (uint64_t *)direct_map(paging_kernel.root) + USER_ROOT_ENTRIES,
        (ENTRIES - USER_ROOT_ENTRIES) * sizeof *root);
    tables->table.root = page_address(page);
    return 0;
}

uint64_t *user_entry(const struct user_tables *tables, vaddr_t address)
{
    uint64_t *entries = direct_map(tables->table.root);
    for (unsigned level = LEVEL_PML4; level > 0; level--) {
        uint64_t entry = user_entry_get(&entries[index_of(address, level)]);
        if (entry == 0)
            return NULL;
        entries = table_of(entry);
    }
    return &entries[index_of(address, 0)];
}

uint64_t *user_entry_create(struct user_tables *tables, vaddr_t address)
{
    uint64_t *entries = direct_map(tables->table.root);
    for (unsigned level = LEVEL_PML4; level > 0; level--) {
        uint64_t *entry = &entries[index_of(address, level)];
        if (*entry == 0) {
            struct page *page = page_allocate(0, ALLOC_ZERO);
            if (page == NULL)
                return NULL;
            page_mark(page, PAGE_TABLE);
            tables->count++;
            user_entry_set(entry, page_address(page) | TABLE_ENTRY);
        }
        entries = table_of(*entry);
    }
    return &entries[index_of(address, 0)];
}

/* Where the last level's next table begins. */
static vaddr_t table_end(vaddr_t address)
{
    return align_down(address, paging_span(1)) + paging_span(1);
}

int user_walk(const struct user_tables *tables, vaddr_t start, vaddr_t end, user_visit *visit, void *argument)
{
    while (start < end) {
        uint64_t *entries = direct_map(tables->table.root);
        unsigned level = LEVEL_PML4;
        uint64_t entry = 1;
        while (level > 0 && (entry = user_entry_get(&entries[index_of(start, level)])) != 0) {
            entries = table_of(entry);
            level--;
        }
        if (entry == 0) { /* nothing below this entry, nor below those that are empty after it */
            unsigned next = user_entry_next(entries, index_of(start, level), ENTRIES);
            start = align_down(start, paging_span(level + 1)) + next * paging_span(level);
            continue;
        }
        vaddr_t stop = min_u64(table_end(start), end);
        int result = visit(&entries[index_of(start, 0)], start, (unsigned)((stop - start) >> PAGE_SHIFT), argument);
        if (result)
            return result;
        start = stop;
    }
    return 0;
}

uint64_t user_entry_make(paddr_t page, unsigned flags)
{
    return user_entry_allow(page | PTE_PRESENT | PTE_USER | PTE_ACCESSED, flags);
}

uint64_t user_entry_allow(uint64_t entry, unsigned flags)
{
    entry &= ~(PTE_WRITE | PTE_NX);
    return entry | (flags & MAP_WRITE ? PTE_WRITE : 0) | (flags & MAP_EXECUTE ? 0 : PTE_NX);
}

uint64_t user_entry_allow_user(uint64_t entry, bool readable)
{
    return readable ? entry | PTE_PRESENT : entry & ~PTE_PRESENT;
}

bool user_entry_is_present(uint64_t entry)
{
    return entry & PTE_PRESENT;
}

bool user_entry_is_writable(uint64_t entry)
{
    return entry & PTE_WRITE;
}

bool user_entry_is_dirty(uint64_t entry)
{
    return entry & PTE_DIRTY;
}

paddr_t user_entry_page(uint64_t entry)
{
    return entry & PTE_ADDRESS;
}

uint64_t user_entry_read_only(uint64_t entry)
{
    return entry & ~PTE_WRITE;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The end
 */

/* Frees the tables behind the first COUNT entries of one of LEVEL, and the table itself. */
static void free_tables(uint64_t *entries, unsigned count, unsigned level)
{
    for (unsigned i = 0; level > 0 && (i = user_entry_next(entries, i, count)) < count; i++)
        free_tables(table_of(entries[i]), ENTRIES, level - 1);
    page_free(page_of(direct_map_physical(entries)), 0);
}

void user_tables_destroy(struct user_tables *tables)
{
    user_tables_leave(tables);
    free_tables(direct_map(tables->table.root), USER_ROOT_ENTRIES, LEVEL_PML4);
    tables->table.root = 0;
}
