/*
 * The processor: its features, control registers and model-specific registers, by the names of the Intel SDM (volume 3A
 * chapter 2, volume 4) and the AMD APM (volume 2).
 */
#ifndef CORRODE_ARCH_CPU_H
#define CORRODE_ARCH_CPU_H

#include "arch/x86_64/io.h"
#include "arch/x86_64/percpu.h"

#define MSR_APIC_BASE 0x1b
#define MSR_TSC_DEADLINE 0x6e0
#define MSR_PAT 0x277
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103

#define CR0_PE (1u << 0)
#define CR0_MP (1u << 1)
#define CR0_EM (1u << 2)
#define CR0_TS (1u << 3)
#define CR0_ET (1u << 4)
#define CR0_NE (1u << 5)
#define CR0_WP (1u << 16)
#define CR0_AM (1u << 18)
#define CR0_PG (1u << 31)

#define CR4_DE (1u << 3)
#define CR4_PAE (1u << 5)
#define CR4_MCE (1u << 6)
#define CR4_PGE (1u << 7)
#define CR4_OSFXSR (1u << 9)
#define CR4_OSXMMEXCPT (1u << 10)
#define CR4_UMIP (1u << 11)
#define CR4_LA57 (1u << 12)
#define CR4_FSGSBASE (1u << 16)
#define CR4_PCIDE (1u << 17)
#define CR4_OSXSAVE (1u << 18)
#define CR4_SMEP (1u << 20)
#define CR4_SMAP (1u << 21)

#define EFER_SCE (1u << 0)
#define EFER_LME (1u << 8)
#define EFER_LMA (1u << 10)
#define EFER_NXE (1u << 11)

#define RFLAGS_CF (1u << 0)
#define RFLAGS_PF (1u << 2)
#define RFLAGS_AF (1u << 4)
#define RFLAGS_ZF (1u << 6)
#define RFLAGS_SF (1u << 7)
#define RFLAGS_TF (1u << 8)
#define RFLAGS_IF (1u << 9)
#define RFLAGS_DF (1u << 10)
#define RFLAGS_OF (1u << 11)
#define RFLAGS_NT (1u << 14)
#define RFLAGS_RF (1u << 16)
#define RFLAGS_AC (1u << 18)

/*
 * What the kernel asks CPUID about. X(NAME, leaf, subleaf, register, bit, "name as Linux prints it")
 */
#define CPU_FEATURES(X)                                                                                                \
    X(TSC, 1, 0, edx, 4, "tsc")                                                                                        \
    X(MSR, 1, 0, edx, 5, "msr")                                                                                        \
    X(MCE, 1, 0, edx, 7, "mce")                                                                                        \
    X(APIC, 1, 0, edx, 9, "apic")                                                                                      \
    X(PGE, 1, 0, edx, 13, "pge")                                                                                       \
    X(MCA, 1, 0, edx, 14, "mca")                                                                                       \
    X(PAT, 1, 0, edx, 16, "pat")                                                                                       \
    X(FXSR, 1, 0, edx, 24, "fxsr")                                                                                     \
    X(PCID, 1, 0, ecx, 17, "pcid")                                                                                     \
    X(X2APIC, 1, 0, ecx, 21, "x2apic")                                                                                 \
    X(TSC_DEADLINE, 1, 0, ecx, 24, "tsc_deadline_timer")                                                               \
    X(XSAVE, 1, 0, ecx, 26, "xsave")                                                                                   \
    X(AVX, 1, 0, ecx, 28, "avx")                                                                                       \
    X(RDRAND, 1, 0, ecx, 30, "rdrand")                                                                                 \
    X(HYPERVISOR, 1, 0, ecx, 31, "hypervisor")                                                                         \
    X(ARAT, 6, 0, eax, 2, "arat")                                                                                      \
    X(FSGSBASE, 7, 0, ebx, 0, "fsgsbase")                                                                              \
    X(SMEP, 7, 0, ebx, 7, "smep")                                                                                      \
    X(ERMS, 7, 0, ebx, 9, "erms")                                                                                      \
    X(INVPCID, 7, 0, ebx, 10, "invpcid")                                                                               \
    X(RDSEED, 7, 0, ebx, 18, "rdseed")                                                                                 \
    X(SMAP, 7, 0, ebx, 20, "smap")                                                                                     \
    X(UMIP, 7, 0, ecx, 2, "umip")                                                                                      \
    X(LA57, 7, 0, ecx, 16, "la57")                                                                                     \
    X(RDPID, 7, 0, ecx, 22, "rdpid")                                                                                   \
    X(FSRM, 7, 0, edx, 4, "fsrm")                                                                                      \
    X(XSAVEOPT, 0xd, 1, eax, 0, "xsaveopt")                                                                            \
    X(XSAVEC, 0xd, 1, eax, 1, "xsavec")                                                                                \
    X(XGETBV1, 0xd, 1, eax, 2, "xgetbv1")                                                                              \
    X(XSAVES, 0xd, 1, eax, 3, "xsaves")                                                                                \
    X(SYSCALL, 0x80000001, 0, edx, 11, "syscall")                                                                      \
    X(NX, 0x80000001, 0, edx, 20, "nx")                                                                                \
    X(GIB_PAGES, 0x80000001, 0, edx, 26, "pdpe1gb")                                                                    \
    X(RDTSCP, 0x80000001, 0, edx, 27, "rdtscp")                                                                        \
    X(INVARIANT_TSC, 0x80000007, 0, edx, 8, "nonstop_tsc")

#define CPU_FEATURE_ENUM(name, leaf, subleaf, reg, bit, text) CPU_##name,
enum cpu_feature { CPU_FEATURES(CPU_FEATURE_ENUM) CPU_FEATURE_COUNT };

extern uint64_t cpu_feature_bits; /* bit n: enum cpu_feature n */

/* Has every CPU of the machine the feature? (The boot CPU's answer until the others are up; they must have as much.) */
static inline bool cpu_has(enum cpu_feature feature)
{
    return cpu_feature_bits >> feature & 1;
}

/* Reads CPUID; the first use of cpu_has comes after it. */
void cpu_features_init(void);

/* What the boot CPU has and the one that calls has not, as in cpu_feature_bits. */
uint64_t cpu_features_missing(void);
const char *cpu_feature_name(enum cpu_feature feature);

/* On each CPU: control registers as the kernel wants them (WP, PGE, SMEP, SMAP, UMIP, MCE, FSGSBASE, PCID, SSE, XSAVE).
 */
void cpu_control_init(void);

unsigned cpu_physical_bits(void); /* of physical addresses */

static inline uint64_t cpu_read_msr(uint32_t msr)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void cpu_write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

#define CPU_CONTROL_REGISTER(n)                                                                                        \
    static inline uint64_t cpu_read_cr##n(void)                                                                        \
    {                                                                                                                  \
        uint64_t value;                                                                                                \
        __asm__ volatile("mov %%cr" #n ", %0" : "=r"(value) : : "memory");                                             \
        return value;                                                                                                  \
    }                                                                                                                  \
    static inline void cpu_write_cr##n(uint64_t value)                                                                 \
    {                                                                                                                  \
        __asm__ volatile("mov %0, %%cr" #n : : "r"(value) : "memory");                                                 \
    }
CPU_CONTROL_REGISTER(0)
CPU_CONTROL_REGISTER(2)
CPU_CONTROL_REGISTER(3)
CPU_CONTROL_REGISTER(4)

#endif
