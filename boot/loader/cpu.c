/*
 * Can this processor run a 64-bit kernel? Asked before anything depends on it, on processors as old as the 386.
 *
 * Source: Intel SDM volume 2, CPUID; AMD APM volume 3, appendix D.
 */
#include "boot/loader/error.h"
#include "boot/loader/loader_internal.h"

#include "arch/x86_64/io.h"

#define EFLAGS_ID (1ul << 21)
#define LEAF1_EDX_PAT (1u << 16)
#define EXTENDED_EDX_NX (1u << 20)
#define EXTENDED_EDX_GIGABYTE (1u << 26)
#define EXTENDED_EDX_LONG_MODE (1u << 29)

/* CPUID exists when bit 21 of EFLAGS can be changed. */
static bool has_cpuid(void)
{
    uintptr_t before, after; /* a register's width: `long` is narrower in the UEFI target */
    __asm__ volatile("pushf\n\t"
                     "pop %0\n\t"
                     "mov %0, %1\n\t"
                     "xor %2, %1\n\t"
                     "push %1\n\t"
                     "popf\n\t"
                     "pushf\n\t"
                     "pop %1\n\t"
                     "push %0\n\t"
                     "popf"
        : "=&r"(before), "=&r"(after)
        : "i"(EFLAGS_ID));
    return (before ^ after) & EFLAGS_ID;
}

bool loader_is_virtual(void)
{
    return has_cpuid() && cpu_is_virtual();
}

static uint32_t extended_features(void)
{
    return cpu_id(0x80000000, 0).eax > 0x80000000 ? cpu_id(0x80000001, 0).edx : 0;
}

int cpu_check(void)
{
    /* Long mode implies all that came before it: PAE, MSRs, SSE2. */
    if (!has_cpuid() || !(extended_features() & EXTENDED_EDX_LONG_MODE))
        return loader_error(
            "This processor is 32-bit only: it has no long mode. Use a PC or virtual machine with a 64-bit "
            "(x86-64) processor.");
    if (!(extended_features() & EXTENDED_EDX_NX))
        return loader_error("This processor has no NX (no-execute, \"XD\") bit. Turn it on in the firmware's setup.");
    return 0;
}

bool cpu_has_gigabyte_pages(void)
{
    return extended_features() & EXTENDED_EDX_GIGABYTE;
}

bool cpu_has_pat(void)
{
    return cpu_id(1, 0).edx & LEAF1_EDX_PAT;
}
