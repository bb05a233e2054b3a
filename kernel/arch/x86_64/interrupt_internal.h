/*
 * What the files of the interrupt code, and the trap code, know of each other.
 */
#ifndef CORRODE_ARCH_INTERRUPT_INTERNAL_H
#define CORRODE_ARCH_INTERRUPT_INTERNAL_H

#include "arch/x86_64/interrupt.h"
#include "lib/types.h"

/* A vector from TRAP_EXCEPTIONS on has arrived on this CPU; interrupts are off. */
void interrupt_dispatch(unsigned vector);

/* How often each vector has come to each CPU, exceptions too. */
DECLARE_PER_CPU(uint64_t[256], interrupt_counts);
static inline void interrupt_count_up(uint64_t vector)
{
    this_cpu(interrupt_counts)[vector]++;
}

/*
 * Registers of interrupt controllers, uncached, at fixed addresses: page 0 is the local APIC's, the others are the I/O
 * APICs'. Panics when there is no memory for page tables: nothing works without them.
 */
#define CONTROLLER_BASE 0xffffffff00000000ull
volatile uint32_t *interrupt_map_controller(unsigned page, paddr_t registers);

/* pic.c: moves the two 8259s' vectors out of the exceptions' way and masks all their lines. */
#define PIC_FIRST_VECTOR 32
void pic_silence(void);

/* ioapic.c: finds the I/O APICs and masks all their pins. */
void ioapic_init(void);
bool ioapic_has_gsi(unsigned gsi);

/* Connects a pin to a vector of the CPU with that APIC ID, or masks it. The INTERRUPT lock is held. */
void ioapic_connect(unsigned gsi, unsigned vector, uint32_t apic_id, bool level, bool active_low);
void ioapic_mask(unsigned gsi);

/* apic.c: is the vector being served on this CPU? Only then is an EOI due. */
bool apic_in_service(unsigned vector);

#endif
