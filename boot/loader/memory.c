/*
 * Memory that the loader takes, for itself and for the kernel.
 *
 * Every byte goes through one ledger, loader_claim(), which feeds the map that the kernel will see. Where the firmware
 * manages memory (UEFI) it is asked; elsewhere the lowest usable place in the map is taken.
 */
#include "boot/loader/error.h"
#include "boot/loader/loader_internal.h"

int loader_claim(struct loader *l, paddr_t base, uint64_t size, uint32_t type)
{
    size = align_up(size, PAGE_SIZE);
    uint32_t last = l->claim_count - 1;
    if (l->claim_count > 0 && l->claims[last].type == type && l->claims[last].base + l->claims[last].size == base) {
        l->claims[last].size += size;
    } else {
        if (l->claim_count == MAX_CLAIMS)
            return loader_error("The loader lost count of its memory: more than %d pieces.", MAX_CLAIMS);
        l->claims[l->claim_count].base = base;
        l->claims[l->claim_count].size = size;
        l->claims[l->claim_count++].type = type;
    }
    memory_map_add(&l->map, base, size, type);
    return 0;
}

paddr_t loader_allocate(struct loader *l, uint64_t size, uint32_t type, const char *what)
{
    /* What the way to the kernel is paved with, such as its page tables, must be in reach of 32-bit code. */
    paddr_t base, limit = type == BOOT_MEMORY_BOOT ? GIB(4) : l->platform->limit;
    if (l->platform->allocate)
        base = l->platform->allocate(size, 0, limit);
    else
        base = memory_map_find(&l->map, size, limit);
    if (base)
        return loader_claim(l, base, size, type) < 0 ? 0 : base;
    loader_error(
        "Not enough memory: %s needs %llu KiB in one piece; this machine has %llu KiB free. Add memory, or boot "
        "less.",
        what, (unsigned long long)((size + 1023) >> 10),
        (unsigned long long)(memory_map_total(&l->map, BOOT_MEMORY_USABLE) >> 10));
    return 0;
}

paddr_t loader_allocate_at(struct loader *l, paddr_t base, uint64_t size, uint32_t type, const char *what)
{
    bool free;
    if (!is_aligned(base, PAGE_SIZE) || base < MIB(1)) {
        loader_error("%s: asks for physical address %#llx; it must be a multiple of 4 KiB from 1 MiB on.", what,
            (unsigned long long)base);
        return 0;
    }
    if (l->platform->limit && (base >= l->platform->limit || size > l->platform->limit - base))
        free = false;
    else if (l->platform->allocate)
        free = l->platform->allocate(size, base, 0) == base;
    else
        free = memory_map_is_usable(&l->map, base, size);
    if (!free) {
        loader_error("%s: asks for physical addresses %#llx to %#llx, which are not free RAM on this machine; link it "
                     "elsewhere, or let the loader choose.",
            what, (unsigned long long)base, (unsigned long long)(base + size));
        return 0;
    }
    return loader_claim(l, base, size, type) < 0 ? 0 : base;
}

paddr_t loader_allocate_blob(struct loader *l, uint64_t size)
{
    paddr_t base = l->platform->blob;
    if (!base && !(base = l->platform->allocate(size, 0, MIB(1))))
        base = l->platform->allocate(size, 0, GIB(4));
    if (!base) {
        loader_error("The firmware has no memory left for the hand-off below 4 GiB.");
        return 0;
    }
    return loader_claim(l, base, size, BOOT_MEMORY_BOOT) < 0 ? 0 : base;
}
