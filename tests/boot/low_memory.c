/*
 * There are more than 16 free pages below 1 MiB, so that other processors can be started.
 */
#include "test.h"

BOOT_REQUEST(.flags = 0);

void test(const struct boot_info *info)
{
    uint64_t pages = 0;
    for (uint64_t i = 0; i < info->memory_count; i++)
        if (info->memory[i].type == BOOT_MEMORY_USABLE && info->memory[i].base < MIB(1))
            pages +=
                (min_u64(info->memory[i].base + info->memory[i].length, MIB(1)) - info->memory[i].base) / PAGE_SIZE;
    CHECK(pages > 16);
}
