/*
 * W^X: every page of the kernel is mapped as its segment says, code read-only, data never executable, and nothing at
 * all is both, in the whole of the page tables.
 */
#include "test.h"

BOOT_REQUEST(.flags = BOOT_REQUEST_KASLR);

static const char constant[] = "read-only";
static char variable;
static char zeroed[3 * PAGE_SIZE];

/* Counts pages that are both writable and executable below a table. Both bits count only if every level has them. */
static uint64_t count_wx(const struct boot_info *info, paddr_t table, int level, bool writable, bool executable)
{
    const uint64_t *entries = (const uint64_t *)(info->direct_map + table);
    uint64_t bad = 0;
    for (int i = 0; i < 512; i++) {
        uint64_t entry = entries[i];
        if (!(entry & PTE_PRESENT))
            continue;
        bool w = writable && (entry & PTE_WRITE), x = executable && !(entry & PTE_NX);
        if (level == 0 || (entry & 1 << 7))
            bad += w && x;
        else
            bad += count_wx(info, entry & 0x000ffffffffff000, level - 1, w, x);
    }
    return bad;
}

void test(const struct boot_info *info)
{
    uint64_t span;
    uint64_t text = test_pte(info, (uint64_t)test, &span);
    CHECK(!(text & PTE_WRITE) && !(text & PTE_NX));
    uint64_t rodata = test_pte(info, (uint64_t)constant, &span);
    CHECK(!(rodata & PTE_WRITE));
    uint64_t bss = test_pte(info, (uint64_t)&variable, &span);
    CHECK((bss & PTE_WRITE) && (bss & PTE_NX));
    for (size_t i = 0; i < sizeof zeroed; i++)
        CHECK(zeroed[i] == 0);
    CHECK(!test_pte(info, 0, &span));
    CHECK(count_wx(info, info->page_table, 3, true, true) == 0);
}
