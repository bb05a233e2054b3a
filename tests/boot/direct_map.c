/*
 * All RAM of the map can be reached through the direct map, which is not executable and uses large pages.
 */
#include "test.h"

BOOT_REQUEST(.direct_map = 0xffffa00000000000);

static void check_range(const struct boot_info *info, const struct boot_memory *m)
{
    uint64_t span;
    for (paddr_t at = m->base; at < m->base + m->length; at = align_down(at, span) + span) {
        uint64_t pte = test_pte(info, info->direct_map + at, &span);
        CHECK(pte & PTE_PRESENT);
        CHECK(pte & PTE_WRITE);
        CHECK(pte & PTE_NX);
        CHECK((pte & 0x000ffffffffff000 & -span) == (at & -span));
        if (!pte)
            return;
        paddr_t large = align_down(at, MIB(2));
        if (large >= max_u64(m->base, MIB(16)) && m->base + m->length - large >= MIB(2))
            CHECK(span >= MIB(2));
    }
}

void test(const struct boot_info *info)
{
    uint64_t end = 0;
    CHECK(info->direct_map == 0xffffa00000000000);
    for (uint64_t i = 0; i < info->memory_count; i++) {
        if (info->memory[i].type > BOOT_MEMORY_FIRMWARE)
            continue;
        end = info->memory[i].base + info->memory[i].length;
        if (info->memory[i].type == BOOT_MEMORY_USABLE)
            check_range(info, &info->memory[i]);
    }
    CHECK(info->direct_map_size == end);

    /* The BIOS data area, in page 0, and VGA memory are mapped too. */
    uint64_t span;
    CHECK(test_pte(info, info->direct_map, &span));
    CHECK(test_pte(info, info->direct_map + 0xb8000, &span));
}
