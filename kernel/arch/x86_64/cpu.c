/*
 * The processor's features and control registers: see cpu.h.
 *
 * The boot CPU's features are read once, before anything asks; every other CPU compares its own when it comes up
 * (cpu_features_missing) and stays out if it has less. Nothing here changes after that, so there are no locks.
 *
 * Usual sequence: the boot CPU calls cpu_features_init and cpu_control_init, first thing; another CPU calls
 * cpu_control_init when its per-CPU data are loaded.
 *
 * Source: Intel SDM volume 2A, CPUID; volume 3A, 2.5 (control registers), 12.12 (PAT), 18.17.2 (IA32_TSC_AUX).
 */
#include "arch/x86_64/cpu.h"

#include "lib/types.h"

uint64_t cpu_feature_bits;
static uint64_t page_attributes; /* the boot CPU's PAT, as the loader set it; 0: there is none */

enum cpuid_register { EAX, EBX, ECX, EDX };
#define eax_REGISTER EAX
#define ebx_REGISTER EBX
#define ecx_REGISTER ECX
#define edx_REGISTER EDX

#define FEATURE_ROW(name, leaf_number, subleaf_number, reg, bit_number, text)                                          \
    [CPU_##name] = {leaf_number, subleaf_number, reg##_REGISTER, bit_number, text},
static const struct {
    uint32_t leaf;
    uint8_t subleaf, reg, bit;
    char name[19];
} features[] = {CPU_FEATURES(FEATURE_ROW)};

_Static_assert(CPU_FEATURE_COUNT <= 64, "cpu_feature_bits");

const char *cpu_feature_name(enum cpu_feature feature)
{
    return features[feature].name;
}

/* The leaf, or zeros when the processor has none of that number. */
static struct cpuid leaf_of(uint32_t leaf, uint32_t subleaf)
{
    if (cpu_id(leaf & 0x80000000, 0).eax < leaf)
        return (struct cpuid){0};
    return cpu_id(leaf, subleaf);
}

/* Rows with the same leaf stand together: CPUID, which is slow on a virtual machine, is asked once for each. */
static uint64_t read_features(void)
{
    uint64_t found = 0;
    uint32_t leaf = 0, subleaf = 0;
    struct cpuid id = {0};

    for (unsigned i = 0; i < ARRAY_LENGTH(features); i++) {
        if (features[i].leaf != leaf || features[i].subleaf != subleaf)
            id = leaf_of(leaf = features[i].leaf, subleaf = features[i].subleaf);
        const uint32_t registers[] = {[EAX] = id.eax, [EBX] = id.ebx, [ECX] = id.ecx, [EDX] = id.edx};
        if (registers[features[i].reg] >> features[i].bit & 1)
            found |= 1ull << i;
    }
    return found;
}

void cpu_features_init(void)
{
    cpu_feature_bits = read_features();
    if (cpu_has(CPU_PAT))
        page_attributes = cpu_read_msr(MSR_PAT);
}

uint64_t cpu_features_missing(void)
{
    return cpu_feature_bits & ~read_features();
}

unsigned cpu_physical_bits(void)
{
    unsigned bits = leaf_of(0x80000008, 0).eax & 0xff;
    return bits ? bits : 36;
}

/* Bits of CR4 that are set when the processor has the feature. */
static const struct {
    uint32_t bit;
    uint8_t feature;
} control_bits[] = {
    {CR4_MCE, CPU_MCE},
    {CR4_PGE, CPU_PGE},
    {CR4_OSFXSR | CR4_OSXMMEXCPT, CPU_FXSR},
    {CR4_UMIP, CPU_UMIP},
    {CR4_FSGSBASE, CPU_FSGSBASE},
    {CR4_PCIDE, CPU_PCID},
    {CR4_OSXSAVE, CPU_XSAVE},
    {CR4_SMEP, CPU_SMEP},
    {CR4_SMAP, CPU_SMAP},
};

static void set_page_attributes(void)
{
    if (!page_attributes || cpu_read_msr(MSR_PAT) == page_attributes)
        return;
    cpu_write_msr(MSR_PAT, page_attributes);
    cpu_write_cr3(cpu_read_cr3()); /* whatever was cached of the old meaning; CR4.PGE is off still, so all of it */
}

void cpu_control_init(void)
{
    set_page_attributes();
    cpu_write_cr0(CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
    uint64_t cr4 = (cpu_read_cr4() & CR4_LA57) | CR4_PAE | CR4_DE;
    for (unsigned i = 0; i < ARRAY_LENGTH(control_bits); i++)
        cr4 |= cpu_has(control_bits[i].feature) ? control_bits[i].bit : 0;
    cpu_write_cr4(cr4);
    if (cpu_has(CPU_NX))
        cpu_write_msr(MSR_EFER, cpu_read_msr(MSR_EFER) | EFER_NXE);
    if (cpu_has(CPU_RDTSCP) || cpu_has(CPU_RDPID))
        cpu_write_msr(MSR_TSC_AUX, cpu_number()); /* what RDTSCP and RDPID tell programs */
}
