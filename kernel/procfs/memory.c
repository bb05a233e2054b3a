/*
 * How memory is used: /proc/meminfo and its relatives. Frames are counted by what they are used for (mm/page.h,
 * page_mark), objects by the slab allocator.
 *
 * There is no swap, nothing waits to be written back, and no page is looked at to see whether it is in use; so what
 * programs' memory and the page cache hold counts as active.
 */
#include "procfs/procfs_internal.h"

#include "mm/slab.h"
#include "sched/sched.h"

#define KIB_PER_PAGE (PAGE_SIZE / 1024)

struct memory {
    uint64_t total, free, anonymous, file, shared, tables, slab, stacks; /* pages */
};

static uint64_t slab_pages(void)
{
    struct slab_report report;
    uint64_t pages = 0;
    for (unsigned i = 0; slab_report(i, &report); i++)
        pages += report.pages;
    return pages;
}

static void read_memory(struct memory *memory)
{
    *memory = (struct memory){
        .total = page_total_count(),
        .free = page_free_count(),
        .anonymous = page_use_count(PAGE_ANONYMOUS),
        .file = page_use_count(PAGE_FILE),
        .shared = page_use_count(PAGE_SHARED_MEMORY),
        .tables = page_use_count(PAGE_TABLE),
        .slab = slab_pages(),
        .stacks = thread_count() * (THREAD_STACK_SIZE / PAGE_SIZE),
    };
}

int procfs_show_meminfo(struct text *out, const struct pseudo_node *node)
{
    struct memory memory;
    read_memory(&memory);
    const struct {
        const char *name;
        uint64_t pages;
    } lines[] = {
        {"MemTotal", memory.total},
        {"MemFree", memory.free},
        {"MemAvailable", memory.free + memory.file},
        {"Buffers", 0},
        {"Cached", memory.file + memory.shared},
        {"SwapCached", 0},
        {"Active", memory.anonymous + memory.file},
        {"Inactive", memory.shared},
        {"Active(anon)", memory.anonymous},
        {"Inactive(anon)", memory.shared},
        {"Active(file)", memory.file},
        {"Inactive(file)", 0},
        {"Unevictable", 0},
        {"Mlocked", 0},
        {"SwapTotal", 0},
        {"SwapFree", 0},
        {"Dirty", 0},
        {"Writeback", 0},
        {"AnonPages", memory.anonymous},
        {"Shmem", memory.shared},
        {"KReclaimable", 0},
        {"Slab", memory.slab},
        {"SReclaimable", 0},
        {"SUnreclaim", memory.slab},
        {"KernelStack", memory.stacks},
        {"PageTables", memory.tables},
        {"CommitLimit", memory.total / 2},
        {"Committed_AS", memory.anonymous + memory.shared},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(lines); i++) {
        size_t start = out->length;
        text_printf(out, "%s:", lines[i].name);
        text_pad(out, start, 16);
        text_printf(out, "%8lu kB\n", lines[i].pages * KIB_PER_PAGE);
    }
    text_puts(out, "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\n"
                   "HugePages_Surp:        0\nHugepagesize:       2048 kB\nHugetlb:               0 kB\n");
    return 0;
}

int procfs_show_vmstat(struct text *out, const struct pseudo_node *node)
{
    struct memory memory;
    read_memory(&memory);
    text_printf(out, "nr_free_pages %lu\n", memory.free);
    text_printf(out, "nr_inactive_anon %lu\nnr_active_anon %lu\n", memory.shared, memory.anonymous);
    text_printf(out, "nr_inactive_file 0\nnr_active_file %lu\n", memory.file);
    text_printf(out, "nr_slab_reclaimable 0\nnr_slab_unreclaimable %lu\n", memory.slab);
    text_printf(out, "nr_anon_pages %lu\nnr_file_pages %lu\n", memory.anonymous, memory.file + memory.shared);
    text_printf(out, "nr_dirty 0\nnr_writeback 0\nnr_shmem %lu\n", memory.shared);
    text_printf(out, "nr_kernel_stack %lu\n", memory.stacks * KIB_PER_PAGE);
    text_printf(out, "nr_page_table_pages %lu\n", memory.tables);
    text_puts(out, "pgpgin 0\npgpgout 0\npswpin 0\npswpout 0\n");
    return 0;
}

int procfs_show_buddyinfo(struct text *out, const struct pseudo_node *node)
{
    struct page_zone_report zone;
    for (unsigned i = 0; page_zone_report(i, &zone); i++) {
        if (zone.frames == 0)
            continue;
        text_printf(out, "Node 0, zone %8s ", zone.name);
        for (unsigned order = 0; order <= PAGE_ORDER_MAX; order++)
            text_printf(out, "%6lu ", zone.blocks[order]);
        text_puts(out, "\n");
    }
    return 0;
}

int procfs_show_zoneinfo(struct text *out, const struct pseudo_node *node)
{
    struct page_zone_report zone;
    for (unsigned i = 0; page_zone_report(i, &zone); i++) {
        if (zone.frames == 0)
            continue;
        text_printf(out, "Node 0, zone %8s\n  pages free     %lu\n", zone.name, zone.free);
        text_printf(out, "        min      %lu\n        low      %lu\n        high     %lu\n", zone.reserve,
            zone.reserve, zone.reserve);
        text_printf(out, "        spanned  %lu\n        present  %lu\n        managed  %lu\n", zone.frames, zone.frames,
            zone.frames);
    }
    return 0;
}

static uint64_t objects_per_slab(const struct slab_report *report)
{
    return report->object_size ? max_u64(PAGE_SIZE / report->object_size, 1) : 0;
}

int procfs_show_slabinfo(struct text *out, const struct pseudo_node *node)
{
    struct slab_report report;
    text_puts(out,
        "slabinfo - version: 2.1\n"
        "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> "
        "<batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
    for (unsigned i = 0; slab_report(i, &report); i++) {
        uint64_t room = report.object_size ? report.pages * PAGE_SIZE / report.object_size : 0;
        size_t start = out->length;
        for (const char *c = report.name; *c; c++)
            text_put(out, *c == ' ' ? "_" : c, 1); /* whoever reads it takes words */
        text_pad(out, start, 17);
        text_printf(out, " %6lu %6lu %6lu %4lu %4u : tunables %4u %4u %4u : slabdata %6lu %6lu %6u\n", report.objects,
            max_u64(room, report.objects), report.object_size, objects_per_slab(&report), 1, 0, 0, 0, report.pages,
            report.pages, 0);
    }
    return 0;
}
