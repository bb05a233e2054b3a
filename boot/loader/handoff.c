/*
 * From loaded files to a running kernel: page tables, boot_info, the hand-off blob, the end of the firmware.
 *
 * The order matters. Everything that allocates comes first, while the firmware still answers; then the firmware ends
 * and gives its final memory map; then only the map is copied, and the machine leaves.
 */
#include "boot/handoff/handoff.h"

#include "boot/loader/blob.h"
#include "boot/loader/error.h"
#include "boot/loader/loader_internal.h"
#include "boot/loader/paging.h"
#include "lib/string.h"

#define PAGES_AT_ONCE 8

static struct loader *loader; /* for the page callback */

/* ------------------------------------------------------------------------------------------------------------------
 * Page tables
 */

static paddr_t table_page(struct page_tables *tables)
{
    static paddr_t next;
    static unsigned left;
    if (left == 0) {
        next = loader_allocate(loader, PAGES_AT_ONCE * PAGE_SIZE, BOOT_MEMORY_BOOT, "the page tables");
        if (!next)
            return 0;
        left = PAGES_AT_ONCE;
    }
    memset(physical(next), 0, PAGE_SIZE);
    left--;
    next += PAGE_SIZE;
    return next - PAGE_SIZE;
}

static int map_kernel(struct loader *l, struct page_tables *tables)
{
    for (uint32_t i = 0; i < l->plan.segment_count; i++) {
        const struct elf_segment *s = &l->plan.segments[i];
        vaddr_t base = align_down(s->address, PAGE_SIZE), end = align_up(s->address + s->size, PAGE_SIZE);
        unsigned access = (s->flags & PF_W ? PAGE_WRITABLE : 0) | (s->flags & PF_X ? PAGE_EXECUTABLE : 0);
        if (page_tables_map(tables, base + l->slide, l->kernel + (base - l->plan.base), end - base, access,
                PAGE_CACHE_WRITE_BACK) < 0)
            return -1;
    }
    return page_tables_map(tables, l->stack_virtual, l->stack, l->stack_size, PAGE_WRITABLE, PAGE_CACHE_WRITE_BACK);
}

static int map_direct(struct loader *l, struct page_tables *tables, paddr_t base, paddr_t end, enum page_cache cache)
{
    vaddr_t address = l->direct_map + base;
    if (base >= end)
        return 0;
    /* The sum may neither wrap nor leave the half of the address space that it began in. */
    if ((l->direct_map ^ (l->direct_map + end - 1)) >> 47)
        return loader_error("%s: its direct map leaves no room for memory up to %#llx; ask for it lower.",
            l->config.kernel, (unsigned long long)end);
    return page_tables_map(tables, address, base, end - base, PAGE_WRITABLE, cache);
}

/*
 * The direct map: the first MiB whole (BIOS data, VGA memory and ROMs, where the fixed MTRRs say how to cache), then
 * the map's ranges. Neighbours that are cached alike become one, so that large pages fit.
 */
static int map_memory(struct loader *l, struct page_tables *tables)
{
    static struct memory_map map; /* as it is now: pages for the tables come out of the other */
    paddr_t base = 0, end = MIB(1);
    enum page_cache cache = PAGE_CACHE_WRITE_BACK, next;

    memory_map_refresh(&l->map);
    map = l->map;
    for (uint32_t i = 0; i < map.count; i++) {
        const struct boot_memory *range = &map.ranges[i];
        paddr_t range_end = range->base + range->length;
        if (memory_is_ram(range->type)) {
            next = PAGE_CACHE_WRITE_BACK;
            l->info.direct_map_size = range_end;
        } else if (range->type == BOOT_MEMORY_FRAMEBUFFER) {
            next = PAGE_CACHE_WRITE_COMBINING;
        } else if (range->base < GIB(4)) {
            next = PAGE_CACHE_UNCACHED;
            range_end = min_u64(range_end, GIB(4));
        } else {
            continue;
        }
        if (range_end <= MIB(1))
            continue;
        if (range->base > end || next != cache || end == MIB(1)) {
            if (map_direct(l, tables, base, end, cache) < 0)
                return -1;
            base = max_u64(range->base, MIB(1));
            cache = next;
        }
        end = range_end;
    }
    return map_direct(l, tables, base, end, cache);
}

/* ------------------------------------------------------------------------------------------------------------------
 * boot_info
 */

/* The block that boot_info and all it points to (but modules) go to. */
struct block {
    struct loader *l;
    paddr_t base;
    uint32_t used;
};

/* Appends SIZE bytes; their address as the kernel sees it. */
static uint64_t block_add(struct block *block, const void *data, uint32_t size)
{
    paddr_t at = block->base + block->used;
    memcpy(physical(at), data, size);
    block->used = (block->used + size + 7) & ~7u;
    return block->l->direct_map + at;
}

static uint64_t block_add_string(struct block *block, const char *s)
{
    return block_add(block, s, strlen(s) + 1);
}

/* More than enough for everything that is added: the configuration's text holds every string but one. */
static uint64_t block_size(void)
{
    return align_up(sizeof(struct boot_info) + sizeof loader->map.ranges + sizeof loader->modules + CONFIG_MAX_SIZE +
                        HANDOFF_FONT_SIZE + 8 * (CONFIG_MAX_MODULES + 8) + sizeof LOADER_NAME,
        PAGE_SIZE);
}

/* Everything in boot_info that is known before the firmware ends. The memory map comes last. */
static void build_info(struct loader *l, struct block *block)
{
    struct boot_info *info = &l->info;
    info->magic = BOOT_INFO_MAGIC;
    info->version = BOOT_PROTOCOL_VERSION;
    info->size = sizeof *info;
    info->firmware = l->platform->firmware;
    info->loader = block_add_string(block, LOADER_NAME);
    info->cmdline = block_add_string(block, l->config.cmdline);

    for (uint32_t i = 0; i < l->config.module_count; i++) {
        l->modules[i].data = l->direct_map + l->modules[i].physical;
        l->modules[i].name = block_add_string(block, l->config.modules[i]);
    }
    info->module_count = l->config.module_count;
    info->modules = block_add(block, l->modules, l->config.module_count * sizeof l->modules[0]);

    info->direct_map = l->direct_map;
    info->kernel_physical = l->kernel;
    info->kernel_virtual = l->kernel_virtual;
    info->kernel_size = l->plan.end - l->plan.base;
    info->kernel_slide = l->slide;
    info->stack_base = l->stack_virtual;
    info->stack_size = l->stack_size;
    if (info->framebuffer.physical)
        info->framebuffer.address = l->direct_map + info->framebuffer.physical;
    if (info->text.cells)
        info->text.cells += l->direct_map;
    entropy_draw(info->seed, sizeof info->seed);
    info->seed_bits = entropy_bits();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Leaving
 */

static void set_video(struct loader *l)
{
    struct video_wish wish = {
        .video = l->plan.request.video,
        .width = l->plan.request.video_width,
        .height = l->plan.request.video_height,
        .bpp = l->plan.request.video_bpp,
    };
    if (l->config.video.set) {
        wish.video = l->config.video.video;
        wish.width = l->config.video.width;
        wish.height = l->config.video.height;
        wish.bpp = l->config.video.bpp;
    }
    struct boot_framebuffer *fb = &l->info.framebuffer;
    if (l->platform->set_video)
        l->platform->set_video(&wish, &l->info);
    /* What the memory map cannot hold would not be mapped: then there is no screen. */
    if (fb->physical >= MEMORY_MAP_LIMIT ||
        loader_claim(l, fb->physical, (uint64_t)fb->pitch * fb->height, BOOT_MEMORY_FRAMEBUFFER) < 0)
        memset(fb, 0, sizeof *fb);
}

static const struct handoff_blob *const blob = (const struct handoff_blob *)handoff_blob_start;

/* Memory for the blob, mapped one to one; its address, or 0. */
static paddr_t place_blob(struct loader *l, struct page_tables *tables)
{
    paddr_t base = loader_allocate_blob(l, blob->total_size), data = base + blob->code_size;
    if (!base || page_tables_map(tables, base, base, blob->code_size, PAGE_EXECUTABLE, PAGE_CACHE_WRITE_BACK) < 0 ||
        page_tables_map(tables, data, data, blob->total_size - blob->code_size, PAGE_WRITABLE, PAGE_CACHE_WRITE_BACK) <
            0)
        return 0;
    return base;
}

/* Copies the blob there and tells it what it needs to know. */
static void fill_blob(struct loader *l, paddr_t base, struct block *block, paddr_t page_table)
{
    uint8_t *copy = physical(base);
    memset(copy, 0, blob->total_size);
    memcpy(copy, handoff_blob_start, blob->file_size);

    struct handoff *parameters = (struct handoff *)(copy + blob->parameters);
    parameters->page_table = page_table;
    parameters->entry = l->plan.entry + l->slide;
    parameters->stack_base = l->stack_virtual;
    parameters->stack_top = l->stack_virtual + l->stack_size;
    parameters->info = l->direct_map + block->base;
    parameters->kernel_slide = l->slide;
    if (l->info.framebuffer.address && l->platform->font)
        parameters->font = block_add(block, l->platform->font(), HANDOFF_FONT_SIZE);
    parameters->framebuffer = l->info.framebuffer;
    parameters->text = l->info.text;
    parameters->serial = l->info.serial;
    acpi_find_io_apics(l->info.rsdp, parameters->io_apics, HANDOFF_MAX_IO_APICS);
}

/* The final map, with the loader's claims, into the block. */
static int finish_map(struct loader *l, struct block *block)
{
    if (l->platform->leave) {
        memset(&l->map, 0, sizeof l->map);
        for (uint32_t i = 0; i < l->claim_count; i++)
            memory_map_add(&l->map, l->claims[i].base, l->claims[i].size, l->claims[i].type);
        if (l->platform->leave(&l->map, &l->info) < 0)
            return -1;
    }
    memory_map_refresh(&l->map);
    l->info.memory = block_add(block, l->map.ranges, l->map.count * sizeof l->map.ranges[0]);
    l->info.memory_count = l->map.count;
    if (l->info.efi.memory_map)
        l->info.efi.memory_map += l->direct_map;
    return 0;
}

int loader_hand_off(struct loader *l)
{
    struct page_tables tables = {
        .page = table_page, .gigabyte_pages = cpu_has_gigabyte_pages(), .no_pat = !cpu_has_pat()};
    struct block block = {.l = l, .used = align_up(sizeof l->info, 8)};

    loader = l;
    if (l->platform->find_tables)
        l->platform->find_tables(&l->info);
    block.base = loader_allocate(l, block_size(), BOOT_MEMORY_BOOT, "boot_info");
    if (!block.base || page_tables_init(&tables) < 0 || map_kernel(l, &tables) < 0)
        return -1;
    paddr_t place = place_blob(l, &tables);
    if (!place)
        return -1;

    /* Nearly last of what may fail: once the screen has changed its mode, a sentence has nowhere to go on BIOS. */
    set_video(l);
    if (map_memory(l, &tables) < 0)
        return -1;
    l->info.page_table = tables.root;
    build_info(l, &block);
    fill_blob(l, place, &block, tables.root);
    if (finish_map(l, &block) < 0)
        return -1;
    memcpy(physical(block.base), &l->info, sizeof l->info);
    l->platform->enter((uint32_t)place + blob->entry32, (uint32_t)place);
    return -1;
}
