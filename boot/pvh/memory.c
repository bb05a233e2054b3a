/*
 * Memory as the monitor describes it.
 *
 * While the loader works, its own memory and the disk image are BOOT memory: RAM like any other to the direct map, but
 * nothing is loaded over it. When it is done the kernel gets the map without the two: they are free again.
 *
 * Source: Xen, public/arch-x86/hvm/start_info.h.
 */
#include "boot/pvh/pvh.h"

#include "boot/loader/error.h"
#include "lib/string.h"

#define MAX_RANGES 128
#define BLOB 0x10000ull
#define BLOB_SIZE KIB(32) /* boot/loader/loader.h */

static struct hvm_memory ranges[MAX_RANGES];
static uint32_t range_count;
static struct hvm_module image;

int pvh_memory_open(const struct hvm_start_info *start)
{
    if (start->magic != HVM_START_MAGIC)
        return loader_error("pvh.elf was not started as a PVH guest (no hvm_start_info). Use a virtual machine monitor "
                            "that can, such as QEMU.");
    if (start->version < 1 || start->memory_count == 0 || start->memory >= GIB(4))
        return loader_error("The virtual machine monitor does not say how much memory there is. Use a newer one.");
    range_count = start->memory_count < MAX_RANGES ? start->memory_count : MAX_RANGES;
    memcpy(ranges, (const void *)(uintptr_t)start->memory, range_count * sizeof ranges[0]);
    if (start->module_count > 0 && start->modules < GIB(4))
        image = *(const struct hvm_module *)(uintptr_t)start->modules;
    return 0;
}

static void add_ranges(struct memory_map *map)
{
    for (uint32_t i = 0; i < range_count; i++)
        memory_map_add(map, ranges[i].base, ranges[i].size, i386_memory_type(ranges[i].type));
}

int pvh_memory_map(struct memory_map *map)
{
    add_ranges(map);
    memory_map_add(map, (uintptr_t)pvh_start, (uintptr_t)pvh_end - (uintptr_t)pvh_start, BOOT_MEMORY_BOOT);
    memory_map_add(map, image.base, image.size, BOOT_MEMORY_BOOT);
    return 0;
}

paddr_t pvh_memory_for_blob(struct memory_map *map)
{
    return memory_map_is_usable(map, BLOB, BLOB_SIZE) ? BLOB : memory_map_find(map, BLOB_SIZE, GIB(4));
}

int pvh_leave(struct memory_map *map, struct boot_info *info)
{
    add_ranges(map);
    return 0;
}
