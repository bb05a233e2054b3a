/*
 * /proc/cpuinfo: the processors, in the words in which lscpu, node and others look for them.
 */
#include "procfs/procfs_internal.h"

#include "arch/x86_64/topology.h"
#include "time/clock.h"

static void put_feature(void *argument, const char *name)
{
    struct text *out = argument;
    text_printf(out, " %s", name);
}

static void show_identity(struct text *out, unsigned cpu, const struct cpu_identity *identity)
{
    uint64_t khz = clock_tsc_hz() / 1000;
    text_printf(out, "processor\t: %u\n", cpu);
    text_printf(out, "vendor_id\t: %s\n", identity->vendor);
    text_printf(out, "cpu family\t: %u\n", identity->family);
    text_printf(out, "model\t\t: %u\n", identity->model);
    text_printf(out, "model name\t: %s\n", identity->name[0] ? identity->name : "unknown");
    text_printf(out, "stepping\t: %u\n", identity->stepping);
    text_printf(out, "cpu MHz\t\t: %lu.%03lu\n", khz / 1000, khz % 1000);
    if (identity->cache_kib)
        text_printf(out, "cache size\t: %u KB\n", identity->cache_kib);
}

static void show_place(struct text *out, unsigned cpu)
{
    struct cpu_place place;
    struct cpu_mask package, core;
    cpu_place_of(cpu, &place);
    cpu_package_siblings(cpu, &package);
    cpu_core_siblings(cpu, &core);
    unsigned siblings = cpu_mask_count(&package), threads = cpu_mask_count(&core);
    text_printf(out, "physical id\t: %u\n", place.package);
    text_printf(out, "siblings\t: %u\n", siblings);
    text_printf(out, "core id\t\t: %u\n", place.core);
    text_printf(out, "cpu cores\t: %u\n", threads ? siblings / threads : siblings);
    text_printf(out, "apicid\t\t: %u\n", place.apic_id);
    text_printf(out, "initial apicid\t: %u\n", place.apic_id);
}

static void show_abilities(struct text *out, const struct cpu_identity *identity)
{
    uint64_t bogomips = clock_tsc_hz() / 5000; /* hundredths: twice the clock, in MHz */
    text_puts(out, "fpu\t\t: yes\nfpu_exception\t: yes\n");
    text_printf(out, "cpuid level\t: %u\n", identity->cpuid_level);
    text_puts(out, "wp\t\t: yes\nflags\t\t:");
    cpu_each_feature(put_feature, out);
    text_printf(out, "\nbugs\t\t:\nbogomips\t: %lu.%02lu\n", bogomips / 100, bogomips % 100);
    text_printf(out, "clflush size\t: %u\ncache_alignment\t: %u\n", identity->cache_line, identity->cache_line);
    text_printf(
        out, "address sizes\t: %u bits physical, %u bits virtual\n", identity->physical_bits, identity->virtual_bits);
    text_puts(out, "power management:\n\n");
}

int procfs_show_cpuinfo(struct text *out, const struct pseudo_node *node)
{
    struct cpu_identity identity;
    cpu_identify(&identity);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++) {
        if (!cpu_mask_has(&cpus_online, cpu))
            continue;
        show_identity(out, cpu, &identity);
        show_place(out, cpu);
        show_abilities(out, &identity);
    }
    return 0;
}
