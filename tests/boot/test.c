/*
 * The entry point and the helpers of every test kernel: see test.h.
 */
#include "test.h"

#include "arch/x86_64/machine.h"

static bool failed;

void test_check(bool passed, const char *condition, const char *file, int line)
{
    if (passed)
        return;
    failed = true;
    console_printf("FAILED %s:%d: %s\n", file, line, condition);
}

uint64_t test_pte(const struct boot_info *info, vaddr_t address, uint64_t *span)
{
    uint64_t entry = info->page_table;
    for (int level = 3; level >= 0; level--) {
        const uint64_t *table = (const uint64_t *)(info->direct_map + (entry & 0x000ffffffffff000));
        entry = table[address >> (12 + 9 * level) & 511];
        *span = 4096ull << (9 * level);
        if (!(entry & PTE_PRESENT))
            return 0;
        if (level == 0 || (entry & 1 << 7))
            return entry;
    }
    return 0;
}

uint32_t test_memory_type(const struct boot_info *info, paddr_t address)
{
    for (uint64_t i = 0; i < info->memory_count; i++)
        if (address - info->memory[i].base < info->memory[i].length)
            return info->memory[i].type;
    return 0;
}

uint64_t test_memory_total(const struct boot_info *info, uint32_t type)
{
    uint64_t total = 0;
    for (uint64_t i = 0; i < info->memory_count; i++)
        if (info->memory[i].type == type)
            total += info->memory[i].length;
    return total;
}

void kernel_main(struct boot_info *info)
{
    if (info->magic != BOOT_INFO_MAGIC || info->version != BOOT_PROTOCOL_VERSION || info->size != sizeof *info)
        machine_exit(BOOT_EXIT_FAILURE);
    console_init(info);
    test(info);
    machine_exit(failed ? BOOT_EXIT_FAILURE : BOOT_EXIT_SUCCESS);
}
