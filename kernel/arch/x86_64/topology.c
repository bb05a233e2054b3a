/*
 * Topology and identity of processors: see topology.h. CPUID is asked each time; nothing is kept.
 *
 * An APIC ID is made of fields: thread, core, package, from the lowest bits on. CPUID leaf 0BH tells how wide the lower
 * two are; where it is missing, leaf 1 tells the size of a package and every thread counts as a core.
 */
#include "arch/x86_64/topology.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu.h"
#include "lib/string.h"

static struct cpuid leaf_of(uint32_t leaf, uint32_t subleaf)
{
    return cpu_id(leaf & 0x80000000, 0).eax < leaf ? (struct cpuid){0} : cpu_id(leaf, subleaf);
}

#define LEVEL_THREAD 1 /* types of leaf 0BH's levels, in ECX */
#define LEVEL_CORE 2

/* Bits of the APIC ID below the core, and below the package. */
static void find_shifts(unsigned *core, unsigned *package)
{
    *core = *package = 0;
    for (unsigned level = 0; level < 8; level++) {
        struct cpuid id = leaf_of(0xb, level);
        unsigned type = id.ecx >> 8 & 0xff, shift = id.eax & 31;
        if (type == 0 || id.ebx == 0)
            break;
        if (type == LEVEL_THREAD)
            *core = shift;
        *package = shift;
    }
    struct cpuid basic = leaf_of(1, 0);
    unsigned size = basic.edx >> 28 & 1 ? basic.ebx >> 16 & 0xff : 1;
    while (leaf_of(0xb, 0).ebx == 0 && (1u << *package) < size)
        ++*package;
}

void cpu_place_of(unsigned cpu, struct cpu_place *place)
{
    unsigned core, package;
    find_shifts(&core, &package);
    uint32_t apic_id = cpu_local(apic_id, cpu);
    *place = (struct cpu_place){.apic_id = apic_id, .package = apic_id >> package};
    place->core = (apic_id & ((1ull << package) - 1)) >> core;
}

static void find_siblings(unsigned cpu, struct cpu_mask *mask, bool core)
{
    struct cpu_place place, other;
    *mask = (struct cpu_mask){0};
    cpu_place_of(cpu, &place);
    for (unsigned i = 0; i < cpu_count; i++) {
        cpu_place_of(i, &other);
        if (cpu_mask_has(&cpus_online, i) && other.package == place.package && (!core || other.core == place.core))
            cpu_mask_add(mask, i);
    }
}

void cpu_core_siblings(unsigned cpu, struct cpu_mask *mask)
{
    find_siblings(cpu, mask, true);
}

void cpu_package_siblings(unsigned cpu, struct cpu_mask *mask)
{
    find_siblings(cpu, mask, false);
}

/* Intel's leaf 4 and AMD's leaf 8000001DH are alike. */
bool cpu_cache_of(unsigned index, struct cpu_cache *cache)
{
    bool amd = leaf_of(0x80000001, 0).ecx >> 22 & 1; /* topology extensions */
    struct cpuid id = index < CPU_CACHES_MAX ? leaf_of(amd ? 0x8000001d : 4, index) : (struct cpuid){0};
    *cache = (struct cpu_cache){.type = id.eax & 31, .level = id.eax >> 5 & 7};
    if (cache->type == CPU_CACHE_NONE || cache->type > CPU_CACHE_UNIFIED)
        return false;
    unsigned sharers = (id.eax >> 14 & 0xfff) + 1;
    while (1u << cache->shift < sharers)
        cache->shift++;
    cache->ways = (id.ebx >> 22) + 1;
    cache->partitions = (id.ebx >> 12 & 0x3ff) + 1;
    cache->line = (id.ebx & 0xfff) + 1;
    cache->sets = id.ecx + 1;
    cache->size = (uint64_t)cache->ways * cache->partitions * cache->line * cache->sets;
    return true;
}

uint32_t cpu_cache_id(unsigned cpu, const struct cpu_cache *cache)
{
    return cpu_local(apic_id, cpu) >> cache->shift;
}

void cpu_cache_sharers(unsigned cpu, const struct cpu_cache *cache, struct cpu_mask *mask)
{
    *mask = (struct cpu_mask){0};
    for (unsigned i = 0; i < cpu_count; i++)
        if (cpu_mask_has(&cpus_online, i) && cpu_cache_id(i, cache) == cpu_cache_id(cpu, cache))
            cpu_mask_add(mask, i);
}

unsigned cpu_mask_count(const struct cpu_mask *mask)
{
    unsigned count = 0;
    for (unsigned i = 0; i < CPU_MAX / 64; i++)
        count += (unsigned)__builtin_popcountll(mask->bits[i]);
    return count;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Identity
 */

static void put_register(char *text, uint32_t value)
{
    memcpy(text, &value, sizeof value);
}

static void read_name(char name[CPU_NAME_SIZE])
{
    char text[CPU_NAME_SIZE] = {0};
    for (uint32_t i = 0; i < 3; i++) {
        struct cpuid id = leaf_of(0x80000002 + i, 0);
        put_register(text + i * 16, id.eax);
        put_register(text + i * 16 + 4, id.ebx);
        put_register(text + i * 16 + 8, id.ecx);
        put_register(text + i * 16 + 12, id.edx);
    }
    const char *start = text;
    while (*start == ' ')
        start++;
    size_t length = strlen(start);
    while (length > 0 && start[length - 1] == ' ')
        length--;
    memcpy(name, start, length);
    name[length] = '\0';
}

/* AMD tells of the second level here, as Linux does. */
static unsigned largest_cache_kib(bool amd)
{
    struct cpu_cache cache;
    uint64_t largest = 0;
    if (amd)
        return leaf_of(0x80000006, 0).ecx >> 16;
    for (unsigned i = 0; cpu_cache_of(i, &cache); i++)
        largest = max_u64(largest, cache.size);
    return (unsigned)(largest / 1024);
}

void cpu_identify(struct cpu_identity *identity)
{
    struct cpuid basic = cpu_id(0, 0), version = leaf_of(1, 0), sizes = leaf_of(0x80000008, 0);
    *identity = (struct cpu_identity){.cpuid_level = basic.eax};
    put_register(identity->vendor, basic.ebx);
    put_register(identity->vendor + 4, basic.edx);
    put_register(identity->vendor + 8, basic.ecx);
    read_name(identity->name);
    unsigned family = version.eax >> 8 & 15, model = version.eax >> 4 & 15;
    identity->stepping = version.eax & 15;
    identity->family = family + (family == 15 ? version.eax >> 20 & 0xff : 0);
    identity->model = model + (family == 6 || family == 15 ? (version.eax >> 16 & 15) << 4 : 0);
    identity->cache_kib = largest_cache_kib(strcmp(identity->vendor, "AuthenticAMD") == 0);
    identity->cache_line = (version.ebx >> 8 & 0xff) * 8;
    identity->physical_bits = cpu_physical_bits();
    identity->virtual_bits = sizes.eax >> 8 & 0xff ? sizes.eax >> 8 & 0xff : 48;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Features: a string of names for each register, from bit 0 on, separated by blanks; "-" for bits without a name
 */

static const struct {
    uint32_t leaf, subleaf;
    uint8_t reg; /* EAX, EBX, ECX, EDX: 0 to 3 */
    const char *names;
} feature_words[] = {
    {1, 0, 3,
        "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts acpi mmx fxsr sse "
        "sse2 ss ht tm ia64 pbe"},
    {0x80000001, 0, 3,
        "- - - - - - - - - - - syscall - - - - - - - mp nx - mmxext - - fxsr_opt pdpe1gb rdtscp - lm "
        "3dnowext 3dnow"},
    {0x80000007, 0, 3, "- - - - - - - - nonstop_tsc"},
    {1, 0, 2,
        "pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid sdbg fma cx16 xtpr pdcm - pcid dca sse4_1 "
        "sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave - avx f16c rdrand hypervisor"},
    {0x80000001, 0, 2,
        "lahf_lm cmp_legacy svm extapic cr8_legacy abm sse4a misalignsse 3dnowprefetch osvw ibs xop skinit wdt - lwp "
        "fma4 tce - nodeid_msr - tbm topoext perfctr_core perfctr_nb - bpext ptsc perfctr_llc mwaitx"},
    {7, 0, 1,
        "fsgsbase tsc_adjust sgx bmi1 hle avx2 - smep bmi2 erms invpcid rtm cqm - mpx rdt_a avx512f avx512dq rdseed "
        "adx smap avx512ifma - clflushopt clwb intel_pt avx512pf avx512er avx512cd sha_ni avx512bw avx512vl"},
    {0xd, 1, 0, "xsaveopt xsavec xgetbv1 xsaves"},
    {0x80000008, 0, 1, "clzero irperf xsaveerptr - rdpru - - - - wbnoinvd"},
    {6, 0, 0, "dtherm ida arat - pln - pts hwp hwp_notify hwp_act_window hwp_epp hwp_pkg_req"},
    {7, 0, 2,
        "- avx512vbmi umip pku ospke waitpkg avx512_vbmi2 - gfni vaes vpclmulqdq avx512_vnni avx512_bitalg tme "
        "avx512_vpopcntdq - la57 - - - - - rdpid - bus_lock_detect cldemote - movdiri movdir64b enqcmd"},
    {7, 0, 3,
        "- - avx512_4vnniw avx512_4fmaps fsrm - - - avx512_vp2intersect - md_clear - - - serialize - - - pconfig "
        "arch_lbr ibt - amx_bf16 avx512_fp16 amx_tile amx_int8 - - flush_l1d arch_capabilities"},
};

static void put_features(
    const char *names, uint32_t bits, void (*put)(void *argument, const char *name), void *argument)
{
    for (; *names; bits >>= 1) {
        char name[24];
        size_t length = 0;
        for (; *names && *names != ' '; names++)
            if (length < sizeof name - 1)
                name[length++] = *names;
        name[length] = '\0';
        if (bits & 1 && name[0] != '-')
            put(argument, name);
        names += *names == ' ';
    }
}

void cpu_each_feature(void (*put)(void *argument, const char *name), void *argument)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(feature_words); i++) {
        struct cpuid id = leaf_of(feature_words[i].leaf, feature_words[i].subleaf);
        const uint32_t registers[] = {id.eax, id.ebx, id.ecx, id.edx};
        put_features(feature_words[i].names, registers[feature_words[i].reg], put, argument);
    }
}
