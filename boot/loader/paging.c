/*
 * Page tables for the kernel: four levels of 512 entries (PML4, PDPT, PD, PT), each level 9 bits of the address. A page
 * is mapped by an entry in a PT (4 KiB), in a PD (2 MiB) or, where the processor can, in a PDPT (1 GiB).
 *
 * Source: Intel SDM volume 3, 4.5 (4-level paging) and 4.9.2 (PAT and the memory type of a page).
 */
#include "boot/loader/paging.h"

#include "boot/loader/error.h"

#define ENTRIES 512

static uint64_t *table_at(const struct page_tables *tables, paddr_t table)
{
    return (uint64_t *)(tables->window + (uintptr_t)(table & PTE_ADDRESS));
}

/* Bytes that one entry of a level covers; level 0 is the PT. */
static uint64_t span(unsigned level)
{
    return (uint64_t)PAGE_SIZE << (9 * level);
}

static unsigned index_of(vaddr_t address, unsigned level)
{
    return (unsigned)(address >> (12 + 9 * level)) % ENTRIES;
}

int page_tables_init(struct page_tables *tables)
{
    tables->root = tables->page(tables);
    return tables->root ? 0 : -1;
}

static uint64_t page_entry(
    const struct page_tables *tables, paddr_t physical, unsigned level, unsigned access, enum page_cache cache)
{
    uint64_t entry = physical | PTE_PRESENT | (level > 0 ? PTE_LARGE : 0);
    if (access & PAGE_WRITABLE)
        entry |= PTE_WRITE;
    if (!(access & PAGE_EXECUTABLE))
        entry |= PTE_NX;
    if (cache == PAGE_CACHE_UNCACHED)
        entry |= PTE_PCD | PTE_PWT;
    if (cache == PAGE_CACHE_WRITE_COMBINING)
        entry |= PTE_PWT | (tables->no_pat ? 0 : level > 0 ? PTE_PAT_LARGE : PTE_PAT_SMALL);
    return entry;
}

/* The table of LEVEL that covers ADDRESS, made if need be; NULL after loader_error. */
static uint64_t *table_for(struct page_tables *tables, vaddr_t address, unsigned level)
{
    uint64_t *table = table_at(tables, tables->root);
    for (unsigned l = 3; l > level; l--) {
        uint64_t *entry = &table[index_of(address, l)];
        if (*entry & PTE_LARGE) {
            loader_error(
                "Two things want the virtual address %#llx; link the kernel elsewhere.", (unsigned long long)address);
            return NULL;
        }
        if (!(*entry & PTE_PRESENT)) {
            paddr_t page = tables->page(tables);
            if (!page)
                return NULL;
            *entry = page | PTE_PRESENT | PTE_WRITE;
        }
        table = table_at(tables, *entry);
    }
    return table;
}

int page_tables_map(struct page_tables *tables, vaddr_t address, paddr_t physical, uint64_t size, unsigned access,
    enum page_cache cache)
{
    while (size > 0) {
        unsigned level = tables->gigabyte_pages ? 2 : 1;
        while (level > 0 && (size < span(level) || !is_aligned(address | physical, span(level))))
            level--;
        uint64_t *table = table_for(tables, address, level);
        if (!table)
            return -1;
        /* As many entries of this level as the table and the range allow: larger pages fit behind it at the earliest.
         */
        unsigned i = index_of(address, level);
        for (; i < ENTRIES && size >= span(level); i++) {
            if (table[i] & PTE_PRESENT)
                return loader_error("Two things want the virtual address %#llx; link the kernel elsewhere.",
                    (unsigned long long)address);
            table[i] = page_entry(tables, physical, level, access, cache);
            address += span(level);
            physical += span(level);
            size -= span(level);
        }
    }
    return 0;
}
