/*
 * Changing page tables.
 *
 * Tables are four levels of 512 entries. A way down to an address is found without a lock: an entry that says where the
 * next table is never changes again, unless it was a large page that is split, whose new table says the same. Who adds
 * a table or splits a page takes the PAGE_TABLE lock and looks again. Entries that map pages are written without a
 * lock, since no two callers work on the same range at once (paging.h).
 *
 * Entries are read and written whole: the processor, on every CPU, reads them at any time.
 *
 * Pages of the kernel are entered as accessed and dirty, which saves the processor a locked write later.
 *
 * Source: Intel SDM volume 3A, 4.5 (4-level paging), 4.8 (accessed and dirty flags), 4.9.2 (memory type by PAT: entry 5
 * is write-combining, as the boot protocol has it), 4.10.4.3 (adding a mapping needs no invalidation).
 */
#include "arch/x86_64/paging_internal.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/spinlock.h"
#include "lib/errno.h"

#define ENTRIES 512

struct page_table paging_kernel;

static struct spinlock table_lock = SPINLOCK_INIT(PAGE_TABLE);
static paddr_t (*allocate_frame)(void); /* set once, before the first table */

void paging_set_frame_source(paddr_t (*allocate)(void))
{
    allocate_frame = allocate;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Entries
 */

static uint64_t entry_read(const uint64_t *entry)
{
    return __atomic_load_n(entry, __ATOMIC_RELAXED);
}

static void entry_write(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static bool is_page(uint64_t entry, unsigned level)
{
    return (entry & PTE_PRESENT) && (level == 0 || (entry & PTE_LARGE));
}

static uint64_t *table_of(uint64_t entry)
{
    return direct_map(entry & PTE_ADDRESS);
}

static paddr_t page_base(uint64_t entry, unsigned level)
{
    return align_down(entry & PTE_ADDRESS, paging_span(level));
}

static unsigned index_of(vaddr_t address, unsigned level)
{
    return (unsigned)(address >> (PAGE_SHIFT + 9 * level)) % ENTRIES;
}

static uint64_t page_entry(paddr_t physical, unsigned level, unsigned flags)
{
    uint64_t entry = physical | PTE_PRESENT | (level > 0 ? PTE_LARGE : 0);
    entry |= flags & MAP_USER ? PTE_USER : PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY;
    if (flags & MAP_WRITE)
        entry |= PTE_WRITE;
    if (!(flags & MAP_EXECUTE))
        entry |= PTE_NX;
    if (flags & MAP_UNCACHED)
        entry |= PTE_PCD | PTE_PWT;
    else if (flags & MAP_COMBINING)
        entry |= PTE_PWT | (!cpu_has(CPU_PAT) ? 0 : level > 0 ? PTE_PAT_LARGE : PTE_PAT_SMALL);
    return entry;
}

static unsigned entry_flags(uint64_t entry)
{
    unsigned flags = 0;
    if (entry & PTE_WRITE)
        flags |= MAP_WRITE;
    if (!(entry & PTE_NX))
        flags |= MAP_EXECUTE;
    if (entry & PTE_USER)
        flags |= MAP_USER;
    if (entry & PTE_PCD)
        flags |= MAP_UNCACHED;
    else if (entry & PTE_PWT)
        flags |= MAP_COMBINING;
    return flags;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Tables
 */

/* The entry of *level on the way to ADDRESS, or a higher one where the way ends: at a page, or at nothing. */
static uint64_t *walk(const struct page_table *table, vaddr_t address, unsigned *level)
{
    unsigned l = LEVEL_PML4;
    uint64_t *entry = &table_of(table->root)[index_of(address, l)];
    while (l > *level) {
        uint64_t value = entry_read(entry);
        if (!(value & PTE_PRESENT) || (value & PTE_LARGE))
            break;
        entry = &table_of(value)[index_of(address, --l)];
    }
    *level = l;
    return entry;
}

/* Puts an empty table behind an entry that had none. 0 or -ENOMEM. */
static int add_table(uint64_t *entry, vaddr_t address)
{
    int error = 0;
    spin_lock(&table_lock);
    if (!(entry_read(entry) & PTE_PRESENT)) {
        paddr_t frame = allocate_frame();
        if (frame)
            entry_write(entry, frame | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | (address < USER_END ? PTE_USER : 0));
        else
            error = -ENOMEM;
    }
    spin_unlock(&table_lock);
    return error;
}

int paging_fill_root(struct page_table *table, vaddr_t address)
{
    unsigned level = LEVEL_PML4;
    return add_table(walk(table, address, &level), address);
}

static void fill_split(uint64_t *table, uint64_t page, unsigned level)
{
    paddr_t physical = page_base(page, level);
    uint64_t bits = page & ~PTE_ADDRESS;
    bool pat = page & PTE_PAT_LARGE;
    if (level == 1)
        bits = (bits & ~PTE_LARGE) | (pat ? PTE_PAT_SMALL : 0);
    else
        bits |= pat ? PTE_PAT_LARGE : 0;
    for (unsigned i = 0; i < ENTRIES; i++)
        table[i] = (physical + i * paging_span(level - 1)) | bits;
}

/* Replaces the large page of an entry by a table of smaller ones that say the same. 0 or -ENOMEM. */
static int split(uint64_t *entry, unsigned level)
{
    int error = 0;
    spin_lock(&table_lock);
    uint64_t page = entry_read(entry);
    if (is_page(page, level)) {
        paddr_t frame = allocate_frame();
        if (frame) {
            fill_split(direct_map(frame), page, level);
            entry_write(entry, frame | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | (page & PTE_USER));
        } else {
            error = -ENOMEM;
        }
    }
    spin_unlock(&table_lock);
    return error;
}

/* Afterwards no page has ADDRESS in its middle. */
static int split_at(struct page_table *table, vaddr_t address)
{
    for (;;) {
        unsigned level = 0;
        uint64_t *entry = walk(table, address, &level);
        if (!is_page(entry_read(entry), level) || is_aligned(address, paging_span(level)))
            return 0;
        int error = split(entry, level);
        if (error)
            return error;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Ranges
 */

/* The level of the largest page that fits at the beginning of a range. */
static unsigned largest_level(vaddr_t address, paddr_t physical, uint64_t size, unsigned flags)
{
    unsigned level = flags & MAP_SMALL_PAGES ? 0 : cpu_has(CPU_GIB_PAGES) ? 2 : 1;
    while (level > 0 && (size < paging_span(level) || !is_aligned(address | physical, paging_span(level))))
        level--;
    return level;
}

/*
 * The entry, of *level or below, that is to map a page at ADDRESS. NULL with *error: -EEXIST or -ENOMEM. A table that
 * stands where a large page would fit stays: someone may be on the way through it.
 */
static uint64_t *entry_to_map(struct page_table *table, vaddr_t address, unsigned *level, int *error)
{
    for (;;) {
        unsigned found = *level;
        uint64_t *entry = walk(table, address, &found), value = entry_read(entry);
        *error = 0;
        if (is_page(value, found))
            *error = -EEXIST;
        else if (value & PTE_PRESENT)
            --*level;
        else if (found == *level)
            return entry;
        else
            *error = add_table(entry, address);
        if (*error)
            return NULL;
    }
}

/* Maps as many pages of one size as one table takes. Returns their bytes, or an error. */
static int64_t map_run(struct page_table *table, vaddr_t address, paddr_t physical, uint64_t size, unsigned flags)
{
    unsigned level = largest_level(address, physical, size, flags);
    int error;
    uint64_t *entry = entry_to_map(table, address, &level, &error);
    if (!entry)
        return error;

    uint64_t span = paging_span(level), done = 0;
    uint64_t value = page_entry(physical, level, flags);
    for (unsigned i = index_of(address, level); i < ENTRIES && size - done >= span; i++) {
        if (entry_read(entry) & PTE_PRESENT)
            break;
        entry_write(entry++, value + done);
        done += span;
    }
    return (int64_t)done;
}

/* Unmaps, or gives new flags to, every page of a range whose ends are ends of pages. */
static void change_range(struct page_table *table, vaddr_t address, uint64_t size, bool unmap, unsigned flags)
{
    for (uint64_t done = 0; done < size;) {
        vaddr_t at = address + done;
        unsigned level = 0;
        uint64_t *entry = walk(table, at, &level), value = entry_read(entry);
        if (is_page(value, level))
            entry_write(entry, unmap ? 0 : page_entry(page_base(value, level), level, flags));
        done += paging_span(level) - (at & (paging_span(level) - 1));
    }
}

int paging_map(struct page_table *table, vaddr_t address, paddr_t physical, uint64_t size, unsigned flags)
{
    if (!is_aligned(address | physical | size, PAGE_SIZE) || (flags & MAP_WRITE && flags & MAP_EXECUTE))
        return -EINVAL;
    for (uint64_t done = 0; done < size;) {
        int64_t bytes = map_run(table, address + done, physical + done, size - done, flags);
        if (bytes < 0) {
            change_range(table, address, done, true, 0);
            return (int)bytes;
        }
        done += (uint64_t)bytes;
    }
    return 0;
}

static int split_ends(struct page_table *table, vaddr_t address, uint64_t size)
{
    if (!is_aligned(address | size, PAGE_SIZE))
        return -EINVAL;
    int error = split_at(table, address);
    return error ? error : split_at(table, address + size);
}

int paging_unmap(struct page_table *table, vaddr_t address, uint64_t size)
{
    int error = split_ends(table, address, size);
    if (!error)
        change_range(table, address, size, true, 0);
    return error;
}

int paging_protect(struct page_table *table, vaddr_t address, uint64_t size, unsigned flags)
{
    if (flags & MAP_WRITE && flags & MAP_EXECUTE)
        return -EINVAL;
    int error = split_ends(table, address, size);
    if (!error)
        change_range(table, address, size, false, flags);
    return error;
}

uint64_t paging_lookup(const struct page_table *table, vaddr_t address, paddr_t *physical, unsigned *flags)
{
    unsigned level = 0;
    uint64_t value = entry_read(walk(table, address, &level)), span = paging_span(level);
    if (!is_page(value, level))
        return 0;
    if (physical)
        *physical = page_base(value, level) + (address & (span - 1));
    if (flags)
        *flags = entry_flags(value);
    return span;
}
