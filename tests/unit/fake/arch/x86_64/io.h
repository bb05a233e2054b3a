/*
 * The machine that production code meets in unit tests, in place of kernel/arch/x86_64/io.h: I/O ports call functions
 * that a test may define (without one, nothing is plugged in), so do the clock and CPUID (without one, the host's own
 * answer), and interrupts are off, until a test sets fake_interrupts_on. When they come on again, whatever a test
 * gives as fake_interrupt happens.
 */
#ifndef CORRODE_ARCH_IO_H
#define CORRODE_ARCH_IO_H

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

/* tests/unit/fake/machine.c has weak ones. */
void fake_outb(uint16_t port, uint8_t value);
uint8_t fake_inb(uint16_t port);
uint32_t fake_inl(uint16_t port);
void fake_outw(uint16_t port, uint16_t value);
uint16_t fake_inw(uint16_t port);
uint64_t fake_tsc(void);
struct cpuid fake_cpuid(uint32_t leaf, uint32_t subleaf);
extern bool fake_is_virtual; /* false at first */

static inline void outb(uint16_t port, uint8_t value)
{
    fake_outb(port, value);
}

static inline uint8_t inb(uint16_t port)
{
    return fake_inb(port);
}

static inline void outw(uint16_t port, uint16_t value)
{
    fake_outw(port, value);
}

static inline uint16_t inw(uint16_t port)
{
    return fake_inw(port);
}

static inline uint32_t inl(uint16_t port)
{
    return fake_inl(port);
}

static inline uint64_t cpu_tsc(void)
{
    return fake_tsc();
}

static inline uint64_t cpu_tsc_ordered(void)
{
    return fake_tsc();
}

static inline struct cpuid cpu_id(uint32_t leaf, uint32_t subleaf)
{
    return fake_cpuid(leaf, subleaf);
}

static inline bool cpu_is_virtual(void)
{
    return fake_is_virtual;
}

/* Who holds a lock may have lost its processor. */
static inline void cpu_pause(void)
{
    sched_yield();
}

extern _Thread_local bool fake_interrupts_on;
extern void (*fake_interrupt)(void); /* NULL: nothing */

static inline bool cpu_interrupts_are_on(void)
{
    return fake_interrupts_on;
}

static inline bool cpu_interrupts_disable(void)
{
    bool were_on = fake_interrupts_on;
    fake_interrupts_on = false;
    return were_on;
}

static inline void cpu_interrupts_enable(void)
{
    fake_interrupts_on = true;
    if (fake_interrupt)
        fake_interrupt();
}

static inline void cpu_halt(void)
{
    abort();
}

#endif
