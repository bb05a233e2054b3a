/*
 * What page frames there are and what they are used for, for who reports it.
 */
#include "mm/page_internal.h"

#include "lib/list.h"

uint64_t page_use_count(enum page_use use)
{
    int64_t count = 0;
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        count += __atomic_load_n(&cpu_local(page_uses, cpu)[use], __ATOMIC_RELAXED);
    return (uint64_t)(count > 0 ? count : 0);
}

bool page_zone_report(unsigned index, struct page_zone_report *report)
{
    static const char *const names[ZONE_COUNT] = {[ZONE_LOW] = "DMA32", [ZONE_NORMAL] = "Normal"};
    if (index >= ZONE_COUNT)
        return false;
    struct zone *zone = &page_zones[index];
    spin_lock(&zone->lock);
    *report = (struct page_zone_report){
        .name = names[index], .frames = zone->frames, .free = zone->free, .reserve = zone->reserve};
    for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++)
        list_for_each(struct page, page, &zone->blocks[order], link) report->blocks[order]++;
    for (unsigned i = 0; i < zone->fresh_count; i++)
        report->blocks[PAGE_ORDER_MAX] += (zone->fresh[i].end - zone->fresh[i].first) / BLOCK_FRAMES;
    spin_unlock(&zone->lock);
    return true;
}
