/*
 * Modules arrive whole, page aligned, with their names, in memory that is not reported usable. Each consists of the
 * line below, over and over.
 */
#include "test.h"

BOOT_REQUEST(.flags = 0);

static const char line[] = "a line of the module\n";

static void check_module(const struct boot_info *info, const struct boot_module *module)
{
    const char *data = module->data;
    size_t length = sizeof line - 1, bad = 0;
    CHECK(is_aligned(module->physical, PAGE_SIZE));
    CHECK((uint64_t)data == info->direct_map + module->physical);
    for (uint64_t i = 0; i < module->size; i += length)
        if (memcmp(data + i, line, min_u64(length, module->size - i)) != 0)
            bad++;
    CHECK(bad == 0);
    for (uint64_t i = module->size; i % PAGE_SIZE; i++)
        CHECK(data[i] == 0);
    for (uint64_t i = 0; i < module->size; i += PAGE_SIZE)
        if (test_memory_type(info, module->physical + i) != BOOT_MEMORY_MODULE)
            bad++;
    CHECK(bad == 0);
}

void test(const struct boot_info *info)
{
    CHECK(info->module_count > 0);
    for (uint64_t i = 0; i < info->module_count; i++) {
        console_printf("module %s %lu\n", info->modules[i].name, info->modules[i].size);
        check_module(info, &info->modules[i]);
    }
}
