/*
 * I/O ports and the few instructions that C cannot say. Shared by the kernel and by every front end of the loader,
 * 32-bit and 64-bit. Source: Intel SDM volume 2.
 */
#ifndef CORRODE_ARCH_IO_H
#define CORRODE_ARCH_IO_H

#include <stdbool.h>
#include <stdint.h>

static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void outw(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint16_t inw(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void outl(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint32_t inl(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint64_t cpu_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* The same, read after every load before it: LFENCE waits for them (Intel SDM volume 2B, RDTSC). */
static inline uint64_t cpu_tsc_ordered(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpu_id(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

/* Is this a virtual machine? (CPUID leaf 1, ECX bit 31, which no processor sets.) */
static inline bool cpu_is_virtual(void)
{
    return cpu_id(1, 0).ecx >> 31;
}

static inline void cpu_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

static inline bool cpu_interrupts_are_on(void)
{
    uintptr_t flags;
    __asm__ volatile("pushf; pop %0" : "=r"(flags) : : "memory");
    return flags >> 9 & 1;
}

/* Turns interrupts off; returns whether they were on (RFLAGS.IF). */
static inline bool cpu_interrupts_disable(void)
{
    uintptr_t flags;
    __asm__ volatile("pushf; pop %0; cli" : "=r"(flags) : : "memory");
    return flags >> 9 & 1;
}

/* The same, for who knows that they are on. */
static inline void cpu_interrupts_off(void)
{
    __asm__ volatile("cli" : : : "memory");
}

static inline void cpu_interrupts_enable(void)
{
    __asm__ volatile("sti" : : : "memory");
}

/* Sleeps until an interrupt; for good when interrupts are off. */
static inline void cpu_halt(void)
{
    __asm__ volatile("hlt" : : : "memory");
}

#endif
