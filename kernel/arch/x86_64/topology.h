/*
 * Where a CPU stands in the machine, and what the processor calls itself: for reports.
 *
 * Source: Intel SDM volume 3A, 9.9 (topology enumeration), volume 2A, CPUID; AMD APM volume 3, appendix E.
 */
#ifndef CORRODE_ARCH_TOPOLOGY_H
#define CORRODE_ARCH_TOPOLOGY_H

#include "arch/x86_64/smp.h"

struct cpu_place {
    uint32_t apic_id;
    uint32_t package; /* which socket */
    uint32_t core;    /* which core of the package */
};
void cpu_place_of(unsigned cpu, struct cpu_place *place);

/* The CPUs that are online and in the same core, or the same package. */
void cpu_core_siblings(unsigned cpu, struct cpu_mask *mask);
void cpu_package_siblings(unsigned cpu, struct cpu_mask *mask);
unsigned cpu_mask_count(const struct cpu_mask *mask);

/* The caches that a CPU can use, from the nearest on; false past the last. All CPUs are taken to be alike. */
#define CPU_CACHES_MAX 8
enum cpu_cache_type { CPU_CACHE_NONE, CPU_CACHE_DATA, CPU_CACHE_INSTRUCTION, CPU_CACHE_UNIFIED };
struct cpu_cache {
    uint8_t type; /* enum cpu_cache_type */
    uint8_t level;
    uint8_t shift; /* CPUs whose APIC IDs differ only in so many lower bits share it */
    uint32_t ways, partitions, line, sets;
    uint64_t size; /* bytes */
};
bool cpu_cache_of(unsigned index, struct cpu_cache *cache);
uint32_t cpu_cache_id(unsigned cpu, const struct cpu_cache *cache); /* the same for those who share it */
void cpu_cache_sharers(unsigned cpu, const struct cpu_cache *cache, struct cpu_mask *mask);

#define CPU_NAME_SIZE 49
struct cpu_identity {
    char vendor[13], name[CPU_NAME_SIZE];
    unsigned family, model, stepping;
    unsigned cpuid_level;
    unsigned cache_kib; /* of the largest cache that one core can use; 0: not known */
    unsigned cache_line;
    unsigned physical_bits, virtual_bits;
};
void cpu_identify(struct cpu_identity *identity);

/* Calls PUT with the name of each feature that the processor this runs on has, as Linux calls them. */
void cpu_each_feature(void (*put)(void *argument, const char *name), void *argument);

#endif
