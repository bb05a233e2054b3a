/*
 * I/O ports with nothing behind them, and the host's own processor, for the tests that do not define their own.
 */
#include "arch/x86_64/io.h"
#include "arch/x86_64/percpu.h"

__attribute__((weak)) void fake_outb(uint16_t port, uint8_t value) {}

__attribute__((weak)) uint8_t fake_inb(uint16_t port)
{
    return 0xff;
}

__attribute__((weak)) void fake_outw(uint16_t port, uint16_t value) {}

__attribute__((weak)) uint16_t fake_inw(uint16_t port)
{
    return 0xffff;
}

__attribute__((weak)) uint32_t fake_inl(uint16_t port)
{
    return UINT32_MAX;
}

__attribute__((weak)) uint64_t fake_tsc(void)
{
    return __builtin_ia32_rdtsc();
}

__attribute__((weak)) struct cpuid fake_cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

bool fake_is_virtual;
_Thread_local unsigned fake_cpu;
unsigned cpu_count = 1;

_Thread_local bool fake_interrupts_on;
void (*fake_interrupt)(void);
