/*
 * Every byte that is reported usable may be overwritten, and the kernel survives: nothing that it runs on, nor anything
 * that the firmware still needs, was reported usable.
 */
#include "test.h"

BOOT_REQUEST(.flags = BOOT_REQUEST_KASLR);

void test(const struct boot_info *info)
{
    uint64_t total = 0;
    for (uint64_t i = 0; i < info->memory_count; i++) {
        const struct boot_memory *m = &info->memory[i];
        if (m->type != BOOT_MEMORY_USABLE)
            continue;
        uint64_t *words = (uint64_t *)(info->direct_map + m->base), count = m->length / 8;
        __asm__ volatile("rep stosq" : "+D"(words), "+c"(count) : "a"(0xa5a5a5a5a5a5a5a5) : "memory");
        total += m->length;
    }
    CHECK(info->magic == BOOT_INFO_MAGIC);
    CHECK(test_memory_total(info, BOOT_MEMORY_USABLE) == total);
    CHECK(total > MIB(1));
    console_printf("%lu MiB overwritten\n", total >> 20);
}
