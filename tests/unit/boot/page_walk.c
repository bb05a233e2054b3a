/*
 * The page walker: see page_walk.h.
 */
#include "tests/unit/boot/page_walk.h"

#define P 0x1ull
#define RW 0x2ull
#define US 0x4ull
#define PWT 0x8ull
#define PCD 0x10ull
#define ACCESSED_DIRTY_GLOBAL 0x160ull
#define PS 0x80ull     /* bit 7 of an entry in a PDPT or PD */
#define PAT_4K 0x80ull /* bit 7 of an entry in a PT */
#define PAT_LARGE 0x1000ull
#define XD (1ull << 63)
#define ADDRESS_BITS 0x000ffffffffff000ull

static const uint64_t sizes[] = {1ull << 12, 1ull << 21, 1ull << 30, 1ull << 39}; /* by level: PT, PD, PDPT, PML4 */

static uint64_t canonical(uint64_t address)
{
    return address >> 47 & 1 ? address | 0xffff000000000000ull : address;
}

/* NULL after a problem. */
static const uint64_t *table(struct page_walk *walk, uint64_t entry)
{
    uint64_t physical = entry & ADDRESS_BITS;
    if (physical < walk->low || physical >= walk->high) {
        walk->problem = "a table lies where none may be";
        return NULL;
    }
    return (const uint64_t *)(walk->window + (uintptr_t)physical);
}

static bool is_leaf(uint64_t entry, int level)
{
    return level == 0 || (entry & PS);
}

static struct page_leaf leaf_of(struct page_walk *walk, uint64_t entry, int level, uint64_t address, bool writable)
{
    static const enum page_memory pat[8] = {PAGE_MEMORY_WB, PAGE_MEMORY_OTHER, PAGE_MEMORY_OTHER, PAGE_MEMORY_UC,
        PAGE_MEMORY_WB, PAGE_MEMORY_WC, PAGE_MEMORY_OTHER, PAGE_MEMORY_UC};
    uint64_t pat_bit = level == 0 ? PAT_4K : PAT_LARGE;
    unsigned index = (entry & pat_bit ? 4 : 0) + (entry & PCD ? 2 : 0) + (entry & PWT ? 1 : 0);
    uint64_t physical = entry & ADDRESS_BITS & ~(level > 0 ? PAT_LARGE : 0);
    if (physical & (sizes[level] - 1))
        walk->problem = "a large page is not aligned";
    if (level > 2)
        walk->problem = "a page of 512 GiB";
    if (entry & (US | ACCESSED_DIRTY_GLOBAL))
        walk->problem = "a bit is set that the loader has no use for";
    return (struct page_leaf){
        .address = canonical(address),
        .physical = physical,
        .size = sizes[level],
        .writable = writable && (entry & RW),
        .executable = !(entry & XD),
        .memory = pat[index],
    };
}

bool page_walk_find(struct page_walk *walk, uint64_t address, struct page_leaf *leaf)
{
    uint64_t entry = walk->root;
    bool writable = true;
    if (canonical(address) != address)
        return false;
    for (int level = 3; level >= 0; level--) {
        const uint64_t *entries = table(walk, entry);
        if (!entries)
            return false;
        entry = entries[address / sizes[level] % 512];
        if (!(entry & P))
            return false;
        if (is_leaf(entry, level)) {
            *leaf = leaf_of(walk, entry, level, address & ~(sizes[level] - 1), writable);
            return true;
        }
        writable = writable && (entry & RW);
    }
    return false;
}

struct visitor {
    void (*visit)(const struct page_leaf *leaf, void *context);
    void *context;
};

static void visit_table(
    struct page_walk *walk, uint64_t at, int level, uint64_t address, bool writable, const struct visitor *visitor)
{
    const uint64_t *entries = table(walk, at);
    bool any = false;
    for (uint64_t i = 0; entries && i < 512; i++) {
        uint64_t entry = entries[i], here = address + i * sizes[level];
        if (!(entry & P)) {
            if (entry != 0)
                walk->problem = "an entry is neither present nor empty";
            continue;
        }
        any = true;
        if (is_leaf(entry, level)) {
            struct page_leaf leaf = leaf_of(walk, entry, level, here, writable);
            visitor->visit(&leaf, visitor->context);
        } else {
            if (entry & XD)
                walk->problem = "a table forbids execution";
            visit_table(walk, entry, level - 1, here, writable && (entry & RW), visitor);
        }
    }
    if (!any && level < 3)
        walk->problem = "a table is empty";
}

void page_walk_all(struct page_walk *walk, void (*visit)(const struct page_leaf *leaf, void *context), void *context)
{
    struct visitor visitor = {visit, context};
    visit_table(walk, walk->root, 3, 0, true, &visitor);
}
