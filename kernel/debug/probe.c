/*
 * Walking the page tables: see probe.h. The tables are read through the direct map, and only where that has RAM.
 */
#include "debug/probe.h"
#include "arch/x86_64/cpu.h"
#include "lib/string.h"

#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_WRITE (1ull << 1)
#define ENTRY_USER (1ull << 2)
#define ENTRY_LARGE (1ull << 7)
#define ENTRY_NX (1ull << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ull

static vaddr_t map_base;
static uint64_t map_size;

void probe_init(vaddr_t direct_map, uint64_t size)
{
    map_base = direct_map;
    map_size = size;
}

static bool is_canonical(vaddr_t address, unsigned top)
{
    unsigned unused = 64 - (12 + 9 * top);
    return (vaddr_t)((int64_t)(address << unused) >> unused) == address;
}

bool probe_walk_from(paddr_t root, unsigned top, vaddr_t address, struct probe_walk *walk)
{
    *walk = (struct probe_walk){.top = top, .last = top + 1, .writable = true, .executable = true, .user = true};
    if (!is_canonical(address, top))
        return false;

    paddr_t table = root & ENTRY_ADDRESS;
    for (unsigned level = top; level > 0; level--) {
        if (table + PAGE_SIZE > map_size) {
            walk->broken = true;
            return false;
        }
        unsigned shift = 12 + 9 * (level - 1);
        uint64_t entry = ((const uint64_t *)(map_base + table))[address >> shift & 511];
        walk->entries[level] = entry;
        walk->last = level;
        if (!(entry & ENTRY_PRESENT))
            return false;
        walk->writable &= (entry & ENTRY_WRITE) != 0;
        walk->user &= (entry & ENTRY_USER) != 0;
        walk->executable &= (entry & ENTRY_NX) == 0;
        if (level == 1 || (level <= 3 && (entry & ENTRY_LARGE))) {
            walk->mapped = true;
            walk->page_size = 1ull << shift;
            walk->physical = (entry & ENTRY_ADDRESS & ~(walk->page_size - 1)) | (address & (walk->page_size - 1));
            return true;
        }
        table = entry & ENTRY_ADDRESS;
    }
    return false;
}

static unsigned top_level(void)
{
    return cpu_read_cr4() & CR4_LA57 ? 5 : 4;
}

bool probe_walk(vaddr_t address, struct probe_walk *walk)
{
    return probe_walk_from(cpu_read_cr3(), top_level(), address, walk);
}

bool probe_is_canonical(vaddr_t address)
{
    return is_canonical(address, top_level());
}

bool probe_is_mapped(vaddr_t address, size_t size)
{
    struct probe_walk walk;
    vaddr_t last = address + size - 1;
    if (last < address)
        return false;
    for (vaddr_t page = align_down(address, PAGE_SIZE);; page += PAGE_SIZE) {
        if (!probe_walk(page, &walk))
            return false;
        if (last - page < PAGE_SIZE)
            return true;
    }
}

size_t probe_read(void *to, vaddr_t from, size_t size)
{
    size_t done = 0;
    while (done < size) {
        size_t part = min_u64(size - done, PAGE_SIZE - (from + done) % PAGE_SIZE);
        if (!probe_is_mapped(from + done, part))
            break;
        memcpy((char *)to + done, (const void *)(from + done), part);
        done += part;
    }
    return done;
}
