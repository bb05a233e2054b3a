/*
 * The kernel's own page tables, made once from what the boot loader tells, on its tables.
 *
 * Everything keeps the address that it had: the direct map is where the loader's was, the kernel and its stack stay, so
 * that boot_info, the console and every pointer go on working when CR3 changes. What goes is the lower half, with the
 * loader's GDT and IDT.
 *
 * Source: Intel SDM volume 3A, 4.9 (memory types); docs/boot-protocol.md, "Memory".
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/image.h"
#include "arch/x86_64/paging_internal.h"
#include "panic.h"

static void must(int error, const char *what, uint64_t address)
{
    if (error)
        panic("cannot map %s at %#lx: error %d; the machine has too little memory for the kernel", what,
            (unsigned long)address, -error);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The direct map
 */

static void map_direct(paddr_t base, paddr_t end, unsigned cache)
{
    if (base >= end)
        return;
    if (end > DIRECT_MAP_SIZE)
        panic("there is memory at %#lx, beyond the %lu TiB that the kernel can address", (unsigned long)end,
            (unsigned long)(DIRECT_MAP_SIZE >> 40));
    must(paging_map(&paging_kernel, DIRECT_MAP_BASE + base, base, end - base, MAP_WRITE | cache), "memory", base);
}

/* How a range is to be cached, and its end: shortened where not all of it is mapped, 0 where nothing is. */
static paddr_t range_end(const struct boot_memory *range, unsigned *cache)
{
    paddr_t end = range->base + range->length;
    *cache = 0;
    if (range->type <= BOOT_MEMORY_FIRMWARE)
        return end;
    *cache = range->type == BOOT_MEMORY_FRAMEBUFFER ? MAP_COMBINING : MAP_UNCACHED;
    return range->type == BOOT_MEMORY_FRAMEBUFFER ? end : range->base < GIB(4) ? min_u64(end, GIB(4)) : 0;
}

/*
 * The first MiB whole, cached as its fixed MTRRs say; then the map's ranges, of which neighbours that are cached alike
 * become one, so that large pages fit.
 */
static void map_memory(const struct boot_info *info)
{
    paddr_t base = 0, end = MIB(1);
    unsigned cache = 0, next;

    for (uint64_t i = 0; i < info->memory_count; i++) {
        const struct boot_memory *range = &info->memory[i];
        paddr_t next_end = range_end(range, &next);
        if (next_end <= MIB(1))
            continue;
        if (range->base > end || next != cache || end == MIB(1)) {
            map_direct(base, end, cache);
            base = max_u64(range->base, MIB(1));
            cache = next;
        }
        end = next_end;
    }
    map_direct(base, end, cache);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The kernel
 */

static void map_segment(const struct boot_info *info, const struct elf64_phdr *segment)
{
    vaddr_t base = align_down(segment->p_vaddr, PAGE_SIZE) + info->kernel_slide;
    uint64_t size = align_up(segment->p_vaddr + segment->p_memsz, PAGE_SIZE) + info->kernel_slide - base;
    paddr_t physical = info->kernel_physical + (base - info->kernel_virtual);
    unsigned flags = (segment->p_flags & PF_W ? MAP_WRITE : 0) | (segment->p_flags & PF_X ? MAP_EXECUTE : 0);

    must(paging_map(&paging_kernel, base, physical, size, flags), "the kernel", base);
    if (!(flags & MAP_WRITE))
        must(paging_protect(&paging_kernel, DIRECT_MAP_BASE + physical, size, 0), "the kernel", physical);
}

static void map_kernel(const struct boot_info *info)
{
    const struct elf64_phdr *segments = image_program_headers();
    if (__ehdr_start.e_magic != ELF_MAGIC || __ehdr_start.e_phentsize != sizeof *segments)
        panic("the kernel's ELF header is not in memory; link it as targets/kernel.mk says");
    for (unsigned i = 0; i < __ehdr_start.e_phnum; i++)
        if (segments[i].p_type == PT_LOAD)
            map_segment(info, &segments[i]);
}

/* The loader's stack goes on in use; it lies in one piece. */
static void map_stack(const struct boot_info *info)
{
    struct page_table loader = {.root = info->page_table};
    paddr_t physical;
    if (paging_lookup(&loader, info->stack_base, &physical, NULL) == 0)
        panic("the boot loader says that its stack is at %#lx, and has nothing mapped there; update the boot loader",
            (unsigned long)info->stack_base);
    must(paging_map(&paging_kernel, info->stack_base, physical, info->stack_size, MAP_WRITE), "the stack",
        info->stack_base);
}

/* ------------------------------------------------------------------------------------------------------------------
 */

void paging_init(const struct boot_info *info, paddr_t (*allocate)(void))
{
    if (info->direct_map != DIRECT_MAP_BASE)
        panic("the boot loader's direct map is at %#lx and not at %#lx; update the boot loader",
            (unsigned long)info->direct_map, (unsigned long)DIRECT_MAP_BASE);
    paging_set_frame_source(allocate);
    paging_kernel.root = allocate();
    if (paging_kernel.root == 0 || paging_kernel.root >= GIB(4))
        panic("no memory below 4 GiB is free for the page tables");

    map_memory(info);
    map_kernel(info);
    map_stack(info);
    for (vaddr_t address = VMAP_BASE; address < VMAP_BASE + VMAP_SIZE; address += paging_span(LEVEL_PML4))
        must(paging_fill_root(&paging_kernel, address), "virtual areas", address);

    paging_init_cpu();
}

void paging_init_cpu(void)
{
    cpu_write_cr3(paging_kernel.root);
    tlb_flush_cpu(); /* whatever was global before, too */
}
