/*
 * Fuzzes the start of the page allocator (kernel/mm/page_boot.c) with memory maps: sorted and disjoint, as the boot
 * protocol has them, but otherwise of any shape. A map is refused with a sentence that tells what to do, or everything
 * is right afterwards: no frame is given out that is not usable, or twice, and what is freed becomes as large as it
 * was.
 *
 * Input: records of 6 bytes, each a range: its gap to the one before (2) and its length (2), in pages, both shifted by
 * a nibble of the fifth byte; its type.
 */
#include "mm/page_internal.h"
#include "tests/unit/mm/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKS_MAX 4000
#define END (MACHINE_MEMORY >> PAGE_SHIFT)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct machine_range map[MACHINE_RANGES];
static unsigned map_count;
static struct page *blocks[BLOCKS_MAX];
static unsigned block_count;

static void require(bool condition, const char *problem)
{
    if (condition)
        return;
    for (unsigned i = 0; i < map_count; i++)
        fprintf(stderr, "%#14llx to %#14llx type %u\n", (unsigned long long)map[i].base, (unsigned long long)map[i].end,
            map[i].type);
    fprintf(stderr, "%s\n", problem);
    abort();
}

static void read_map(const uint8_t *data, size_t size)
{
    uint64_t end = 0;
    map_count = 0;
    for (; size >= 6 && map_count < MACHINE_RANGES; data += 6, size -= 6) {
        uint64_t gap = (uint64_t)(data[0] | data[1] << 8) << data[4] % 16 % 12;
        uint64_t length = (uint64_t)(data[2] | data[3] << 8) << data[4] / 16 % 12;
        uint32_t type = data[5] < 128 ? BOOT_MEMORY_USABLE : 1 + data[5] % BOOT_MEMORY_BAD;
        if (type == BOOT_MEMORY_USABLE && end + gap == 0)
            gap = 1; /* page 0 is never usable */
        if (length == 0 || end + gap + length > END)
            continue;
        map[map_count++] = (struct machine_range){(end + gap) << PAGE_SHIFT, (end + gap + length) << PAGE_SHIFT, type};
        end += gap + length;
    }
}

static bool is_known(const char *message)
{
    static const char *const sentences[] = {
        "give it at least 16 MiB",
        "give the machine at least 16 MiB",
        "too many small pieces",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(sentences); i++)
        if (strstr(message, sentences[i]))
            return true;
    return false;
}

static bool start(void)
{
    memset(page_zones, 0, sizeof page_zones);
    memset(percpu_page_cache, 0, sizeof percpu_page_cache);
    page_total = 0;
    const struct boot_info *info = machine_create(map, map_count);
    if (machine_expects_panic()) {
        machine_start_pages(info);
        machine_panicked("");
        return true;
    }
    machine_panicked("");
    require(is_known(machine_panic_message()), machine_panic_message());
    return false;
}

static bool is_usable(uint64_t frame)
{
    for (unsigned i = 0; i < map_count; i++)
        if (map[i].type == BOOT_MEMORY_USABLE && frame >= map[i].base >> PAGE_SHIFT && frame < map[i].end >> PAGE_SHIFT)
            return frame >= MIB(1) >> PAGE_SHIFT && !machine_is_taken(frame);
    return false;
}

static int compare(const void *left, const void *right)
{
    const struct page *l = *(struct page *const *)left, *r = *(struct page *const *)right;
    return l < r ? -1 : l > r;
}

static void check_blocks(void)
{
    qsort(blocks, block_count, sizeof blocks[0], compare);
    for (unsigned i = 0; i < block_count; i++) {
        uint64_t first = page_number(blocks[i]), count = 1ull << blocks[i]->order;
        require(is_usable(first) && is_usable(first + count - 1), "a block is not usable");
        require(is_aligned(first, count), "a block is not aligned");
        require(i == 0 || blocks[i - 1] + (1ull << blocks[i - 1]->order) <= blocks[i], "two blocks overlap");
    }
}

static void take_everything(void)
{
    block_count = 0;
    for (int order = PAGE_ORDER_MAX; order >= 0; order--) {
        struct page *page;
        while (block_count < BLOCKS_MAX && (page = page_allocate((unsigned)order, ALLOC_URGENT)) != NULL)
            blocks[block_count++] = page;
    }
    require(block_count == BLOCKS_MAX || page_free_count() == 0, "not everything can be allocated");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_map(data, size);
    if (!start())
        return 0;
    page_check();
    uint64_t total = page_free_count();
    require(total == page_total_count(), "not everything is free at first");
    take_everything();
    page_check();
    check_blocks();
    for (unsigned i = 0; i < block_count; i++)
        page_free(blocks[i], blocks[i]->order);
    page_cache_drain();
    page_check();
    page_release_boot();
    page_check();
    require(page_free_count() == page_total_count() && page_total_count() >= total, "something is lost");
    return 0;
}
