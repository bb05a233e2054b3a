/*
 * Loading the kernel and its modules: where they go, and the reading itself.
 *
 * Virtually, the kernel's image is followed by an unmapped page, its stack, and another unmapped page. An ET_EXEC
 * kernel goes where it was linked; an ET_DYN kernel too, unless it was linked below 1 MiB (then 2 GiB below the top) or
 * asks to be slid.
 */
#include "boot/loader/error.h"
#include "boot/loader/loader_internal.h"

#include "lib/string.h"

#define HIGHER_HALF_KERNEL_END (-(uint64_t)MIB(2)) /* keep clear of the last addresses: error pointers, wrapping */

struct kernel_source {
    struct elf_source elf;
    struct fat_file file;
};

static int read_kernel(struct elf_source *source, uint64_t offset, void *to, uint64_t length)
{
    return fat_read(&((struct kernel_source *)source)->file, (uint32_t)offset, to, (uint32_t)length);
}

/* Where the image goes, virtually: sets kernel_virtual, slide and stack_virtual. */
static int place_virtually(struct loader *l)
{
    const struct elf_plan *plan = &l->plan;
    uint64_t size = plan->end - plan->base + PAGE_SIZE + l->stack_size + PAGE_SIZE;

    l->kernel_virtual = plan->base;
    if (plan->is_position_independent) {
        if (plan->base < MIB(1))
            l->kernel_virtual += BOOT_DEFAULT_KERNEL_BASE;
        if ((plan->request.flags & BOOT_REQUEST_KASLR) && l->config.kaslr) {
            /* Anywhere in the top 2 GiB, as far as -mcmodel=kernel reaches. The slide is a multiple of the alignment.
             * There is room, since an image has 1 GiB and an alignment 512 MiB at most. */
            uint32_t align = (uint32_t)plan->align, offset = (uint32_t)plan->base & (align - 1);
            uint32_t room = (uint32_t)(HIGHER_HALF_KERNEL_END - BOOT_DEFAULT_KERNEL_BASE - size) - offset, random;
            entropy_draw(&random, sizeof random);
            /* A 32-bit fraction of the room: no division, and no bias worth the name. */
            random = (uint32_t)((uint64_t)room * random >> 32) & -align;
            l->kernel_virtual = BOOT_DEFAULT_KERNEL_BASE + random + offset;
        }
    }
    l->slide = l->kernel_virtual - plan->base;
    l->stack_virtual = l->kernel_virtual + (plan->end - plan->base) + PAGE_SIZE;

    uint64_t room =
        l->kernel_virtual >= BOOT_DEFAULT_DIRECT_MAP ? -l->kernel_virtual : (1ull << 47) - l->kernel_virtual;
    if (size > room)
        return loader_error("%s: leaves no room for its stack behind it; link it %llu KiB lower.", l->config.kernel,
            (unsigned long long)((size - room + 1023) >> 10));
    return 0;
}

int loader_load_kernel(struct loader *l)
{
    static struct kernel_source source;
    struct elf_plan *plan = &l->plan;

    if (fat_open(&l->fat, l->config.kernel, &source.file) < 0)
        return -1;
    source.elf = (struct elf_source){.read = read_kernel, .size = source.file.size, .path = l->config.kernel};
    if (elf_plan(&source.elf, plan) < 0)
        return -1;

    uint64_t size = plan->end - plan->base;
    l->stack_size = align_up(plan->request.stack_size ? plan->request.stack_size : BOOT_DEFAULT_STACK_SIZE, PAGE_SIZE);
    l->direct_map = plan->request.direct_map ? plan->request.direct_map : BOOT_DEFAULT_DIRECT_MAP;
    if (place_virtually(l) < 0)
        return -1;
    if (plan->request.flags & BOOT_REQUEST_PHYSICAL)
        l->kernel = loader_allocate_at(l, plan->physical_base, size, BOOT_MEMORY_KERNEL, l->config.kernel);
    else
        l->kernel = loader_allocate(l, size, BOOT_MEMORY_KERNEL, l->config.kernel);
    if (!l->kernel || elf_load(&source.elf, plan, physical(l->kernel)) < 0 ||
        elf_relocate(&source.elf, plan, physical(l->kernel), l->slide) < 0)
        return -1;
    l->stack = loader_allocate(l, l->stack_size, BOOT_MEMORY_STACK, "the kernel's stack");
    return l->stack ? 0 : -1;
}

int loader_load_modules(struct loader *l)
{
    for (uint32_t i = 0; i < l->config.module_count; i++) {
        const char *path = l->config.modules[i];
        struct fat_file file;
        if (fat_open(&l->fat, path, &file) < 0)
            return -1;
        uint64_t pages = align_up(max_u64(file.size, 1), PAGE_SIZE);
        paddr_t base = loader_allocate(l, pages, BOOT_MEMORY_MODULE, path);
        if (!base || fat_read(&file, 0, physical(base), file.size) < 0)
            return -1;
        memset((uint8_t *)physical(base) + file.size, 0, pages - file.size);
        l->modules[i].physical = base;
        l->modules[i].size = file.size;
    }
    return 0;
}
