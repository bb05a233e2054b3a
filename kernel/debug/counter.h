/*
 * Event counters: how often something has happened, for reports, gdb (`corrode-counters`) and, later, /proc.
 *
 *     COUNTER(page_faults, "page faults, of the kernel and of programs");     in one .c file, outside functions
 *     counter_add(page_faults, 1);                                            there
 *
 * Each CPU counts for itself: counter_add is one instruction, which nothing on its CPU can come between, so it may be
 * used anywhere at all. The sum is taken by who reads, and is exact when nobody counts meanwhile. Counters start at 0
 * and never fall.
 */
#ifndef CORRODE_DEBUG_COUNTER_H
#define CORRODE_DEBUG_COUNTER_H

#include "arch/x86_64/percpu.h"

/* Pointers to these make an array, in a section of their own. */
struct counter {
    const char *name, *description;
    const uint64_t *value; /* the boot CPU's copy; the others' lie percpu_offset[cpu] beyond */
};

#define COUNTER(counter_name, counter_description)                                                                     \
    static PER_CPU(uint64_t, counter_##counter_name);                                                                  \
    static const struct counter counter_info_##counter_name = {                                                        \
        .name = #counter_name, .description = (counter_description), .value = &percpu_counter_##counter_name};         \
    static const struct counter *const counter_entry_##counter_name                                                    \
        __attribute__((section("counters"), used, retain)) = &counter_info_##counter_name

#define counter_add(name, n) ((void)(this_cpu(counter_##name) += (n)))

/* All of them: for (const struct counter *const *c = counters_begin; c < counters_end; c++) */
extern const struct counter *const __start_counters[], *const __stop_counters[];
#define counters_begin __start_counters
#define counters_end __stop_counters

/* The sum over all CPUs, or one CPU's share. */
uint64_t counter_value(const struct counter *counter);
uint64_t counter_value_of_cpu(const struct counter *counter, unsigned cpu);

/* By its name; NULL: there is none. */
const struct counter *counter_find(const char *name);

/* A line for each counter that is not 0: value, name, description. */
struct format_sink;
void counters_write(struct format_sink *sink);

#endif
