/*
 * Publishing the clocks: see share.h.
 */
#include "time/share.h"

static struct clock_shared *page; /* NULL: nobody looks yet */
static uint64_t zone;             /* both halves at once */

void clock_publish(const struct timebase *timebase, uint64_t wall_offset)
{
    if (page == NULL)
        return;
    const struct timebase_copy *now = &timebase->copies[0];
    const struct clock_shared_copy new = {
        .by_tsc = now->source == NULL, .before = now->before, .after = now->after, .wall_offset = wall_offset};
    for (int i = 0; i < 2; i++) {
        __atomic_fetch_add(&page->sequence, 1, __ATOMIC_SEQ_CST);
        page->copies[i] = new;
        __atomic_thread_fence(__ATOMIC_RELEASE);
    }
}

void clock_share_page(struct clock_shared *shared)
{
    page = shared;
}

void clock_set_zone(int32_t minutes_west, int32_t daylight_saving)
{
    __atomic_store_n(&zone, (uint64_t)(uint32_t)minutes_west << 32 | (uint32_t)daylight_saving, __ATOMIC_RELAXED);
    if (page) {
        __atomic_store_n(&page->minutes_west, minutes_west, __ATOMIC_RELAXED);
        __atomic_store_n(&page->daylight_saving, daylight_saving, __ATOMIC_RELAXED);
    }
}

void clock_zone(int32_t *minutes_west, int32_t *daylight_saving)
{
    uint64_t both = __atomic_load_n(&zone, __ATOMIC_RELAXED);
    *minutes_west = (int32_t)(both >> 32);
    *daylight_saving = (int32_t)both;
}
