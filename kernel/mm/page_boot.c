/*
 * Page frames when the machine starts: from the boot loader's memory map to the lists of free blocks.
 *
 * page_early_init makes a table of the usable ranges, from 1 MiB on: below, firmware of real machines goes on writing,
 * and other CPUs start there (arch/x86_64/smp.c).
 * Until the lists stand, memory is cut off the ends of those ranges: single frames for page tables, and pieces for the
 * array. One thing may have no more than is there: the array is backed for whole blocks of the largest order that hold
 * RAM (64 KiB for 4 MiB), so a range much smaller than that, alone in its block, costs more than it brings and is left
 * unused.
 *
 * Then the lists get what is left: whole blocks as `fresh` ranges, which nothing touches, the ends of ranges as smaller
 * blocks. In a block that a range begins or ends in, all struct page are written, so that the buddy of a small block is
 * always one that says what it is.
 *
 * Nothing here runs at the same time as anything else.
 */
#include "mm/page_internal.h"

#include "lib/string.h"
#include "log.h"
#include "panic.h"

#define LOG_NAME "mm"

#define RAM_MIN MIB(15)    /* what a machine of 16 MiB has left for RAM by its map */
#define RANGE_MIN KIB(512) /* what is smaller gets no part of the array for itself */
#define TABLE_FRAMES 16    /* frames for page tables, cut off at a time */
#define LOW_END (MIB(1) >> PAGE_SHIFT)
#define LARGE_FRAMES (PAGE_SIZE_2M >> PAGE_SHIFT)

struct page_range *page_boot_ranges;
unsigned page_boot_range_count;

static const struct boot_info *boot; /* until page_init is done */
static unsigned range_capacity;
static uint64_t table_size;              /* of the two tables below, in bytes */
static struct page_range *loader_ranges; /* what page_release_boot frees */
static unsigned loader_range_count;
static struct page_range table_frames; /* cut off, not used yet */
static uint64_t last_written;          /* by write_block_at: often the next range begins where one ends */

/* ------------------------------------------------------------------------------------------------------------------
 * Cutting pieces off
 */

static struct page_range range_of(const struct boot_memory *memory)
{
    return (struct page_range){memory->base >> PAGE_SHIFT, (memory->base + memory->length) >> PAGE_SHIFT};
}

/* The first frame of COUNT at the end of RANGE, below LIMIT, that is AHEAD frames past a multiple of ALIGN; 0: none. */
static uint64_t place_in(const struct page_range *range, uint64_t count, uint64_t align, uint64_t ahead, uint64_t limit)
{
    uint64_t end = min_u64(range->end, limit);
    if (end < range->first + count || end - count < ahead)
        return 0;
    uint64_t first = align_down(end - count - ahead, align) + ahead;
    return first >= range->first ? first : 0;
}

/* Takes [first, first + count) out of range number I: what is above becomes a range of its own. */
static void cut(unsigned i, uint64_t first, uint64_t count)
{
    struct page_range *range = &page_boot_ranges[i];
    uint64_t end = range->end;
    range->end = first;
    if (first + count == end)
        return;
    if (page_boot_range_count == range_capacity)
        return; /* the piece is lost; there is room for more than anyone cuts */
    page_boot_ranges[page_boot_range_count++] = (struct page_range){first + count, end};
}

/* Cuts COUNT frames off the largest range that has them; see place_in. 0: none has. */
static uint64_t cut_largest(uint64_t count, uint64_t align, uint64_t ahead, uint64_t limit)
{
    uint64_t best_first = 0, best_size = 0;
    unsigned best = 0;
    for (unsigned i = 0; i < page_boot_range_count; i++) {
        const struct page_range *range = &page_boot_ranges[i];
        uint64_t first = place_in(range, count, align, ahead, limit), size = min_u64(range->end, limit) - range->first;
        if (first && size > best_size) {
            best = i;
            best_first = first;
            best_size = size;
        }
    }
    if (best_first)
        cut(best, best_first, count);
    return best_first;
}

/* Below 4 GiB, if there is any, because a monitor that starts the kernel directly maps no more. */
static uint64_t cut_for_tables(uint64_t count)
{
    uint64_t first = cut_largest(count, 1, 0, ZONE_NORMAL_FIRST);
    return first ? first : cut_largest(count, 1, 0, UINT64_MAX);
}

paddr_t page_early_frame(void)
{
    if (table_frames.first == table_frames.end) {
        table_frames.first = cut_for_tables(TABLE_FRAMES);
        table_frames.end = table_frames.first + (table_frames.first ? TABLE_FRAMES : 0);
    }
    uint64_t frame = table_frames.first != table_frames.end ? table_frames.first++ : cut_for_tables(1);
    if (frame)
        memset(direct_map(frame << PAGE_SHIFT), 0, PAGE_SIZE);
    return frame << PAGE_SHIFT;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading the memory map
 */

static bool is_ours(const struct boot_memory *memory)
{
    return memory->type >= BOOT_MEMORY_USABLE && memory->type <= BOOT_MEMORY_ACPI_RECLAIMABLE;
}

/* The part of a range where our tables may be: mapped already, see cut_for_tables. */
static uint64_t room_for_tables(const struct boot_memory *memory)
{
    if (memory->type != BOOT_MEMORY_USABLE || memory->base >= GIB(4))
        return 0;
    return min_u64(memory->base + memory->length, GIB(4)) - memory->base;
}

/* Our own tables, from the end of the largest range: one for all that may be cut out of the ranges, one of BOOT's. */
static void place_tables(uint64_t count)
{
    range_capacity = (unsigned)(2 * count) + 64;
    table_size = align_up((range_capacity + count) * sizeof(struct page_range), PAGE_SIZE);
    const struct boot_memory *largest = NULL;
    for (uint64_t i = 0; i < boot->memory_count; i++)
        if (room_for_tables(&boot->memory[i]) > (largest ? room_for_tables(largest) : 0))
            largest = &boot->memory[i];
    if (!largest || room_for_tables(largest) < MIB(1))
        panic(
            "there is no usable memory below 4 GiB in the boot loader's memory map; give the machine at least 16 MiB");
    page_boot_ranges = direct_map(largest->base + room_for_tables(largest) - table_size);
    loader_ranges = page_boot_ranges + range_capacity;
}

static void add_usable(struct page_range range)
{
    range.first = max_u64(range.first, LOW_END);
    if (range.first < range.end)
        page_boot_ranges[page_boot_range_count++] = range;
    uint64_t tables = direct_map_physical(page_boot_ranges) >> PAGE_SHIFT;
    if (range.first <= tables && tables < range.end)
        cut(page_boot_range_count - 1, tables, table_size >> PAGE_SHIFT);
}

void page_early_init(const struct boot_info *info)
{
    uint64_t ram = 0;
    boot = info;
    page_boot_range_count = loader_range_count = 0;
    table_frames = (struct page_range){0, 0};
    last_written = UINT64_MAX;
    for (uint64_t i = 0; i < info->memory_count; i++)
        ram += is_ours(&info->memory[i]) ? info->memory[i].length : 0;
    if (ram < RAM_MIN)
        panic("the machine has %lu KiB of memory; give it at least 16 MiB", (unsigned long)(ram >> 10));

    place_tables(info->memory_count);
    for (uint64_t i = 0; i < info->memory_count; i++) {
        if (info->memory[i].type == BOOT_MEMORY_USABLE)
            add_usable(range_of(&info->memory[i]));
        else if (info->memory[i].type == BOOT_MEMORY_BOOT)
            loader_ranges[loader_range_count++] = range_of(&info->memory[i]);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The array
 */

/* Memory for COUNT frames of the array at ADDRESS; in one piece that allows large pages, if there is one. */
static uint64_t cut_for_array(vaddr_t address, uint64_t *count)
{
    for (;;) {
        uint64_t first = 0, ahead = (address >> PAGE_SHIFT) % LARGE_FRAMES;
        if (*count >= LARGE_FRAMES)
            first = cut_largest(*count, LARGE_FRAMES, ahead, UINT64_MAX);
        if (!first)
            first = cut_largest(*count, 1, 0, UINT64_MAX);
        if (first || *count == 1)
            return first;
        *count /= 2;
    }
}

/* Backs the array for the frames of a range of whole blocks. */
static void back_array(struct page_range range)
{
    vaddr_t address = (vaddr_t)(page_array + range.first), end = (vaddr_t)(page_array + range.end);
    while (address < end) {
        uint64_t count = (end - address) >> PAGE_SHIFT;
        uint64_t first = cut_for_array(address, &count);
        if (!first || paging_map(&paging_kernel, address, first << PAGE_SHIFT, count << PAGE_SHIFT, MAP_WRITE) < 0)
            panic("the machine's memory is in too many small pieces to keep account of them; give it more");
        address += count << PAGE_SHIFT;
    }
}

static void make_array(void)
{
    struct page_range blocks = {0, 0};
    for (uint64_t i = 0; i < boot->memory_count; i++) {
        if (!is_ours(&boot->memory[i]) || boot->memory[i].length < RANGE_MIN)
            continue;
        struct page_range range = range_of(&boot->memory[i]);
        range.first = align_down(range.first, BLOCK_FRAMES);
        range.end = align_up(range.end, BLOCK_FRAMES);
        if (range.first > blocks.end) {
            back_array(blocks);
            blocks.first = range.first;
        }
        blocks.end = range.end;
    }
    back_array(blocks);
}

static bool has_array(uint64_t frame)
{
    return paging_lookup(&paging_kernel, (vaddr_t)(page_array + frame), NULL, NULL) != 0;
}

/* Writes the struct page of every frame of the block in which a range begins or ends. */
static void write_block_at(uint64_t frame)
{
    uint64_t block = align_down(frame, BLOCK_FRAMES);
    if (is_aligned(frame, BLOCK_FRAMES) || block == last_written || !has_array(frame))
        return;
    last_written = block;
    struct page *page = page_array + block;
    for (uint64_t i = 0; i < BLOCK_FRAMES; i++)
        page[i].state = PAGE_UNUSABLE;
}

static void write_edges(void)
{
    for (uint64_t i = 0; i < boot->memory_count; i++) {
        if (!is_ours(&boot->memory[i]))
            continue;
        struct page_range range = range_of(&boot->memory[i]);
        write_block_at(range.first);
        write_block_at(range.end);
    }
    for (unsigned i = 0; i < page_boot_range_count; i++) {
        write_block_at(page_boot_ranges[i].first);
        write_block_at(page_boot_ranges[i].end);
    }
    write_block_at(table_frames.first);
    write_block_at(table_frames.end);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The lists
 */

static void add_fresh(struct page_range range)
{
    struct zone *zone = &page_zones[range.first < ZONE_NORMAL_FIRST ? ZONE_LOW : ZONE_NORMAL];
    if (range.first >= range.end)
        return;
    zone->fresh[zone->fresh_count++] = range;
    zone->free += range.end - range.first;
    zone->frames += range.end - range.first;
    page_total += range.end - range.first;
}

/* The whole blocks of a range stay as they are, its ends go to the lists. */
static void add_boot_range(struct page_range range)
{
    struct page_range whole = {align_up(range.first, BLOCK_FRAMES), align_down(range.end, BLOCK_FRAMES)};
    if (whole.first >= whole.end) {
        page_add_range(range);
        return;
    }
    page_add_range((struct page_range){range.first, whole.first});
    page_add_range((struct page_range){whole.end, range.end});
    uint64_t border = whole.first < ZONE_NORMAL_FIRST ? min_u64(whole.end, ZONE_NORMAL_FIRST) : whole.first;
    add_fresh((struct page_range){whole.first, border});
    add_fresh((struct page_range){border, whole.end});
}

static void init_zones(void)
{
    uint64_t size = align_up(page_boot_range_count * sizeof(struct page_range) + 1, PAGE_SIZE);
    for (unsigned i = 0; i < ZONE_COUNT; i++) {
        uint64_t first = cut_largest(size >> PAGE_SHIFT, 1, 0, UINT64_MAX);
        if (!first)
            panic("the machine has too little memory; give it at least 16 MiB");
        page_zones[i].fresh = direct_map(first << PAGE_SHIFT);
        spin_lock_init(&page_zones[i].lock, LOCK_RANK_PAGES);
        for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++)
            list_init(&page_zones[i].blocks[order]);
    }
}

#define MARGIN_MAX (MIB(16) >> PAGE_SHIFT)

/*
 * How much is kept for whom: 1/128 of each zone for what is urgent, a part of a low zone that is not alone, and from
 * the modest as much as a shell and a program or two take even on a small machine.
 */
static void set_reserves(void)
{
    for (unsigned i = 0; i < ZONE_COUNT; i++)
        page_zones[i].reserve = min_u64(page_zones[i].free / 128, MIB(4) >> PAGE_SHIFT);
    if (page_zones[ZONE_NORMAL].free > 0)
        page_zones[ZONE_LOW].keep = min_u64(page_zones[ZONE_LOW].free / 8, MIB(16) >> PAGE_SHIFT);
    page_margin = min_u64(page_total / 16, MARGIN_MAX);
    for (unsigned i = 0; i < ZONE_COUNT; i++)
        page_margin += page_zones[i].reserve + page_zones[i].keep;
}

static paddr_t table_frame(void)
{
    struct page *page = page_allocate(0, ALLOC_ZERO);
    return page ? page_address(page) : 0;
}

void page_init(void)
{
    make_array();
    init_zones();
    write_edges();

    unsigned unused = 0;
    for (unsigned i = 0; i < page_boot_range_count; i++) {
        struct page_range *range = &page_boot_ranges[i];
        if (range->first == range->end)
            continue;
        if (has_array(range->first) && has_array(range->end - 1)) {
            add_boot_range(*range);
        } else {
            range->end = range->first;
            unused++;
        }
    }
    if (unused)
        log_warning("%u pieces of memory are too small to be used", unused);
    page_add_range(table_frames);
    set_reserves();
    paging_set_frame_source(table_frame);
    boot = NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Later
 */

void page_release(paddr_t address, uint64_t size)
{
    struct page_range range = {align_up(address, PAGE_SIZE) >> PAGE_SHIFT, (address + size) >> PAGE_SHIFT};
    range.first = max_u64(range.first, LOW_END);
    if (range.first < range.end && has_array(range.first) && has_array(range.end - 1))
        page_add_range(range);
}

void page_release_boot(void)
{
    for (unsigned i = 0; i < loader_range_count; i++)
        page_release(
            loader_ranges[i].first << PAGE_SHIFT, (loader_ranges[i].end - loader_ranges[i].first) << PAGE_SHIFT);
    loader_range_count = 0;
}
