/*
 * Reading the event counters: see counter.h.
 */
#include "debug/counter.h"
#include "lib/printf.h"
#include "lib/string.h"

uint64_t counter_value_of_cpu(const struct counter *counter, unsigned cpu)
{
    return __atomic_load_n((const uint64_t *)((uintptr_t)counter->value + percpu_offset[cpu]), __ATOMIC_RELAXED);
}

uint64_t counter_value(const struct counter *counter)
{
    uint64_t sum = 0;
    unsigned cpus = __atomic_load_n(&cpu_count, __ATOMIC_ACQUIRE);
    for (unsigned cpu = 0; cpu < cpus; cpu++)
        sum += counter_value_of_cpu(counter, cpu);
    return sum;
}

const struct counter *counter_find(const char *name)
{
    for (const struct counter *const *c = counters_begin; c < counters_end; c++) {
        if (strcmp((*c)->name, name) == 0)
            return *c;
    }
    return NULL;
}

void counters_write(struct format_sink *sink)
{
    for (const struct counter *const *c = counters_begin; c < counters_end; c++) {
        uint64_t value = counter_value(*c);
        if (value != 0)
            format_sink_printf(sink, "%16lu  %-24s %s\n", value, (*c)->name, (*c)->description);
    }
}
