/*
 * /sys/devices/system: processors and their caches as lscpu and nproc read them, the one node of memory, the clock.
 *
 * parts[PART_CPU] is which processor, parts[PART_CACHE] which of its caches.
 */
#include "sysfs/sysfs_internal.h"

#include "arch/x86_64/topology.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "time/clock.h"
#include "time/source.h"

enum { PART_CPU, PART_CACHE };

/* Linux's names for what sets of processors a file tells, and in which of two ways. */
enum set { SET_THREADS, SET_PACKAGE, SET_ONLINE, SET_CACHE };
#define AS_LIST 0x100u

static void put_mask(struct text *out, const struct cpu_mask *mask, bool list)
{
    (list ? text_put_bit_list : text_put_bits)(out, mask->bits, cpu_count);
    text_puts(out, "\n");
}

static int show_set(struct text *out, const struct pseudo_node *node)
{
    unsigned cpu = (unsigned)node->parts[PART_CPU];
    struct cpu_mask mask = cpus_online;
    struct cpu_cache cache;
    switch (node->entry->argument & ~(uintptr_t)AS_LIST) {
    case SET_THREADS: cpu_core_siblings(cpu, &mask); break;
    case SET_PACKAGE: cpu_package_siblings(cpu, &mask); break;
    case SET_CACHE:
        if (!cpu_cache_of((unsigned)node->parts[PART_CACHE], &cache))
            return -ENOENT;
        cpu_cache_sharers(cpu, &cache, &mask);
        break;
    default: break;
    }
    put_mask(out, &mask, node->entry->argument & AS_LIST);
    return 0;
}

#define SET(entry_name, which)                                                                                         \
    SYS_NUMBERED(entry_name, show_set, which), SYS_NUMBERED(entry_name "_list", show_set, (which) | AS_LIST)

/* ------------------------------------------------------------------------------------------------------------------
 * Topology
 */

static int show_core(struct text *out, const struct pseudo_node *node)
{
    struct cpu_place place;
    cpu_place_of((unsigned)node->parts[PART_CPU], &place);
    text_printf(out, "%u\n", place.core);
    return 0;
}

static int show_package(struct text *out, const struct pseudo_node *node)
{
    struct cpu_place place;
    cpu_place_of((unsigned)node->parts[PART_CPU], &place);
    text_printf(out, "%u\n", place.package);
    return 0;
}

static const struct pseudo_entry topology_entries[] = {
    SET("core_cpus", SET_THREADS),
    SYS_FILE("core_id", show_core),
    SET("core_siblings", SET_PACKAGE),
    SET("package_cpus", SET_PACKAGE),
    SYS_FILE("physical_package_id", show_package),
    SET("thread_siblings", SET_THREADS),
    {},
};

/* ------------------------------------------------------------------------------------------------------------------
 * Caches
 */

enum cache_number { CACHE_ID, CACHE_LEVEL, CACHE_LINE, CACHE_PARTITION, CACHE_SETS, CACHE_WAYS };

static int show_cache_number(struct text *out, const struct pseudo_node *node)
{
    struct cpu_cache cache;
    if (!cpu_cache_of((unsigned)node->parts[PART_CACHE], &cache))
        return -ENOENT;
    const uint32_t numbers[] = {
        [CACHE_ID] = cpu_cache_id((unsigned)node->parts[PART_CPU], &cache),
        [CACHE_LEVEL] = cache.level,
        [CACHE_LINE] = cache.line,
        [CACHE_PARTITION] = cache.partitions,
        [CACHE_SETS] = cache.sets,
        [CACHE_WAYS] = cache.ways,
    };
    text_printf(out, "%u\n", numbers[node->entry->argument]);
    return 0;
}

static int show_cache_size(struct text *out, const struct pseudo_node *node)
{
    struct cpu_cache cache;
    if (!cpu_cache_of((unsigned)node->parts[PART_CACHE], &cache))
        return -ENOENT;
    text_printf(out, "%luK\n", cache.size / 1024);
    return 0;
}

static int show_cache_type(struct text *out, const struct pseudo_node *node)
{
    static const char *const names[] = {"", "Data", "Instruction", "Unified"};
    struct cpu_cache cache;
    if (!cpu_cache_of((unsigned)node->parts[PART_CACHE], &cache))
        return -ENOENT;
    text_printf(out, "%s\n", names[cache.type]);
    return 0;
}

static const struct pseudo_entry cache_entries[] = {
    SYS_NUMBERED("coherency_line_size", show_cache_number, CACHE_LINE),
    SYS_NUMBERED("id", show_cache_number, CACHE_ID),
    SYS_NUMBERED("level", show_cache_number, CACHE_LEVEL),
    SYS_NUMBERED("number_of_sets", show_cache_number, CACHE_SETS),
    SYS_NUMBERED("physical_line_partition", show_cache_number, CACHE_PARTITION),
    SYS_NUMBERED("shared_cpu_list", show_set, SET_CACHE | AS_LIST),
    SYS_NUMBERED("shared_cpu_map", show_set, SET_CACHE),
    SYS_FILE("size", show_cache_size),
    SYS_FILE("type", show_cache_type),
    SYS_NUMBERED("ways_of_associativity", show_cache_number, CACHE_WAYS),
    {},
};

static bool next_cache(const struct pseudo_node *directory, uint64_t *number)
{
    struct cpu_cache cache;
    return *number < CPU_CACHES_MAX && cpu_cache_of((unsigned)*number, &cache);
}

static int find_cache(const struct pseudo_node *directory, uint64_t number, struct pseudo_node *child)
{
    child->parts[PART_CACHE] = number;
    return 0;
}

static void name_cache(const struct pseudo_node *directory, uint64_t number, char *name)
{
    snprintf(name, NAME_LENGTH_MAX + 1, "index%lu", number);
}

static const struct pseudo_children caches = {.entry = {.mode = S_IFDIR | 0755, .entries = cache_entries},
    .next = next_cache,
    .find = find_cache,
    .name = name_cache};

/* ------------------------------------------------------------------------------------------------------------------
 * Processors
 */

static const struct pseudo_entry cpu_entries[] = {
    SYS_CHILDREN("cache", &caches),
    SYS_DIRECTORY("topology", topology_entries),
    {},
};

static bool next_cpu(const struct pseudo_node *directory, uint64_t *number)
{
    while (*number < cpu_count && !cpu_mask_has(&cpus_online, (unsigned)*number))
        ++*number;
    return *number < cpu_count;
}

static int find_cpu(const struct pseudo_node *directory, uint64_t number, struct pseudo_node *child)
{
    child->parts[PART_CPU] = number;
    return 0;
}

static void name_cpu(const struct pseudo_node *directory, uint64_t number, char *name)
{
    snprintf(name, NAME_LENGTH_MAX + 1, "cpu%lu", number);
}

static const struct pseudo_children cpus = {
    .entry = {.mode = S_IFDIR | 0755, .entries = cpu_entries}, .next = next_cpu, .find = find_cpu, .name = name_cpu};

static int show_kernel_max(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%u\n", CPU_MAX - 1);
    return 0;
}

/* Those that have been started and do not run. */
static int show_offline(struct text *out, const struct pseudo_node *node)
{
    struct cpu_mask mask = {0};
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        if (!cpu_mask_has(&cpus_online, cpu))
            cpu_mask_add(&mask, cpu);
    put_mask(out, &mask, true);
    return 0;
}

/* Those that there are, from 0 on. */
static int show_possible(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, cpu_count > 1 ? "0-%u\n" : "%u\n", cpu_count - 1);
    return 0;
}

static const struct pseudo_entry cpu_root_entries[] = {
    SYS_TEXT("isolated", "\n"),
    SYS_FILE("kernel_max", show_kernel_max),
    SYS_FILE("offline", show_offline),
    SYS_NUMBERED("online", show_set, SET_ONLINE | AS_LIST),
    SYS_FILE("possible", show_possible),
    SYS_FILE("present", show_possible),
    {},
};

/* ------------------------------------------------------------------------------------------------------------------
 * Memory, the clock
 */

static const struct pseudo_entry node_entries[] = {
    SYS_NUMBERED("cpulist", show_set, SET_ONLINE | AS_LIST),
    SYS_NUMBERED("cpumap", show_set, SET_ONLINE),
    SYS_TEXT("distance", "10\n"),
    {},
};
static const struct pseudo_entry node_root_entries[] = {
    SYS_TEXT("has_cpu", "0\n"),
    SYS_TEXT("has_memory", "0\n"),
    SYS_DIRECTORY("node0", node_entries),
    SYS_TEXT("online", "0\n"),
    SYS_TEXT("possible", "0\n"),
    {},
};

static int show_clock(struct text *out, const struct pseudo_node *node)
{
    text_printf(out, "%s\n", clock_name());
    return 0;
}

/* The one in use, and those that were found. */
static int show_clocks(struct text *out, const struct pseudo_node *node)
{
    const struct clock_source *source;
    text_printf(out, "%s ", clock_name());
    for (unsigned i = 0; (source = clock_source(i)) != NULL; i++)
        if (source->hz && strcmp(source->name, clock_name()) != 0)
            text_printf(out, "%s ", source->name);
    text_puts(out, "\n");
    return 0;
}

static const struct pseudo_entry clock_entries[] = {
    SYS_FILE("available_clocksource", show_clocks),
    SYS_FILE("current_clocksource", show_clock),
    {},
};
static const struct pseudo_entry clock_root_entries[] = {
    SYS_DIRECTORY("clocksource0", clock_entries),
    {},
};

const struct pseudo_entry sysfs_system_entries[] = {
    SYS_DIRECTORY("clocksource", clock_root_entries),
    {.name = "cpu", .mode = S_IFDIR | 0755, .entries = cpu_root_entries, .children = &cpus},
    SYS_DIRECTORY("node", node_root_entries),
    {},
};
