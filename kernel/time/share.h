/*
 * The clocks as programs read them without asking the kernel: a page that every program sees (kernel/proc/vdso.c) has
 * the line of the timebase and how far the time of day is from it, and the code of kernel/vdso computes with them.
 *
 * Two copies and a sequence, as in timebase.h, and for the same reason: readers wait for no one. There are no addresses
 * of the kernel in here.
 */
#ifndef CORRODE_TIME_SHARE_H
#define CORRODE_TIME_SHARE_H

#include "time/timebase.h"

struct clock_shared {
    uint32_t sequence;
    uint32_t cpu_selector; /* LSL of this selector tells the number of the CPU; 0: RDPID does */
    struct clock_shared_copy {
        uint64_t by_tsc; /* the time-stamp counter is the clock; 0: only the kernel can tell */
        struct time_line before, after;
        uint64_t wall_offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
    } copies[2];
    int32_t minutes_west, daylight_saving; /* struct timezone, for those who still ask */
};

/* From now on SHARED follows the clocks. Once. */
void clock_share(struct clock_shared *shared);

/* What settimeofday says of the time zone, and gettimeofday repeats. */
void clock_set_zone(int32_t minutes_west, int32_t daylight_saving);
void clock_zone(int32_t *minutes_west, int32_t *daylight_saving);

/* clock.c's, under its lock: there is a page; something has changed. */
void clock_share_page(struct clock_shared *shared);
void clock_publish(const struct timebase *timebase, uint64_t wall_offset);

#endif
