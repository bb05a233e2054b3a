/*
 * Interrupts from devices and between CPUs: vectors, their handlers, and where they come from (local APIC, I/O APIC,
 * MSI). Handlers run with interrupts off on the stack of whatever was interrupted, and must not sleep; they wake
 * threads. The dispatcher acknowledges (EOI) after the handler.
 *
 * Source: Intel SDM volume 3A, chapter 10 (APIC); 82093AA I/O APIC data sheet; PCI 3.0, 6.8 (MSI, MSI-X).
 */
#ifndef CORRODE_ARCH_INTERRUPT_H
#define CORRODE_ARCH_INTERRUPT_H

#include "arch/x86_64/percpu.h"

#define INTERRUPT_FIRST 48  /* vectors below are exceptions and what a masked PIC may still send */
#define INTERRUPT_LAST 0xef /* vectors above are the kernel's own */
enum interrupt_vector {
    VECTOR_TIMER = 0xf0,      /* local APIC timer */
    VECTOR_RESCHEDULE = 0xf1, /* another CPU has set our need_resched */
    VECTOR_CALL = 0xf2,       /* smp.h: call functions */
    VECTOR_ERROR = 0xfe,      /* local APIC error */
    VECTOR_SPURIOUS = 0xff,
};

typedef void interrupt_handler(void *argument);

/* Handlers of the kernel's own vectors, set once at start-up. */
void interrupt_set_kernel_handler(enum interrupt_vector vector, interrupt_handler *handler);

/*
 * A vector for a device's message-signalled interrupt, aimed at CPU (INTERRUPT_ANY_CPU: spread over them). Returns a
 * number for it, positive, or -ENOSPC. *message_address and *message_data are what the device must write; NULL when not
 * needed. Each CPU has vectors of its own, so the number, which names the interrupt here and in reports, is more than
 * the vector: CPU * 256 + vector.
 */
#define INTERRUPT_ANY_CPU (~0u)
int interrupt_allocate(interrupt_handler *handler, void *argument, const char *name, unsigned cpu,
    uint64_t *message_address, uint32_t *message_data);

/* Afterwards the handler is not running on any CPU. Interrupts are on (smp_call), no spin lock is held. */
void interrupt_free(int number);

/* An ISA interrupt (0 to 15) or a global system interrupt through the I/O APIC. 0 or -ENODEV, -EBUSY, -ENOSPC. */
int interrupt_request_isa(unsigned irq, interrupt_handler *handler, void *argument, const char *name);
int interrupt_request_gsi(
    unsigned gsi, bool level, bool active_low, interrupt_handler *handler, void *argument, const char *name);

/* Undo these, with what interrupt_free promises. */
void interrupt_release_isa(unsigned irq);
void interrupt_release_gsi(unsigned gsi);

/* Is this code running in an interrupt handler? */
bool interrupt_is_active(void);

/* After acpi_init: silences the PIC, sets up the boot CPU's local APIC and the I/O APICs (everything masked). */
void interrupt_init(void);
/* On each other CPU as it comes up. */
void interrupt_init_cpu(void);

/* One row per vector in use, for reports: false past the last. */
struct interrupt_row {
    unsigned number; /* for interrupt_count */
    const char *name;
};
bool interrupt_row(unsigned index, struct interrupt_row *row);

/* How often it has come to CPU. Exceptions and the kernel's own vectors have numbers too: the vector. */
uint64_t interrupt_count(unsigned number, unsigned cpu);

#endif
