/*
 * What the processor, or who pretends to be one, tells about the time-stamp counter.
 *
 * Source: Intel SDM volume 3B, 18.7.3 and 18.17 (rate, invariance), 17.17.3 (IA32_TSC_ADJUST), volume 2A, CPUID leaves
 * 15h and 16h; AMD APM volume 3, CPUID 8000_0007h; leaf 4000_0010h: what VMware defined and others took over.
 */
#include "arch/x86_64/cpu.h"
#include "time/source.h"

#define LEAF_EXTENDED_FEATURES 7
#define LEAF_TSC 0x15
#define LEAF_FREQUENCY 0x16
#define LEAF_POWER 0x80000007u
#define LEAF_HYPERVISOR 0x40000000u
#define LEAF_HYPERVISOR_TSC 0x40000010u

#define MSR_TSC_ADJUST 0x3b

#define CRYSTAL_MIN 1000000u
#define CRYSTAL_MAX 1000000000u

static bool is_sane(uint64_t hz)
{
    return hz >= 100000000 && hz <= 20000000000;
}

/* The counter runs at ebx/eax times the crystal's rate, where that is known. */
static uint64_t rate_by_crystal(uint32_t highest)
{
    if (highest < LEAF_TSC)
        return 0;
    struct cpuid leaf = cpu_id(LEAF_TSC, 0);
    if (leaf.eax == 0 || leaf.ebx == 0 || leaf.ecx < CRYSTAL_MIN || leaf.ecx > CRYSTAL_MAX)
        return 0;
    return (uint64_t)leaf.ecx * leaf.ebx / leaf.eax;
}

static uint64_t rate_by_hypervisor(void)
{
    if (!cpu_is_virtual())
        return 0;
    uint32_t highest = cpu_id(LEAF_HYPERVISOR, 0).eax;
    if (highest < LEAF_HYPERVISOR_TSC || highest > LEAF_HYPERVISOR + 0xff)
        return 0;
    return cpu_id(LEAF_HYPERVISOR_TSC, 0).eax * 1000ull;
}

struct tsc_rate tsc_rate_told(void)
{
    uint32_t highest = cpu_id(0, 0).eax;
    struct tsc_rate rates[] = {
        {.hz = rate_by_hypervisor(), .exact = true, .from = "the hypervisor (CPUID 40000010h)"},
        {.hz = rate_by_crystal(highest), .exact = true, .from = "CPUID 15h"},
        {.hz = highest >= LEAF_FREQUENCY ? (cpu_id(LEAF_FREQUENCY, 0).eax & 0xffff) * 1000000ull : 0,
            .from = "CPUID 16h"},
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(rates); i++)
        if (is_sane(rates[i].hz))
            return rates[i];
    return (struct tsc_rate){.hz = 0};
}

bool tsc_is_constant(void)
{
    if (cpu_is_virtual()) /* whoever emulates it does so; and its host's other clocks cost an exit each */
        return true;
    return cpu_id(0x80000000u, 0).eax >= LEAF_POWER && (cpu_id(LEAF_POWER, 0).edx >> 8 & 1);
}

bool tsc_adjust(int64_t cycles)
{
    if (cpu_id(0, 0).eax < LEAF_EXTENDED_FEATURES || !(cpu_id(LEAF_EXTENDED_FEATURES, 0).ebx >> 1 & 1))
        return false;
    cpu_write_msr(MSR_TSC_ADJUST, cpu_read_msr(MSR_TSC_ADJUST) + (uint64_t)cycles);
    return true;
}
